import ChangeModel
import Glibc
import SQLiteKit
import Testing

/// A file whose table is built page by page, and beside it a reference in memory, into which SQLite
/// itself inserts the same rows.
final class TreeBench {
  /// How the table lies in the file.
  enum Layout: CaseIterable {
    case rowid, clustered
  }

  /// A value as it is stored.
  enum Value {
    case null
    case integer(Int64)
    case real(Double)
    case text([UInt8])
    case blob([UInt8])
  }

  struct Row {
    var key: [UInt8]
    var values: [Value]
  }

  let pageSize: Int
  private let layout: Layout
  private let columnCount: Int
  private let directory = TemporaryDirectory()
  private(set) var connection: Connection
  private let descriptor: CInt

  /// Makes a table `t` of a key `k` and so many other columns, and the same in `reference`.
  init(pageSize: Int, _ layout: Layout, columnCount: Int = 1) throws {
    self.pageSize = pageSize
    self.layout = layout
    self.columnCount = columnCount
    let path = directory("a.db")
    connection = try Connection(path: path, mode: .create)
    try connection.execute("PRAGMA page_size = \(pageSize)")
    descriptor = open(path, O_RDWR | O_CLOEXEC)
    try tune()
    for schema in ["main", "reference"] {
      let columns = (0..<columnCount).map { ", v\($0)" }.joined()
      try connection.execute(
        "CREATE TABLE \(schema).t (k TEXT PRIMARY KEY NOT NULL\(columns))"
          + (layout == .clustered ? " WITHOUT ROWID" : ""))
    }
  }

  deinit { close(descriptor) }

  private func tune() throws {
    try connection.execute(
      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ATTACH ':memory:' AS reference")
  }

  /// Builds the table's trees of rows, whose keys ascend.
  func load(_ rows: [Row]) throws {
    let pages = try #require(
      try PageWriter(
        appendingTo: connection, descriptor: descriptor,
        // Large ones go past the system's cache, from somewhere on.
        directOffset: 1 << 20))
    var table = TreeBuilder(
      layout == .clustered ? .index : .table, root: try root(of: "table"), pages: pages)
    var index: TreeBuilder?
    if layout == .rowid { index = TreeBuilder(.index, root: try root(of: "index"), pages: pages) }
    var records = RecordEncoder()
    for (number, row) in rows.enumerated() {
      records.removeAll()
      let record = records.encode(row)
      if layout == .clustered {
        try table.append(record: UnsafeRawBufferPointer(rebasing: records.records.bytes[record]))
        continue
      }
      let rowID = Int64(number + 1)
      try table.append(
        rowID: rowID, record: UnsafeRawBufferPointer(rebasing: records.records.bytes[record]))
      let entry = records.encode(Row(key: row.key, values: [.integer(rowID)]))
      try index?.append(record: UnsafeRawBufferPointer(rebasing: records.records.bytes[entry]))
    }
    try table.finish()
    try index?.finish()
    try pages.finish()
  }

  /// Lets SQLite insert rows.
  func insert(_ rows: [Row], into schema: String = "reference") throws {
    let places = (0...columnCount).map { _ in "?" }.joined(separator: ", ")
    let statement = try connection.prepare("INSERT INTO \(schema).t VALUES (\(places))")
    try connection.execute("BEGIN")
    for row in rows {
      try statement.bindCopy(1, text: row.key)
      for (index, value) in row.values.enumerated() {
        switch value {
        case .null: statement.bindNull(Int32(index + 2))
        case .integer(let value): statement.bind(Int32(index + 2), value)
        case .real(let value): statement.bind(Int32(index + 2), value)
        case .text(let bytes): try statement.bindCopy(Int32(index + 2), text: bytes)
        case .blob(let bytes): try statement.bindCopy(Int32(index + 2), blob: bytes)
        }
      }
      try statement.run()
    }
    try connection.execute("COMMIT")
  }

  /// Inserts, updates, moves and deletes many rows, in both tables.
  func change() throws {
    let number = "(length(k) * 7 + coalesce(unicode(k), 0))"
    for table in ["main.t", "reference.t"] {
      try connection.execute(
        """
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
        INSERT OR IGNORE INTO \(table) (k, v0) SELECT
          printf('%s%d', substr('AMZamz', i % 6 + 1, 1), i * 7919 % 1009),
          zeroblob(CASE i % 9 WHEN 0 THEN i * 37 % \(pageSize * 2) ELSE i % 40 END) FROM n;
        UPDATE \(table) SET v0 = zeroblob(\(number) * 131 % \(pageSize)) WHERE \(number) % 5 = 0;
        UPDATE OR IGNORE \(table) SET k = k || 'q' WHERE \(number) % 7 = 0;
        DELETE FROM \(table) WHERE \(number) % 4 <> 1;
        """)
    }
  }

  func deleteAll() throws {
    // A condition, or SQLite drops the trees as a whole.
    for table in ["main.t", "reference.t"] {
      try connection.execute("DELETE FROM \(table) WHERE length(k) >= 0")
    }
  }

