import ChangeModel
import Glibc
import SQLiteKit

/// A database beside one that is in use, into which the rows of an empty table are loaded.
///
/// SQLite takes such rows over record by record as they are, within the transaction that needs them
/// (`xferOptimization` in its `insert.c`): a third of what a statement for each row costs. The name
/// is fixed, so that what a crash left is found and removed; whoever writes to the database has its
/// lock, and there is one load at a time.
struct LoadFile: ~Copyable {
  /// The file's own connection; idle.
  let connection: Connection
  /// The file, open for reading and writing.
  let descriptor: Int32
  private let pageSize: Int
  private let path: String

  /// Beside the file itself, not beside a symbolic link to it.
  private static func path(beside database: Connection) -> String {
    database.resolvedPath + "-loading"
  }

  /// Makes a database of empty tables.
  ///
  /// - Parameter tables: the statements that make them.
  init(beside database: Connection, pageSize: Int, tables: [String]) throws(IngestError) {
    let path = Self.path(beside: database)
    let descriptor = try Self.make(path)
    do {
      let connection = try Connection(path: path, name: database.name, mode: .readWrite)
      try connection.execute(
        "PRAGMA page_size = \(pageSize); PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
          + tables.joined(separator: ";"))
      self.connection = connection
    } catch {
      Glibc.close(descriptor)
      unlink(path)
      throw error
    }
    self.descriptor = descriptor
    self.pageSize = pageSize
    self.path = path
  }

  /// Makes the empty file, which nobody else may read: the database may be private.
  private static func make(_ path: String) throws(IngestError) -> Int32 {
    unlink(path)
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    if descriptor < 0 {
      throw IngestError(
        .fatal, cause: "\(path): cannot be made: \(String(cString: strerror(errno)))",
        hint: "Check its directory's permissions and free space.")
    }
    return descriptor
  }

  deinit {
    connection.close()
    Glibc.close(descriptor)
    unlink(path)
  }

  /// Attaches the database to another connection; its file has no name from then on.
  func attach(to other: Connection, as name: String) throws(IngestError) {
    let statement = try other.prepare("ATTACH ? AS \(name)")
    try statement.bind(1, path)
    try statement.run()
    unlink(path)
  }

  /// Gives the disk back what its rows take: they were taken over, nobody reads them again, and the
  /// log will need that room when it is merged. The first page stays, which names the tables.
  func discardRows() { _ = ftruncate(descriptor, off_t(pageSize)) }

  /// Removes what a killed process left.
  static func removeLeftover(of database: Connection) { unlink(path(beside: database)) }
}
