import ChangeModel
import Glibc
import SQLiteKit

/// Opens connections, and refuses files that are not ours before anything is written to them.
enum Opening {
  /// Opens an existing database for reading.
  ///
  /// A connection that may write, but is told not to, comes first: it can read what a killed writer
  /// left, and takes its `-wal` and `-shm` away again when it is the last to close. Where the file
  /// or its directory may not be written, a read-only one does, or at last one without locks.
  static func readOnly(_ path: String, _ options: CollectionStore.Options) throws -> Connection {
    var status = stat()
    guard stat(path, &status) == 0 else {
      throw IngestError(
        .fatal, cause: "\(path): \(String(cString: strerror(errno)).lowercasedFirst)",
        hint: "Name a database that replay or sync has made.")
    }
    do {
      return try readOnly(path, .readWrite, isImmutable: false, options)
    } catch  where access(path, W_OK) != 0 || access(directory(of: path), W_OK) != 0 {
      do {
        return try readOnly(path, .readOnly, isImmutable: false, options)
      } catch  where access(path + "-wal", F_OK) != 0 {
        return try readOnly(path, .readOnly, isImmutable: true, options)
      }
    }
  }

  private static func readOnly(
    _ path: String, _ mode: Connection.Mode, isImmutable: Bool, _ options: CollectionStore.Options
  ) throws -> Connection {
    let connection = try Connection(
      path: path, mode: mode, isImmutable: isImmutable, busyTimeout: options.busyTimeout)
    guard try isOurs(connection) else { throw notOurs(path) }
    try connection.execute("PRAGMA query_only = ON; PRAGMA cache_size = -\(options.cacheKiB)")
    try checkVersion(connection)
    return connection
  }

  /// Opens a database for writing, and makes it where there is none.
  static func readWrite(_ path: String, _ options: CollectionStore.Options) throws -> Connection {
    let connection = try Connection(path: path, mode: .create, busyTimeout: options.busyTimeout)
    _ = try isOurs(connection)
    try connection.execute("PRAGMA page_size = \(options.pageSize);" + tuning(options))
    // Zero too where a killed process had begun to make the file: SQLite has just undone that.
    if try version(connection) == 0 { try create(connection) }
    try checkVersion(connection)
    try connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    // The first read makes the log file, which the writer's lock needs.
    try connection.execute("SELECT count(*) FROM _resequel_settings")
    return connection
  }

  /// Opens the empty file of a bulk build: nothing is journaled or synced, since the file is
  /// thrown away unless it is finished. Locks are released between transactions, so that SQLite
  /// looks each time whether the file has changed: a bulk load changes it.
  ///
  /// - Parameter database: what it will be, as errors name it.
  static func build(
    _ path: String, of database: String, _ options: CollectionStore.Options
  ) throws -> Connection {
    let connection = try Connection(
      path: path, name: database, mode: .create, busyTimeout: options.busyTimeout)
    try connection.execute(
      "PRAGMA page_size = \(options.pageSize); PRAGMA journal_mode = OFF;"
        + "PRAGMA synchronous = OFF;" + tuning(options))
    try create(connection)
    return connection
  }

  /// Opens a database in memory.
  ///
  /// - Parameter bytes: the database it begins as; nil: without collections.
  static func memory(
    _ options: CollectionStore.Options, copying bytes: [UInt8]? = nil
  ) throws -> Connection {
    let connection = try Connection(copying: bytes ?? emptyDatabase.get())
    try connection.execute("PRAGMA cache_size = -\(options.cacheKiB)")
    return connection
  }

  /// The bytes of a database without collections. Tests open hundreds of thousands of databases in
  /// memory, and to copy one is four times faster than to run the statements.
  private static let emptyDatabase = Result {
    let connection = try Connection(path: ":memory:", mode: .create)
    try create(connection)
    return try connection.serialized()
  }

  /// Debian's SQLite overwrites what it deletes with zeros unless told not to.
  private static func tuning(_ options: CollectionStore.Options) -> String {
    """
    PRAGMA secure_delete = OFF; PRAGMA cache_size = -\(options.cacheKiB);
    PRAGMA wal_autocheckpoint = 2000; PRAGMA journal_size_limit = 67108864;
    """
  }

  private static func create(_ connection: Connection) throws {
    // Ours from the first page on: the header of a half-made file is either empty or ours.
    try connection.execute("BEGIN EXCLUSIVE")
    let tables = try connection.cached("SELECT count(*) FROM sqlite_master")
    _ = try tables.step()
    let isEmpty = tables.integer(0) == 0
    tables.reset()
    if isEmpty {
      try connection.execute(
        "PRAGMA application_id = \(Schema.applicationID);"
          + "PRAGMA user_version = \(Schema.version);" + Schema.statements)
    }
    try connection.execute("COMMIT")
  }

  /// Whether the file is a database of ours; false for one that is empty or does not exist.
  private static func isOurs(_ connection: Connection) throws -> Bool {
    let header = try connection.header(count: 100)
    if header.isEmpty { return false }
    guard header.starts(with: Array("SQLite format 3\0".utf8)), header.count == 100 else {
      throw IngestError(
        .fatal, cause: "\(connection.name): not a SQLite database",
        hint: "Name another file with --db, or move this one away.")
    }
    let id = header[68..<72].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    guard id == Schema.applicationID else { throw notOurs(connection.name) }
    return true
  }

  private static func notOurs(_ path: String) -> IngestError {
    IngestError(
      .fatal, cause: "\(path): a SQLite database that was not made by resequel",
      hint: "Name another file with --db: resequel keeps to databases of its own.")
  }

  private static func version(_ connection: Connection) throws -> Int64 {
    let statement = try connection.cached("PRAGMA user_version")
    defer { statement.reset() }
    _ = try statement.step()
    return statement.integer(0)
  }

  private static func checkVersion(_ connection: Connection) throws {
    let version = try version(connection)
    if version > Int64(Schema.version) {
      throw IngestError(
        .fatal,
        cause: "\(connection.name): made by a newer resequel (schema \(version), "
          + "this one knows \(Schema.version))", hint: "Install the newer resequel.")
    }
    if version == 0 { throw notOurs(connection.name) }
  }

  private static func directory(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}

extension String {
  /// The text with its first letter in lower case, as errors begin.
  fileprivate var lowercasedFirst: String { prefix(1).lowercased() + dropFirst() }
}
