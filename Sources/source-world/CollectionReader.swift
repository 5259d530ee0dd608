import CSQLite

/// SQLite refused something.
struct DatabaseError: Error, CustomStringConvertible {
  let description: String
}

/// Reads tables of a database by SQLite itself, with no code of the program that wrote them.
final class CollectionReader {
  private let connection: OpaquePointer

  init(path: String) throws {
    var opened: OpaquePointer?
    let status = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READONLY, nil)
    guard status == SQLITE_OK, let opened else {
      sqlite3_close(opened)
      throw DatabaseError(
        description: "cannot open \(path): \(String(cString: sqlite3_errstr(status)))")
    }
    connection = opened
  }

  deinit { sqlite3_close(connection) }

  /// Whether there is a table of this name.
  func hasTable(_ name: String) throws -> Bool {
    var isThere = false
    let literal = name.split(separator: "'", omittingEmptySubsequences: false).joined(
      separator: "''")
    try read("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '\(literal)'") { _ in
    } row: { _ in
      isThere = true
    }
    return isThere
  }

  /// Reads a whole table.
  ///
  /// - Parameters:
  ///   - columns: gets the names of the columns, first.
  ///   - row: gets each row's values as texts, nil for NULL; they go with the call.
  func readTable(
    _ name: String, columns: ([String]) -> Void, row: ([UnsafeRawBufferPointer?]) -> Void
  ) throws {
    let quoted = name.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"")
    try read("SELECT * FROM \"\(quoted)\"", columns: columns, row: row)
  }

  private func read(
    _ sql: String, columns: ([String]) -> Void, row: ([UnsafeRawBufferPointer?]) -> Void
  ) throws {
    var prepared: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &prepared, nil) == SQLITE_OK else {
      throw failure()
    }
    defer { sqlite3_finalize(prepared) }
    let count = sqlite3_column_count(prepared)
    columns((0..<count).map { String(cString: sqlite3_column_name(prepared, $0)) })
    var cells = [UnsafeRawBufferPointer?](repeating: nil, count: Int(count))
    while true {
      let status = sqlite3_step(prepared)
      if status == SQLITE_DONE { return }
      guard status == SQLITE_ROW else { throw failure() }
      for column in 0..<count { cells[Int(column)] = text(prepared, column) }
      row(cells)
    }
  }

  private func text(_ row: OpaquePointer?, _ column: Int32) -> UnsafeRawBufferPointer? {
    switch sqlite3_column_type(row, column) {
    case SQLITE_NULL: return nil
    case SQLITE_BLOB:
      // The empty blob has no address; it is not NULL.
      return UnsafeRawBufferPointer(
        start: sqlite3_column_blob(row, column), count: Int(sqlite3_column_bytes(row, column)))
    default:
      let start = sqlite3_column_text(row, column)
      return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, column)))
    }
  }

  private func failure() -> DatabaseError {
    DatabaseError(description: "cannot read: \(String(cString: sqlite3_errmsg(connection)))")
  }
}
