import Glibc

/// Batch files, sorted by series and number, in little memory: about 50 bytes each and their names.
///
/// A million of them fit where an array of ``BatchFile`` would need several times as much; an
/// element is made when it is asked for.
package struct BatchFileList: Sendable, RandomAccessCollection {
  struct Entry: Sendable {
    var nameOffset: Int
    var directory: UInt32
    var device: UInt16
    var nameCount: UInt8
    var numberStart: UInt8
    var numberCount: UInt8
    var ordinal: UInt64
    var inode: UInt64
    var size: UInt64
    var modificationTime: Int64
    var changeTime: Int64
  }

  private struct Directory: Sendable {
    var root: BatchPath
    var relativePath: BatchPath
  }

  private var directories: [Directory] = []
  private var devices: [UInt64] = []
  private var names: [UInt8] = []
  private var entries: [Entry] = []

  /// Makes an empty list.
  package init() {}

  package var startIndex: Int { 0 }
  package var endIndex: Int { entries.count }

  /// The file at an index.
  package subscript(position: Int) -> BatchFile {
    let entry = entries[position]
    let directory = directories[Int(entry.directory)]
    let name = names[entry.nameOffset..<entry.nameOffset + Int(entry.nameCount)]
    return BatchFile(
      root: directory.root, relativePath: directory.relativePath.appending(name),
      ordinal: entry.numberCount > 0 ? entry.ordinal : nil,
      identity: FileIdentity(
        device: devices[Int(entry.device)], inode: entry.inode, size: entry.size,
        modificationTime: entry.modificationTime, changeTime: entry.changeTime))
  }

  /// The bytes on disk of all files together.
  package var totalSize: UInt64 { entries.reduce(0) { $0 &+ $1.size } }

  /// Adds a file behind the others.
  package mutating func append(_ file: BatchFile) {
    let parent = file.relativePath.parent
    if directories.last.map({ $0.root != file.root || $0.relativePath != parent }) ?? true {
      directories.append(Directory(root: file.root, relativePath: parent))
    }
    Array(file.relativePath.lastComponent).withUnsafeBufferPointer { name in
      add(name: name, parsed: BatchFileName.parse(name), identity: file.identity)
    }
  }

  /// Begins the files of a directory; they must be added one after another.
  mutating func beginDirectory(root: BatchPath, relativePath: BatchPath) -> Int {
    directories.append(Directory(root: root, relativePath: relativePath))
    return entries.count
  }

  /// Adds a file to the directory begun last.
  mutating func add(
    name: UnsafeBufferPointer<UInt8>, parsed: BatchFileName.Parsed, identity: FileIdentity
  ) {
    if devices.last != identity.device, !devices.contains(identity.device) {
      devices.append(identity.device)
    }
    let device = devices.lastIndex(of: identity.device) ?? 0
    entries.append(
      Entry(
        nameOffset: names.count, directory: UInt32(directories.count - 1), device: UInt16(device),
        nameCount: UInt8(name.count), numberStart: UInt8(parsed.number.lowerBound),
        numberCount: UInt8(parsed.ordinal == nil ? 0 : parsed.number.count),
        ordinal: parsed.ordinal ?? 0, inode: identity.inode, size: identity.size,
        modificationTime: identity.modificationTime, changeTime: identity.changeTime))
    names.append(contentsOf: name)
  }

  /// Ends a directory: sorts its files by series, then number, then name.
  mutating func endDirectory(start: Int) {
    if start == entries.count {
      directories.removeLast()
      return
    }
    names.withUnsafeBytes { names in
      entries.withUnsafeMutableBufferPointer { entries in
        var added = UnsafeMutableBufferPointer(rebasing: entries[start...])
        added.sort { left, right in Self.isOrdered(left, right, names) }
      }
    }
  }

  private static func isOrdered(_ left: Entry, _ right: Entry, _ names: UnsafeRawBufferPointer)
    -> Bool
  {
    func bytes(_ entry: Entry, _ range: Range<Int>) -> UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(
        rebasing: names[entry.nameOffset + range.lowerBound..<entry.nameOffset + range.upperBound])
    }
    func head(_ entry: Entry) -> UnsafeRawBufferPointer {
      bytes(entry, 0..<Int(entry.numberCount > 0 ? entry.numberStart : entry.nameCount))
    }
    func tail(_ entry: Entry) -> UnsafeRawBufferPointer {
      let end = Int(entry.nameCount)
      return bytes(
        entry, (entry.numberCount > 0 ? Int(entry.numberStart) + Int(entry.numberCount) : end)..<end
      )
    }
    var order = compare(head(left), head(right))
    if order == 0 { order = compare(tail(left), tail(right)) }
    if order != 0 { return order < 0 }
    if left.ordinal != right.ordinal { return left.ordinal < right.ordinal }
    return compare(
      bytes(left, 0..<Int(left.nameCount)), bytes(right, 0..<Int(right.nameCount))) < 0
  }

  private static func compare(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer)
    -> Int
  {
    let common = Swift.min(left.count, right.count)
    if common > 0 {
      let order = memcmp(left.baseAddress!, right.baseAddress!, common)
      if order != 0 { return Int(order) }
    }
    return left.count - right.count
  }
}
