import BatchSource
import ChangeModel
import Glibc

/// Where a database may lie.
enum DatabasePlace {
  /// Whether there is a file.
  static func exists(_ path: String) -> Bool {
    access(path, F_OK) == 0
  }

  /// The directory of a path.
  static func directory(of path: String) -> BatchPath {
    let parent = BatchPath(path).parent
    return parent.bytes.isEmpty ? BatchPath(".") : parent
  }

  /// Refuses a path on a network or FUSE file system: SQLite's locks do not hold there.
  static func check(_ path: String) throws {
    let directory = directory(of: path)
    guard access(directory.description, X_OK) == 0 else {
      throw IngestError(
        .fatal, file: path, cause: "its directory does not exist",
        hint: "Make the directory \(directory), or name another file.")
    }
    if let mount = MountInfo.current()?.remoteMount(holding: BatchPath(path)) {
      throw IngestError(
        .fatal, file: path, cause: "it is on a \(mount.type) file system",
        hint: "Keep the database on a local disk; SQLite's locks do not hold elsewhere.")
    }
  }
}
