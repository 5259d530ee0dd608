package import ChangeModel
import Glibc

/// Builds one B-tree of a database file from records that come in its order: each page is written
/// once, full, and nothing is looked up or balanced.
///
/// The root is a page that SQLite has made, and is empty; the tree appears in it with ``finish()``.
package struct TreeBuilder: ~Copyable {
  /// What a tree holds.
  package enum Kind: Sendable {
    /// The rows of a table, by rowid.
    case table
    /// The entries of an index, or the rows of a table WITHOUT ROWID, by their record.
    case index
  }

  private let kind: Kind
  private let limits: PayloadLimits
  private let root: UInt32
  private let pages: PageWriter
  private var leaf: PageBuffer
  private var spine: TreeSpine
  private var lastRowID: Int64 = 0
  /// Of an index: a cell that found no room. It will stand above, between the full leaf and the
  /// next, if there is a next.
  private var separator: [UInt8]?

  /// Makes a builder.
  ///
  /// - Parameters:
  ///   - root: the number of the root's page; not the first, which has the file's header too.
  ///   - pages: where pages go; several trees may share it.
  package init(_ kind: Kind, root: Int64, pages: PageWriter) {
    precondition(root > 1, "the first page is no table of ours")
    self.kind = kind
    limits = PayloadLimits(kind, pageSize: pages.pageSize)
    self.root = UInt32(root)
    self.pages = pages
    leaf = PageBuffer(kind == .table ? .leafTable : .leafIndex, size: pages.pageSize)
    spine = TreeSpine(kind == .table ? .interiorTable : .interiorIndex, pages: pages)
  }

  /// Adds a row to a table.
  ///
  /// - Parameter rowID: positive, and above all that were added before.
  package mutating func append(
    rowID: Int64, record: UnsafeRawBufferPointer
  ) throws(IngestError) {
    precondition(kind == .table && rowID > lastRowID, "rows come ascending")
    let payload = Payload(record, limits)
    let count =
      Varint.count(UInt64(record.count)) + Varint.count(UInt64(bitPattern: rowID)) + payload.count
    if !leaf.fits(count) { try closeTableLeaf() }
    let cell = leaf.addCell(count)
    var offset = Varint.write(UInt64(record.count), to: cell)
    offset += Varint.write(UInt64(bitPattern: rowID), to: cell + offset)
    try write(payload, to: cell + offset)
    lastRowID = rowID
  }

  private mutating func closeTableLeaf() throws(IngestError) {
    let number = try pages.append(leaf.finish())
    var separator = [UInt8](repeating: 0, count: Varint.longest)
    let count = separator.withUnsafeMutableBytes {
      Varint.write(UInt64(bitPattern: lastRowID), to: $0.baseAddress!)
    }
    try spine.add(number, separator: Array(separator.prefix(count)))
    leaf.removeAll()
  }

  /// Adds an entry to an index.
  ///
  /// - Parameter record: of two values at least, behind all that were added before, as SQLite
  ///   compares them.
  package mutating func append(record: UnsafeRawBufferPointer) throws(IngestError) {
    // SQLite gives no cell less than four bytes; one of a shorter record would have to be filled up.
    precondition(kind == .index && record.count >= 3, "an entry has two values at least")
    if let separator { try closeIndexLeaf(separator) }
    let payload = Payload(record, limits)
    let count = Varint.count(UInt64(record.count)) + payload.count
    if leaf.fits(count) {
      let cell = leaf.addCell(count)
      try write(payload, to: cell + Varint.write(UInt64(record.count), to: cell))
    } else {
      let cell = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 1)
      defer { cell.deallocate() }
      let start = cell.baseAddress!
      try write(payload, to: start + Varint.write(UInt64(record.count), to: start))
      separator = Array(cell)
    }
  }

  @inline(__always)
  private func write(
    _ payload: Payload, to cell: UnsafeMutableRawPointer
  ) throws(IngestError) {
    payload.writeBeginning(to: cell)
    if !payload.isWhole { try payload.writeRest(behind: cell, pages) }
  }

  private mutating func closeIndexLeaf(_ separator: [UInt8]) throws(IngestError) {
    try spine.add(try pages.append(leaf.finish()), separator: separator)
    leaf.removeAll()
    self.separator = nil
  }

  /// Writes what is open, and the root.
  package mutating func finish() throws(IngestError) {
    if let separator {
      // There is no next leaf: the full one gives its last cell up for it.
      try closeIndexLeaf(leaf.removeLast())
      leaf.add(separator)
    }
    if leaf.cellCount == 0 { return }
    if spine.isEmpty { return try pages.overwrite(root, with: leaf.finish()) }
    try spine.finish(try pages.append(leaf.finish()), root: root)
  }
}

/// How much of a record lies in its cell (https://www.sqlite.org/fileformat2.html#cell_payload).
private struct PayloadLimits {
  private let pageSize: Int
  private let most: Int
  private let least: Int

  /// What SQLite takes as one value or row.
  static let longest = 1_000_000_000

  init(_ kind: TreeBuilder.Kind, pageSize: Int) {
    self.pageSize = pageSize
    most = kind == .table ? pageSize - 35 : (pageSize - 12) * 64 / 255 - 23
    least = (pageSize - 12) * 32 / 255 - 23
  }

  /// How many of so many bytes do.
  @inline(__always)
  func localCount(of count: Int) -> Int {
    if count <= most { return count }
    let filled = least + (count - least) % (pageSize - 4)
    return filled <= most ? filled : least
  }
}

/// A record as it lies in a cell: whole, or its beginning and the number of the page that goes on.
private struct Payload {
  private let record: UnsafeRawBufferPointer
  private let localCount: Int

  @inline(__always)
  init(_ record: UnsafeRawBufferPointer, _ limits: PayloadLimits) {
    self.record = record
    localCount = limits.localCount(of: record.count)
  }

  /// How many bytes of a cell it takes.
  var count: Int { isWhole ? localCount : localCount + 4 }

  /// Whether nothing of it lies elsewhere.
  var isWhole: Bool { localCount == record.count }

  /// Writes what lies in the cell.
  @inline(__always)
  func writeBeginning(to cell: UnsafeMutableRawPointer) {
    memcpy(cell, record.baseAddress!, localCount)
  }

  /// Writes the rest to pages of its own, and the number of the first of them into the cell.
  func writeRest(
    behind cell: UnsafeMutableRawPointer, _ pages: PageWriter
  ) throws(IngestError) {
    if record.count > PayloadLimits.longest { throw pages.tooBig }
    cell.storeBytes(
      of: pages.nextNumber.bigEndian, toByteOffset: localCount, as: UInt32.self)
    var rest = UnsafeRawBufferPointer(rebasing: record[localCount...])
    let page = UnsafeMutableRawBufferPointer.allocate(byteCount: pages.pageSize, alignment: 8)
    defer { page.deallocate() }
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(pages.pageSize - 4))
      rest = UnsafeRawBufferPointer(rebasing: rest[part.count...])
      page.initializeMemory(as: UInt8.self, repeating: 0)
      let next = rest.isEmpty ? 0 : pages.number(behind: Int(pages.nextNumber))
      page.storeBytes(of: next.bigEndian, as: UInt32.self)
      UnsafeMutableRawBufferPointer(rebasing: page[4...]).copyMemory(from: part)
      try pages.append(UnsafeRawBufferPointer(page))
    }
  }
}
