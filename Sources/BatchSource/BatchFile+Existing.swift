import Glibc

extension BatchFile {
  /// Looks a file up again that was listed before.
  ///
  /// - Parameters:
  ///   - path: its absolute path.
  ///   - series: its series below the root, as ``BatchFile/series`` gave it: what of the path is
  ///     the root follows from it.
  /// - Returns: nil when there is no such file any more.
  package init?(existing path: BatchPath, series: BatchPath) {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG else {
      return nil
    }
    let depth = series.parent.components.count
    var root = path.parent
    for _ in 0..<depth { root = root.parent }
    let relative = path.bytes.dropFirst(root.bytes.count).drop { $0 == UInt8(ascii: "/") }
    self.init(root: root, relativePath: BatchPath(relative), identity: FileIdentity(status))
  }
}

extension SideFiles {
  /// Looks for the side files that speak for a file that was listed alone: in its directory, and in
  /// the three above it, as Arcion lays out catalogue, schema and table.
  package mutating func look(aboveFilesIn directory: BatchPath) {
    var directory = directory
    for _ in 0...3 {
      for kind in Kind.allCases {
        let path = directory.appending(Array(kind.fileName.utf8))
        if path.withCString({ access($0, R_OK) }) == 0 { add(kind, directory: directory) }
      }
      if directory.bytes.count <= 1 { return }
      directory = directory.parent
    }
  }
}
