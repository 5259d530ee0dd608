import Dispatch
import Glibc

/// Files of one directory that are to be looked at together.
///
/// Looking is what a rescan costs: a system call for each file. Many of them are spread over the
/// cores.
struct EntryBatch {
  /// What looking at a file showed.
  enum Look {
    /// It cannot be looked at; the system's error number.
    case failed(CInt)
    case notRegular
    /// It is there in the version that is known.
    case known
    /// It is known in another version.
    case changed(FileIdentity)
    case new(FileIdentity)
  }

  private struct Entry {
    /// Where the name begins; it ends with a NUL.
    var offset: Int
    var count: Int
    var parsed: BatchFileName.Parsed
  }

  private static let countMax = 8192
  private static let sliceCount = 512
  private var names: [UInt8] = []
  private var entries: [Entry] = []

  /// Whether the batch should be looked at before more is added.
  var isFull: Bool { entries.count >= Self.countMax }

  /// Adds a file by its name.
  mutating func append(_ name: UnsafeBufferPointer<UInt8>, _ parsed: BatchFileName.Parsed) {
    entries.append(Entry(offset: names.count, count: name.count, parsed: parsed))
    names.append(contentsOf: name)
    names.append(0)
  }

  /// Calls `body` with a file's name.
  func withName(
    _ index: Int, _ body: (UnsafeBufferPointer<UInt8>, BatchFileName.Parsed) -> Void
  ) {
    let entry = entries[index]
    names.withUnsafeBufferPointer { names in
      body(
        UnsafeBufferPointer(rebasing: names[entry.offset..<entry.offset + entry.count]),
        entry.parsed)
    }
  }

  /// Looks at all files.
  ///
  /// - Parameters:
  ///   - descriptor: their directory.
  ///   - directory: its path, with a slash at the end.
  ///   - known: the known versions.
  ///   - keepsInode: whether the file system's inode numbers last.
  /// - Returns: what was seen, in the order of adding.
  func look(in descriptor: CInt, directory: [UInt8], known: KnownFiles, keepsInode: Bool)
    -> [Look]
  {
    let slices = (entries.count + Self.sliceCount - 1) / Self.sliceCount
    return [Look](unsafeUninitializedCapacity: entries.count) { looks, count in
      // Each iteration writes a stretch of its own.
      nonisolated(unsafe) let target = looks
      let body = { @Sendable (slice: Int) in
        var path = directory
        let start = slice * Self.sliceCount
        for index in start..<min(start + Self.sliceCount, entries.count) {
          target.initializeElement(
            at: index, to: look(index, in: descriptor, &path, known, keepsInode))
        }
      }
      if slices > 1 {
        DispatchQueue.concurrentPerform(iterations: slices, execute: body)
      } else if slices == 1 {
        body(0)
      }
      count = entries.count
    }
  }

  private func look(
    _ index: Int, in descriptor: CInt, _ path: inout [UInt8], _ known: KnownFiles,
    _ keepsInode: Bool
  ) -> Look {
    let entry = entries[index]
    var status = stat()
    let answer = names.withUnsafeBytes { names in
      fstatat(
        descriptor, (names.baseAddress! + entry.offset).assumingMemoryBound(to: CChar.self),
        &status, 0)
    }
    guard answer == 0 else { return .failed(errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { return .notRegular }
    var identity = FileIdentity(status)
    if !keepsInode { identity.inode = 0 }
    guard known.count > 0 else { return .new(identity) }
    let directoryCount = path.count
    path.append(contentsOf: names[entry.offset..<entry.offset + entry.count])
    defer { path.removeLast(path.count - directoryCount) }
    switch path.withUnsafeBytes({ known.match($0, identity) }) {
    case .unknown: return .new(identity)
    case .otherVersion: return .changed(identity)
    case .sameVersion: return .known
    }
  }
}
