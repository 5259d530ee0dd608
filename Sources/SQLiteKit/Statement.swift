import CSQLite
package import ChangeModel

/// A compiled statement: bind, step, read, reset.
///
/// Texts and blobs are bound without copying: their bytes must stay where they are until the
/// parameter is bound again, or ``clear()``. (Nothing here is inlinable: a call between modules is
/// lost beside what SQLite does for it.)
package final class Statement {
  private let handle: OpaquePointer
  private unowned let connection: Connection

  init(handle: OpaquePointer, connection: Connection) {
    self.handle = handle
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  /// Binds NULL to a parameter, counted from 1, as everywhere here.
  package func bindNull(_ index: Int32) { sqlite3_bind_null(handle, index) }

  /// Binds an integer.
  package func bind(_ index: Int32, _ value: Int64) { sqlite3_bind_int64(handle, index, value) }

  /// Binds an integer.
  package func bind(_ index: Int32, _ value: Int) {
    sqlite3_bind_int64(handle, index, Int64(value))
  }

  /// Binds a floating-point number; NaN becomes NULL.
  package func bind(_ index: Int32, _ value: Double) { sqlite3_bind_double(handle, index, value) }

  /// Binds UTF-8 text without copying it. An empty range is an empty text, never NULL.
  package func bindText(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(IngestError) {
    let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? resequel_sqlite_nowhere()
    let code = sqlite3_bind_text64(
      handle, index, start, UInt64(bytes.count), resequel_sqlite_static(), UInt8(SQLITE_UTF8))
    guard code == SQLITE_OK else { throw connection.failure(code, "bind a text") }
  }

  /// Binds bytes without copying them. An empty range is an empty blob, never NULL.
  package func bindBlob(_ index: Int32, _ bytes: UnsafeRawBufferPointer) throws(IngestError) {
    let code = sqlite3_bind_blob64(
      handle, index, bytes.baseAddress ?? UnsafeRawPointer(resequel_sqlite_nowhere()),
      UInt64(bytes.count), resequel_sqlite_static())
    guard code == SQLITE_OK else { throw connection.failure(code, "bind bytes") }
  }

  /// Binds a copy of a text; nil is NULL.
  package func bind(_ index: Int32, _ text: String?) throws(IngestError) {
    guard let text else { return bindNull(index) }
    try bindCopy(index, text: Array(text.utf8))
  }

  /// Binds a copy of UTF-8 text.
  package func bindCopy(_ index: Int32, text: [UInt8]) throws(IngestError) {
    let code = text.withUnsafeBytes { bytes in
      sqlite3_bind_text64(
        handle, index,
        bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? resequel_sqlite_nowhere(),
        UInt64(bytes.count), resequel_sqlite_transient(), UInt8(SQLITE_UTF8))
    }
    guard code == SQLITE_OK else { throw connection.failure(code, "bind a text") }
  }

  /// Binds a copy of some bytes.
  package func bindCopy(_ index: Int32, blob: [UInt8]) throws(IngestError) {
    let code = blob.withUnsafeBytes { bytes in
      sqlite3_bind_blob64(
        handle, index, bytes.baseAddress ?? UnsafeRawPointer(resequel_sqlite_nowhere()),
        UInt64(bytes.count), resequel_sqlite_transient())
    }
    guard code == SQLITE_OK else { throw connection.failure(code, "bind bytes") }
  }

  /// Goes to the next row.
  ///
  /// - Returns: whether there is one; false when the statement is done.
  package func step() throws(IngestError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    throw stepFailure(code)
  }

  /// Runs a statement that returns no rows, and makes it ready to run again; bindings stay.
  package func run() throws(IngestError) {
    let code = sqlite3_step(handle)
    guard code == SQLITE_DONE || code == SQLITE_ROW else { throw stepFailure(code) }
    sqlite3_reset(handle)
  }

  private func stepFailure(_ code: Int32) -> IngestError {
    let error = connection.failure(code, "run a statement")
    clear()
    return error
  }

  /// Makes the statement ready to run again; bindings stay.
  package func reset() { sqlite3_reset(handle) }

  /// Makes the statement ready to run again and forgets its bindings.
  package func clear() {
    sqlite3_reset(handle)
    sqlite3_clear_bindings(handle)
  }

  /// How many columns its rows have.
  package var columnCount: Int { Int(sqlite3_column_count(handle)) }

  /// The type of a column's value, columns counted from 0: `SQLITE_NULL` and so on.
  package func type(_ column: Int32) -> Int32 { sqlite3_column_type(handle, column) }

  /// Whether a column's value is NULL.
  package func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// A column's value as an integer; 0 for NULL.
  package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

  /// A column's value as a floating-point number.
  package func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

  /// The bytes of a column's text or blob; valid until the next step or reset.
  package func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    let start = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, column)))
  }

  /// A copy of the bytes of a column's text or blob; empty for NULL.
  package func copy(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

  /// A column's text, for showing: bytes that are no UTF-8 are replaced. Nil for NULL.
  package func text(_ column: Int32) -> String? {
    isNull(column) ? nil : String(decoding: bytes(column), as: UTF8.self)
  }
}

/// The types that SQLite's values have.
package enum ValueType {
  package static var null: Int32 { SQLITE_NULL }
  package static var integer: Int32 { SQLITE_INTEGER }
  package static var real: Int32 { SQLITE_FLOAT }
  package static var text: Int32 { SQLITE_TEXT }
  package static var blob: Int32 { SQLITE_BLOB }
}