  /// What is not as in the reference: the file's structure, its rows, or what a search finds.
  ///
  /// - Parameter check: what SQLite is asked for.
  func problems(check: String = "PRAGMA main.integrity_check") throws -> [String] {
    let columns = (0..<columnCount).map { "v\($0), typeof(v\($0))" }.joined(separator: ", ")
    func rows(_ schema: String) -> String { "SELECT k, \(columns) FROM \(schema).t" }
    let counts = try connection.query(
      """
      SELECT count(*), (SELECT count(*) FROM reference.t),
        (SELECT count(*) FROM (\(rows("main")) EXCEPT \(rows("reference")))),
        (SELECT count(*) FROM reference.t AS r CROSS JOIN main.t AS m WHERE m.k = r.k) FROM main.t
      """)[0].split(separator: "|")
    var problems = try connection.query(check).filter { $0 != "ok" }
    if counts[0] != counts[1] { problems.append("\(counts[0]) rows, not \(counts[1])") }
    if counts[2] != "0" { problems.append("\(counts[2]) rows are others") }
    if counts[3] != counts[0] { problems.append("a search finds \(counts[3]) of \(counts[0])") }
    return problems
  }

  /// The cells of a tree's root, and the header and list before them.
  func rootCells(_ type: String = "table") throws -> [[UInt8]] {
    let start = (Int(try root(of: type)) - 1) * pageSize
    let page = Array(contents(directory("a.db"))[start..<start + pageSize])
    let content =
      (Int(page[5]) << 8 | Int(page[6])) == 0 ? 65_536 : Int(page[5]) << 8 | Int(page[6])
    let cellCount = Int(page[3]) << 8 | Int(page[4])
    return [Array(page[..<(8 + cellCount * 2)]), Array(page[content...])]
  }

  private func root(of type: String) throws -> Int64 {
    let root = try connection.query("SELECT rootpage FROM sqlite_master WHERE type = '\(type)'")
    return try #require(root.first.flatMap { Int64($0) })
  }

  /// Lets the file have so many pages, of which the last are zeros and belong to nothing.
  func grow(toPageCount count: Int) throws {
    connection.close()
    var header = Array(contents(directory("a.db")).prefix(32))
    withUnsafeBytes(of: UInt32(count).bigEndian) { header.replaceSubrange(28..<32, with: $0) }
    try #require(pwrite(descriptor, header, 32, 0) == 32)
    try #require(ftruncate(descriptor, count * pageSize) == 0)
    connection = try Connection(path: directory("a.db"), mode: .readWrite)
    try tune()
    try connection.execute(
      "CREATE TABLE reference.t (k TEXT PRIMARY KEY NOT NULL, v0)"
        + (layout == .clustered ? " WITHOUT ROWID" : ""))
  }

  /// The bytes of a page of the file.
  func page(_ number: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xFF, count: pageSize)
    let count = pread(descriptor, &bytes, pageSize, (number - 1) * pageSize)
    return count == pageSize ? bytes : []
  }
}

extension RecordEncoder {
  fileprivate mutating func encode(_ row: TreeBench.Row) -> Range<Int> {
    begin()
    row.key.withUnsafeBytes { add(text: $0) }
    for value in row.values {
      switch value {
      case .null: addNull()
      case .integer(let value): add(value)
      case .real(let value): add(value)
      case .text(let bytes): bytes.withUnsafeBytes { add(text: $0) }
      case .blob(let bytes): bytes.withUnsafeBytes { add(blob: $0) }
      }
    }
    return end()
  }
}

extension Generator {
  /// Rows of distinct keys, ascending as SQLite compares texts, with a value each.
  ///
  /// - Parameters:
  ///   - keySize: how many bytes keys have at most.
  ///   - valueSize: how many most values have at most.
  ///   - largest: how many every tenth has at most.
  mutating func rows(
    _ count: Int, keySize: Int, valueSize: Int, largest: Int
  ) -> [TreeBench.Row] {
    var keys: Set<[UInt8]> = []
    while keys.count < count {
      let size = Int.random(in: 0...keySize, using: &self)
      // Few letters, so that keys begin alike; a zero byte is one of them.
      keys.insert((0..<size).map { _ in [0, 65, 66, 97, 122].randomElement(using: &self)! })
    }
    let sorted = keys.sorted { $0.lexicographicallyPrecedes($1) }
    return sorted.map { key in
      let isLarge = Int.random(in: 0..<10, using: &self) == 0
      let size = Int.random(in: 0...(isLarge ? largest : valueSize), using: &self)
      return TreeBench.Row(key: key, values: [value(size)])
    }
  }

  private mutating func value(_ size: Int) -> TreeBench.Value {
    let byte = UInt8.random(in: 65...90, using: &self)
    switch Int.random(in: 0..<6, using: &self) {
    case 0: return .null
    case 1:
      return .integer(Int64(truncatingIfNeeded: next() >> UInt64.random(in: 0..<64, using: &self)))
    case 2: return .real(Double(Int.random(in: -1000...1000, using: &self)) / 8)
    case 3: return .blob([UInt8](repeating: byte, count: size))
    default: return .text([UInt8](repeating: byte, count: size))
    }
  }
}
