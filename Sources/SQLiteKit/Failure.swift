import CSQLite
package import ChangeModel

/// Says in a person's words what an SQLite result code means, and what to do about it.
package enum Failure {
  /// The result codes of a full disk, of one that fails, and of a value that is too large.
  static let full = SQLITE_FULL
  static let inputOutput = SQLITE_IOERR
  static let tooBig = SQLITE_TOOBIG

  /// Describes a failure; never with a row's values, which SQLite's messages do not contain.
  ///
  /// - Parameters:
  ///   - code: the (extended) result code.
  ///   - message: SQLite's own text.
  ///   - action: what was tried, as an infinitive: `open`.
  ///   - database: the file, as it is shown.
  package static func describe(
    code: Int32, message: String, action: String, database: String
  ) -> IngestError {
    let (cause, hint) = words(code: code, message: message, action: action)
    return IngestError(.fatal, cause: "\(database): \(cause)", hint: hint)
  }

  private static func words(
    code: Int32, message: String, action: String
  ) -> (cause: String, hint: String?) {
    switch code & 0xff {
    case SQLITE_FULL:
      (
        "disk is full",
        "Free space on its file system and run the same command again; nothing half done was kept."
      )
    case SQLITE_BUSY, SQLITE_LOCKED:
      (
        "locked by another program",
        "End the other program's transaction (or the program) and run the same command again."
      )
    case SQLITE_NOTADB:
      ("not a SQLite database", "Name another file with --db, or move this one away.")
    case SQLITE_CORRUPT:
      (
        "the database is damaged: \(message)",
        "Move it away and run the same command again to build it anew from the batch files."
      )
    case SQLITE_READONLY:
      (
        "cannot be written: \(message)",
        "Give this user write access to the file and its directory."
      )
    case SQLITE_CANTOPEN:
      (
        "cannot be opened: \(message)",
        "Check that its directory exists and that this user may read and write there."
      )
    // 4874: the shared memory beside the database cannot grow.
    case SQLITE_IOERR where code == 4874:
      ("the disk is full", "Free space on the database's disk and run the same command again.")
    case SQLITE_IOERR:
      (
        "the disk reports an error (SQLite \(code)): \(message)",
        "Check the file system (quota, file size limit, kernel log), then run the same command again."
      )
    case SQLITE_CONSTRAINT:
      (
        "a constraint refuses a row: \(message)",
        "Drop the unique index or trigger that was added to the collection, and run again."
      )
    case SQLITE_NOMEM: ("out of memory", "Free memory and run the same command again.")
    case SQLITE_TOOBIG:
      (
        "a value is larger than SQLite can hold (1,000,000,000 bytes)",
        "Leave its table out (--skip)."
      )
    default: ("cannot \(action): \(message) (SQLite \(code))", nil)
    }
  }
}
