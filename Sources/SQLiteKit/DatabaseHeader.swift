package import ChangeModel

/// The first hundred bytes of a database file, as far as pages that are appended concern them
/// (https://www.sqlite.org/fileformat2.html#the_database_header).
struct DatabaseHeader {
  static let byteCount = 100

  private var bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    precondition(bytes.count == Self.byteCount)
    self.bytes = bytes
  }

  var pageSize: Int {
    let size = Int(bytes[16]) << 8 | Int(bytes[17])
    return size == 1 ? 65_536 : size
  }

  /// Whether pages are nothing but what the B-trees put into them (none reserves bytes at its end,
  /// and no page keeps a map of the others), and records are of the format that we know, their texts
  /// in UTF-8.
  var isPlain: Bool {
    bytes[20] == 0 && number(52) == 0 && number(44) == 4 && number(56) == 1
  }

  var pageCount: Int { Int(number(28)) }

  /// The header of the file with so many pages. Its change counter tells SQLite that what it
  /// remembers of the file is out of date.
  func with(pageCount: Int) -> [UInt8] {
    var header = self
    header.set(28, UInt32(pageCount))
    let changes = number(24) &+ 1
    header.set(24, changes)
    header.set(92, changes)
    return header.bytes
  }

  private func number(_ offset: Int) -> UInt32 {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
  }

  private mutating func set(_ offset: Int, _ number: UInt32) {
    withUnsafeBytes(of: number.bigEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
  }
}

extension PageWriter {
  /// Makes a writer that appends to a connection's database, which has no rollback journal and
  /// belongs to this connection alone; while it neither reads nor writes.
  ///
  /// Until ``finish()`` nothing may be written through the connection.
  ///
  /// - Parameters:
  ///   - descriptor: of the file, open for writing as long as the writer is used.
  ///   - directOffset: see ``init(descriptor:name:pageSize:pageCount:directOffset:)``.
  /// - Returns: nil where the file's pages are not of the plain kind that we know how to write.
  package convenience init?(
    appendingTo connection: Connection, descriptor: CInt, directOffset: UInt64? = nil
  ) throws(IngestError) {
    precondition(connection.isIdle, "a transaction has pages of its own in memory")
    let bytes = try connection.header(count: DatabaseHeader.byteCount)
    guard bytes.count == DatabaseHeader.byteCount else { return nil }
    let header = DatabaseHeader(bytes)
    guard header.isPlain else { return nil }
    self.init(
      descriptor: descriptor, name: connection.name, pageSize: header.pageSize,
      pageCount: header.pageCount, directOffset: directOffset)
  }

  /// Writes all that is left, and tells the header: SQLite may go on with the file.
  package func finish() throws(IngestError) {
    try flush()
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: DatabaseHeader.byteCount, alignment: 1)
    defer { bytes.deallocate() }
    try read(at: 0, into: bytes)
    bytes.copyBytes(from: DatabaseHeader(Array(bytes)).with(pageCount: pageCount))
    try write(UnsafeRawBufferPointer(bytes), at: 0)
  }
}
