import CSQLite
package import ChangeModel

/// An open SQLite database.
///
/// Not thread-safe: one owner uses it, on whatever thread. Statements made by it must not outlive
/// ``close()``; those it caches it finalizes itself.
package final class Connection {
  /// What the connection may do.
  package enum Mode: Sendable {
    /// Reads; the file must exist.
    case readOnly
    /// Reads and writes; the file must exist.
    case readWrite
    /// Reads and writes; a missing file is made.
    case create
  }

  /// The database as errors name it.
  package let name: String
  private var pointer: OpaquePointer?
  private var statements: [String: Statement] = [:]
  private var recorder: StatementRecorder?

  /// Opens a database.
  ///
  /// - Parameters:
  ///   - path: the file; `:memory:` is a private one in memory.
  ///   - name: the database as errors name it; nil for the path.
  ///   - mode: what may be done with it.
  ///   - isImmutable: whether the file is promised not to change while it is open; it is then read
  ///     without locks, and its WAL is not looked at.
  ///   - busyTimeout: how many milliseconds to wait for locks of other programs; 0 does not wait.
  package init(
    path: String, name: String? = nil, mode: Mode, isImmutable: Bool = false,
    busyTimeout: Int32 = 5000
  ) throws(IngestError) {
    _ = Self.library
    self.name = name ?? path
    var flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    switch mode {
    case .readOnly: flags |= SQLITE_OPEN_READONLY
    case .readWrite: flags |= SQLITE_OPEN_READWRITE
    case .create: flags |= SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
    }
    var location = path
    if isImmutable {
      flags |= SQLITE_OPEN_URI
      location = "file:" + Self.percentEncoded(path) + "?immutable=1"
    } else if path != ":memory:", !path.hasPrefix("/"), !path.hasPrefix("./") {
      // Keeps a file named `:x:` or `file:x` a file.
      location = "./" + path
    }
    let code = sqlite3_open_v2(location, &pointer, flags, nil)
    guard code == SQLITE_OK else {
      let error = failure(code, "open")
      sqlite3_close_v2(pointer)
      pointer = nil
      throw error
    }
    sqlite3_busy_timeout(pointer, busyTimeout)
  }

  /// How SQLite is set up, once and before it is used.
  private static let library: Void = resequel_sqlite_count_no_memory()

  /// Opens a database in memory that begins as a copy of ``serialized()`` bytes.
  package convenience init(copying image: [UInt8]) throws(IngestError) {
    try self.init(path: ":memory:", mode: .create, busyTimeout: 0)
    guard let copy = sqlite3_malloc64(UInt64(image.count)) else {
      throw failure(SQLITE_NOMEM, "copy a database")
    }
    let target = UnsafeMutableRawBufferPointer(start: copy, count: image.count)
    image.withUnsafeBytes { target.copyMemory(from: $0) }
    // Frees the copy itself, also when it fails.
    let code = sqlite3_deserialize(
      pointer, "main", copy.assumingMemoryBound(to: UInt8.self), Int64(image.count),
      Int64(image.count), UInt32(SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE))
    guard code == SQLITE_OK else { throw failure(code, "copy a database") }
  }

  /// The bytes of the database, as a file would hold them.
  package func serialized() throws(IngestError) -> [UInt8] {
    var count: Int64 = 0
    guard let bytes = sqlite3_serialize(pointer, "main", &count, 0) else {
      throw failure(SQLITE_NOMEM, "copy a database")
    }
    defer { sqlite3_free(bytes) }
    return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
  }

  deinit { close() }

  /// Finalizes the cached statements and closes the database. May be called again.
  package func close() {
    statements.removeAll()
    guard pointer != nil else { return }
    sqlite3_close_v2(pointer)
    pointer = nil
  }

  /// Compiles a statement for the caller to keep.
  package func prepare(_ sql: String) throws(IngestError) -> Statement {
    var handle: OpaquePointer?
    let code = sqlite3_prepare_v3(
      pointer, sql, -1, UInt32(bitPattern: SQLITE_PREPARE_PERSISTENT), &handle, nil)
    guard code == SQLITE_OK, let handle else {
      throw failure(code == SQLITE_OK ? SQLITE_MISUSE : code, "prepare a statement")
    }
    return Statement(handle: handle, connection: self)
  }

  /// Returns the statement of this text, compiled once. It is reset and holds no bindings; only
  /// one user at a time may have it.
  package func cached(_ sql: String) throws(IngestError) -> Statement {
    if let statement = statements[sql] {
      statement.reset()
      return statement
    }
    let statement = try prepare(sql)
    statements[sql] = statement
    return statement
  }

  /// Runs one or several statements that return nothing of interest.
  package func execute(_ sql: String) throws(IngestError) {
    let code = sqlite3_exec(pointer, sql, nil, nil, nil)
    guard code == SQLITE_OK else { throw failure(code, "run a statement") }
  }

  /// Whether a transaction is open.
  package var isInTransaction: Bool {
    pointer.map { sqlite3_get_autocommit($0) == 0 } ?? false
  }

  /// Whether neither a transaction is open nor a statement that reads: the next looks anew at what the
  /// file holds.
  package var isIdle: Bool { sqlite3_txn_state(pointer, nil) == SQLITE_TXN_NONE }

  /// The database file's absolute path, symbolic links followed, as SQLite names its logs by; empty
  /// for one in memory.
  package var resolvedPath: String {
    sqlite3_db_filename(pointer, "main").map { String(cString: $0) } ?? ""
  }

  /// How many rows the last statement changed.
  package var changeCount: Int { Int(sqlite3_changes64(pointer)) }

  /// The rowid of the last inserted row.
  package var lastInsertedRowID: Int64 { sqlite3_last_insert_rowid(pointer) }

  /// Reads the file's first bytes, without a lock and without starting a recovery; fewer when the
  /// file is shorter.
  package func header(count: Int) throws(IngestError) -> [UInt8] {
    let size = resequel_sqlite_file_size(pointer)
    var bytes = [UInt8](repeating: 0, count: count)
    let code = resequel_sqlite_read_header(pointer, &bytes, Int32(count))
    guard code == SQLITE_OK else { throw failure(code, "read the header") }
    return Array(bytes.prefix(max(0, Int(clamping: size))))
  }

  /// Copies the write-ahead log into the file and empties it.
  ///
  /// - Returns: whether all of it was copied; not so while a reader holds on to an old state.
  package func checkpoint() throws(IngestError) -> Bool {
    let code = sqlite3_wal_checkpoint_v2(pointer, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
    switch code & 0xff {
    case SQLITE_OK: return true
    case SQLITE_BUSY, SQLITE_LOCKED: return false
    default: throw failure(code, "checkpoint")
    }
  }

  /// Starts to remember the text of each statement that runs (without the bound values).
  package func recordStatements() {
    let recorder = StatementRecorder()
    self.recorder = recorder
    sqlite3_trace_v2(
      pointer, UInt32(SQLITE_TRACE_STMT),
      { _, context, statement, _ in
        guard let context, let statement else { return 0 }
        let recorder = Unmanaged<StatementRecorder>.fromOpaque(context).takeUnretainedValue()
        if let text = sqlite3_sql(OpaquePointer(statement)) {
          recorder.texts.append(String(cString: text))
        }
        return 0
      }, Unmanaged.passUnretained(recorder).toOpaque())
  }

  /// Returns the statements that ran since the last call. Empty unless ``recordStatements()``.
  package func takeRecordedStatements() -> [String] {
    defer { recorder?.texts = [] }
    return recorder?.texts ?? []
  }

  /// Describes a failure of this connection for a person.
  package func failure(_ code: Int32, _ action: String) -> IngestError {
    let text = pointer.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? ""
    return Failure.describe(code: code, message: text, action: action, database: name)
  }

  private static func percentEncoded(_ path: String) -> String {
    let hex = Array("0123456789ABCDEF".unicodeScalars)
    var encoded = String.UnicodeScalarView()
    for byte in path.utf8 {
      let isPlain =
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
        || byte == 47 || byte == 46 || byte == 45 || byte == 95
      if isPlain {
        encoded.append(Unicode.Scalar(byte))
      } else {
        encoded.append("%")
        encoded.append(hex[Int(byte >> 4)])
        encoded.append(hex[Int(byte & 15)])
      }
    }
    return String(encoded)
  }
}

/// Holds what SQLite's trace callback reports.
private final class StatementRecorder {
  var texts: [String] = []
}
