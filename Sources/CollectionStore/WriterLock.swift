import ChangeModel
import Glibc
import SQLiteKit

/// Keeps a second Resequel from writing to the same database, without a file of its own.
///
/// It is a `flock` on the write-ahead log (`FILE-wal`). SQLite takes no lock on that file and keeps
/// it, under its name, as long as any connection is open, so: readers never meet the lock; closing
/// our descriptor drops none of SQLite's own locks (closing one of FILE itself would); it ends with
/// the process; and nothing is left behind. Take it only while a connection that has read in WAL
/// mode is open, and release it before that connection closes.
struct WriterLock: ~Copyable {
  private let descriptor: Int32

  /// Takes the lock.
  ///
  /// - Throws: a fatal error when another process, or another store in this one, has it.
  init(_ connection: Connection) throws(IngestError) {
    let path = connection.name
    let log = connection.resolvedPath + "-wal"
    let descriptor = open(log, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw IngestError(
        .fatal, cause: "\(log): cannot be opened: \(String(cString: strerror(errno)))",
        hint: "Check that this user may read and write in its directory.")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      Glibc.close(descriptor)
      throw Self.taken(path)
    }
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  static func taken(_ path: String) -> IngestError {
    IngestError(
      .fatal, cause: "\(path): another resequel is writing to it",
      hint: "Stop the other one first, or let it go on alone: reading needs no stop.")
  }
}
