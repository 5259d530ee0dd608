import Glibc

/// A directory that is held open: the kernel walks through every directory of a path each time it is
/// given one, and from here the way to a file is short.
final class OpenDirectory {
  let path: BatchPath
  private let descriptor: CInt

  /// `O_PATH`, which Swift does not know of: nobody needs the right to list it.
  private static let onlyAsPath: CInt = 0o10_000_000

  /// Opens a directory; nil, with `errno` set, where that cannot be.
  init?(_ path: BatchPath) {
    self.path = path
    descriptor = path.withCString { Glibc.open($0, Self.onlyAsPath | O_DIRECTORY | O_CLOEXEC) }
    if descriptor < 0 { return nil }
  }

  deinit { Glibc.close(descriptor) }

  /// Opens a file below it. Returns a descriptor; -1, with `errno` set, where that cannot be.
  func open(_ relativePath: BatchPath, _ flags: CInt) -> CInt {
    relativePath.withCString { path in
      SystemFailure.retrying { openat(descriptor, path, flags | O_CLOEXEC) }
    }
  }

  /// What there is below it under a name, at the end of symbolic links; nil, with `errno` set, where
  /// there is nothing.
  func status(of relativePath: BatchPath) -> stat? {
    var status = stat()
    let found = relativePath.withCString { fstatat(descriptor, $0, &status, 0) }
    return found == 0 ? status : nil
  }
}
