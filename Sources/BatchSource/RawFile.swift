import ChangeModel
import Glibc

/// A file being read from its beginning to the size that it had when it was opened.
///
/// What is appended meanwhile is not read: it belongs to the next version.
struct RawFile {
  /// The file's path.
  private(set) var path = BatchPath([])
  /// The version that was opened.
  private(set) var identity = FileIdentity(
    device: 0, inode: 0, size: 0, modificationTime: 0, changeTime: 0)
  /// How many bytes were read.
  private(set) var byteCount: UInt64 = 0
  private var descriptor: CInt = -1
  private var isShort = false
  /// Of a file of so many bytes one reading ahead has all.
  private static let smallByteCount: UInt64 = 128 << 10

  /// Whether there is a file.
  var isOpen: Bool { descriptor >= 0 }

  /// Opens a file; closes the one before.
  mutating func open(_ file: BatchFile) throws(IngestError) {
    close()
    path = file.path
    byteCount = 0
    isShort = false
    // Without O_NONBLOCK, a pipe in a file's place would wait for a writer.
    let opened = path.withCString { path in
      SystemFailure.retrying { Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) }
    }
    guard opened >= 0 else { throw SystemFailure.error(.file, file: path, doing: "open") }
    descriptor = opened
    var status = stat()
    guard fstat(opened, &status) == 0 else {
      let error = SystemFailure.error(.file, file: path, doing: "look at the file")
      close()
      throw error
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close()
      throw IngestError(.file, file: path.description, cause: "is not a regular file")
    }
    identity = FileIdentity(status)
    if file.identity.inode == 0 { identity.inode = 0 }
    if identity.size > Self.smallByteCount { posix_fadvise(opened, 0, 0, POSIX_FADV_SEQUENTIAL) }
  }

  /// Reads the first bytes without moving on. Returns how many there are.
  func peek(into buffer: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    var count = 0
    while count < buffer.count {
      let more = SystemFailure.retrying {
        pread(descriptor, buffer.baseAddress! + count, buffer.count - count, off_t(count))
      }
      if more < 0 { throw SystemFailure.error(.file, file: path, doing: "read") }
      if more == 0 { break }
      count += more
    }
    return count
  }

  /// Reads what follows. Returns how many bytes that were, 0 at the end.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(IngestError) -> Int {
    let wanted = Int(min(UInt64(buffer.count), identity.size - byteCount))
    if wanted == 0 || isShort { return 0 }
    let count = SystemFailure.retrying { Glibc.read(descriptor, buffer.baseAddress, wanted) }
    if count < 0 { throw SystemFailure.error(.file, file: path, doing: "read") }
    if count == 0 { isShort = true }
    byteCount += UInt64(count)
    return count
  }

  /// Whether the file changed, or another took its name, since it was opened.
  func hasChanged() -> Bool {
    var status = stat()
    guard !isShort, path.withCString({ stat($0, &status) }) == 0 else { return true }
    return !identity.isSameVersion(as: FileIdentity(status))
  }

  /// Closes the file, if there is one.
  mutating func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}
