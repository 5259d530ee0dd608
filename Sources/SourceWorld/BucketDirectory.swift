import Glibc

/// A file could not be written.
package struct BucketError: Error, CustomStringConvertible {
  /// What was tried, on which path, and the system's reason.
  package let description: String

  init(_ verb: String, _ path: String) {
    description = "cannot \(verb) \(path): \(String(cString: strerror(errno)))"
  }
}

/// What was written into a directory.
package struct BucketSummary: Sendable {
  /// How many batch files.
  package internal(set) var fileCount = 0
  /// How many bytes, all files together.
  package internal(set) var byteCount = 0
  /// The paths of the batch files, relative, in the order in which they were finished.
  package internal(set) var paths: [String] = []
}

/// Writes buckets of any size into a directory.
package struct BucketDirectory {
  private let root: String

  /// - Parameter root: the directory; it is made where it is missing.
  package init(root: String) { self.root = root }

  /// Writes a world's files, in the memory of the live rows and a megabyte for each open file.
  ///
  /// - Returns: what was written, and what the source holds in the end.
  package func write(world: World, plan: BucketPlan) throws -> (BucketSummary, SourceDatabase) {
    var writer = BucketWriter(
      world: world, plan: plan, keepsEvents: false, pieceBytes: 1 << 20)
    var summary = BucketSummary()
    try Self.makeDirectory(root)
    var known: Set<String> = []
    let database = try writer.write { piece in
      let path = "\(root)/\(piece.path)"
      if let slash = path.lastIndex(of: "/"), known.insert(String(path[..<slash])).inserted {
        try Self.makeDirectory(String(path[..<slash]))
      }
      try Self.write(piece.bytes, to: path, appends: !piece.isFirst)
      summary.byteCount += piece.bytes.count
      if piece.isLast && !piece.path.hasSuffix(".yaml") {
        summary.fileCount += 1
        summary.paths.append(piece.path)
      }
    }
    return (summary, database)
  }

  /// Writes one file whole, or the first so many bytes of it.
  package func place(_ bytes: some Collection<UInt8>, at relativePath: String) throws {
    let path = "\(root)/\(relativePath)"
    if let slash = path.lastIndex(of: "/") { try Self.makeDirectory(String(path[..<slash])) }
    try Self.write(Array(bytes), to: path, appends: false)
  }

  private static func makeDirectory(_ path: String) throws {
    if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
      throw BucketError("make", path)
    }
    try makeDirectory(String(path[..<slash]))
    if mkdir(path, 0o777) != 0 && errno != EEXIST { throw BucketError("make", path) }
  }

  private static func write(_ bytes: [UInt8], to path: String, appends: Bool) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | (appends ? O_APPEND : O_TRUNC), 0o666)
    guard descriptor >= 0 else { throw BucketError("write", path) }
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { buffer in
      var offset = 0
      while offset < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw BucketError("write", path) }
        offset += count
      }
    }
  }
}
