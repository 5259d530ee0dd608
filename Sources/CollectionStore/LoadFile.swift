import ChangeModel
import Glibc
import SQLiteKit

/// A database beside one that is in use, into which the rows of an empty table are loaded.
///
/// SQLite takes such rows over record by record as they are, within the transaction that needs them
/// (`xferOptimization` in its `insert.c`): a third of what a statement for each row costs. The name
/// is fixed, so that what a crash left is found and written over; whoever writes to the database has
/// its lock, and there is one load at a time.
struct LoadFile: ~Copyable {
  /// The file's own connection; idle.
  let connection: Connection
  /// The file, open for reading and writing.
  let descriptor: Int32
  private let path: String

  private static func path(for database: String) -> String { database + "-loading" }

  /// Makes a database of empty tables.
  ///
  /// - Parameter tables: the statements that make them.
  init(for database: String, pageSize: Int, tables: [String]) throws(IngestError) {
    let path = Self.path(for: database)
    let connection = try Self.make(
      path, of: database,
      "PRAGMA page_size = \(pageSize); PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
        + tables.joined(separator: ";"))
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      let reason = String(cString: strerror(errno))
      unlink(path)
      throw IngestError(
        .fatal, cause: "\(path): cannot be opened: \(reason)",
        hint: "Check its directory's permissions and free space.")
    }
    self.connection = connection
    self.descriptor = descriptor
    self.path = path
  }

  private static func make(
    _ path: String, of database: String, _ statements: String
  ) throws(IngestError) -> Connection {
    unlink(path)
    do {
      let connection = try Connection(path: path, name: database, mode: .create)
      try connection.execute(statements)
      return connection
    } catch {
      unlink(path)
      throw error
    }
  }

  deinit {
    connection.close()
    Glibc.close(descriptor)
    unlink(path)
  }

  /// Attaches the database to another connection; its file has no name from then on.
  consuming func attach(to other: Connection, as name: String) throws(IngestError) {
    let statement = try other.prepare("ATTACH ? AS \(name)")
    try statement.bind(1, path)
    try statement.run()
  }

  /// Removes what a killed process left.
  static func removeLeftover(for database: String) { unlink(path(for: database)) }
}
