import BatchSource
import Glibc

/// A directory of its own for one test, removed with it.
final class TemporaryDirectory: Sendable {
  let path: BatchPath

  init() {
    var template = Array("/tmp/resequel-test-XXXXXX".utf8CString)
    precondition(mkdtemp(&template) != nil, "cannot make a temporary directory")
    // As the scanner shows it: without symbolic links.
    let real = realpath(template, nil)
    precondition(real != nil)
    path = BatchPath(String(cString: real!))
    free(real)
  }

  deinit { Self.remove(path) }

  /// Writes a file, and its directories; replaces one of the same name by writing over it.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) -> BatchPath {
    write(Array(name.utf8), bytes)
  }

  @discardableResult
  func write(_ name: [UInt8], _ bytes: [UInt8]) -> BatchPath {
    let file = path.appending(name)
    makeDirectories(file.parent)
    let descriptor = withCString(file) { open($0, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644) }
    precondition(descriptor >= 0, "cannot write \(file)")
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      precondition(count > 0)
      rest = rest.dropFirst(count)
    }
    close(descriptor)
    return file
  }

  @discardableResult
  func write(_ name: String, _ text: String) -> BatchPath { write(name, Array(text.utf8)) }

  func append(_ name: String, _ text: String) {
    let file = path.appending(Array(name.utf8))
    let descriptor = withCString(file) { open($0, O_WRONLY | O_APPEND | O_CLOEXEC) }
    precondition(descriptor >= 0)
    let bytes = Array(text.utf8)
    precondition(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    close(descriptor)
  }

  func makeDirectory(_ name: String) { makeDirectories(path.appending(Array(name.utf8))) }

  func link(_ name: String, to target: String) {
    let file = path.appending(Array(name.utf8))
    makeDirectories(file.parent)
    precondition(withCString(file) { symlink(target, $0) } == 0)
  }

  func rename(_ old: String, _ new: String) {
    let source = path.appending(Array(old.utf8))
    let target = path.appending(Array(new.utf8))
    precondition(withCString(source) { old in withCString(target) { Glibc.rename(old, $0) } } == 0)
  }

  func remove(_ name: String) { Self.remove(path.appending(Array(name.utf8))) }

  /// Sets a file's modification time, seconds since 1970.
  func setTime(_ name: String, seconds: Int) {
    let times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
    precondition(
      withCString(path.appending(Array(name.utf8))) { utimensat(AT_FDCWD, $0, times, 0) } == 0)
  }

  /// The file as the scanner would find it.
  func file(_ name: String) -> BatchFile {
    var status = stat()
    let file = path.appending(Array(name.utf8))
    precondition(withCString(file) { stat($0, &status) } == 0, "no file \(file)")
    func time(_ time: timespec) -> Int64 {
      Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
    return BatchFile(
      root: path, relativePath: BatchPath(name),
      identity: FileIdentity(
        device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: UInt64(status.st_size),
        modificationTime: time(status.st_mtim), changeTime: time(status.st_ctim)))
  }

  private func makeDirectories(_ directory: BatchPath) {
    if withCString(directory, { access($0, F_OK) }) == 0 { return }
    makeDirectories(directory.parent)
    precondition(withCString(directory) { mkdir($0, 0o755) } == 0)
  }

  private static func remove(_ path: BatchPath) {
    var status = stat()
    guard withCString(path, { lstat($0, &status) }) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      _ = withCString(path) { unlink($0) }
      return
    }
    if let stream = withCString(path, { opendir($0) }) {
      var children: [BatchPath] = []
      while let entry = readdir(stream) {
        let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
        let name = start.assumingMemoryBound(to: CChar.self)
        let bytes = UnsafeRawBufferPointer(start: start, count: strlen(name))
        if bytes.elementsEqual([0x2E]) || bytes.elementsEqual([0x2E, 0x2E]) { continue }
        children.append(path.appending(Array(bytes)))
      }
      closedir(stream)
      for child in children { remove(child) }
    }
    _ = withCString(path) { rmdir($0) }
  }
}

/// Calls `body` with a path as a C string.
func withCString<Result>(_ path: BatchPath, _ body: (UnsafePointer<CChar>) -> Result) -> Result {
  (path.bytes + [0]).withUnsafeBytes {
    body($0.baseAddress!.assumingMemoryBound(to: CChar.self))
  }
}
