import Glibc

/// Reads files that are known to be small, whole: side files, the kernel's tables.
package enum SmallFile {
  /// The file's bytes; nil when it cannot be read or has more than `limit` bytes.
  package static func read(_ path: BatchPath, limit: Int) -> [UInt8]? {
    let descriptor = path.withCString { path in
      SystemFailure.retrying { open(path, O_RDONLY | O_CLOEXEC) }
    }
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { chunk in
        SystemFailure.retrying { Glibc.read(descriptor, chunk.baseAddress, chunk.count) }
      }
      if count < 0 || bytes.count + count > limit { return nil }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }
}
