import ChangeModel
import Glibc

/// The file that a bulk build writes to, beside the database that it will become.
///
/// The name is fixed, so that what a crashed build left is found and written over; a lock keeps
/// two builds apart, and whoever would make the database meanwhile. Nobody else opens this file,
/// which is why closing the descriptor (and with it SQLite's locks) harms nobody.
struct BuildFile: ~Copyable {
  /// Where the rows are written until the build is finished.
  let path: String
  private let destination: String
  /// The file, open for reading and writing.
  let descriptor: Int32

  static func path(for database: String) -> String { database + "-building" }

  /// Makes the empty file, over the remains of a crashed build.
  init(for database: String) throws(IngestError) {
    let path = Self.path(for: database)
    guard let descriptor = try Self.lock(for: database, O_RDWR | O_CREAT) else {
      throw Self.failed("opened", database)
    }
    // Not before there is the lock: a build that had it may just have made the database.
    if Self.exists(database) {
      unlink(path)
      Glibc.close(descriptor)
      throw IngestError(
        .fatal, cause: "\(database): exists already",
        hint: "Name a file that does not exist yet with --db.")
    }
    guard ftruncate(descriptor, 0) == 0 else {
      let error = Self.failed("emptied", database)
      Glibc.close(descriptor)
      throw error
    }
    self.path = path
    destination = database
    self.descriptor = descriptor
  }

  deinit { Glibc.close(descriptor) }

  /// Makes the file durable and gives it its final name; never over an existing file. Removes it
  /// when that fails.
  consuming func publish() throws(IngestError) {
    do {
      try rename()
    } catch {
      unlink(path)
      throw error
    }
  }

  private borrowing func rename() throws(IngestError) {
    guard fsync(descriptor) == 0 else { throw Self.failed("written to disk", destination) }
    // The logs of a database that is there are in use.
    if Self.exists(destination) { throw Self.appeared(destination) }
    // Logs of a database that somebody removed would be taken for those of the new one.
    for suffix in ["-wal", "-shm", "-journal", "-loading"] { unlink(destination + suffix) }
    // A link refuses to replace a file that appeared meanwhile; where links are unknown, so be it.
    if link(path, destination) == 0 {
      unlink(path)
    } else if errno == EEXIST {
      throw Self.appeared(destination)
    } else if Glibc.rename(path, destination) != 0 {
      throw Self.failed("given its name", destination)
    }
    try Self.syncDirectory(of: destination)
  }

  /// Empties the file, to begin anew.
  func empty() throws(IngestError) {
    guard ftruncate(descriptor, 0) == 0 else { throw Self.failed("emptied", destination) }
  }

  /// Removes the file.
  consuming func discard() { unlink(path) }

  /// Removes what a crashed build left.
  ///
  /// - Throws: a fatal error when somebody is building right now.
  static func removeLeftover(for database: String) throws(IngestError) {
    guard let descriptor = try lock(for: database, O_RDONLY) else { return }
    unlink(path(for: database))
    Glibc.close(descriptor)
  }

  /// Opens the build's file and takes its lock.
  ///
  /// Between the two, a build that ends gives the open file its final name: what is locked then is a
  /// database. So it must still be what the build's name leads to, and have no other name, which a
  /// crash between two steps of ``rename()`` leaves it.
  ///
  /// - Returns: nil where the file cannot be opened; `errno` says why.
  /// - Throws: a fatal error when somebody else has the lock.
  private static func lock(for database: String, _ flags: Int32) throws(IngestError) -> Int32? {
    let path = path(for: database)
    for _ in 0..<10 {
      let descriptor = open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o644)
      guard descriptor >= 0 else { return nil }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        Glibc.close(descriptor)
        throw WriterLock.taken(database)
      }
      var (locked, named) = (stat(), stat())
      if fstat(descriptor, &locked) == 0, lstat(path, &named) == 0,
        locked.st_dev == named.st_dev, locked.st_ino == named.st_ino
      {
        if locked.st_nlink <= 1 { return descriptor }
        unlink(path)
      }
      Glibc.close(descriptor)
    }
    // Others come and go.
    throw WriterLock.taken(database)
  }

  /// Whether something has the name, be it a link that leads nowhere.
  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  private static func appeared(_ path: String) -> IngestError {
    IngestError(
      .fatal, cause: "\(path): another program made it meanwhile",
      hint: "Run the same command again to add to that database, or move it away first.")
  }

  private static func syncDirectory(of path: String) throws(IngestError) {
    let slash = path.utf8.lastIndex(of: UInt8(ascii: "/"))
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failed("opened", directory) }
    defer { Glibc.close(descriptor) }
    guard fsync(descriptor) == 0 else { throw failed("written to disk", directory) }
  }

  private static func failed(_ action: String, _ path: String) -> IngestError {
    let code = errno
    if code == ENOSPC || code == EDQUOT {
      return IngestError(
        .fatal, cause: "\(path): disk is full",
        hint: "Free space on its file system and run the same command again.")
    }
    return IngestError(
      .fatal, cause: "\(path): cannot be \(action): \(String(cString: strerror(code)))",
      hint: "Check the directory's permissions and free space.")
  }
}
