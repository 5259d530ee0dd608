/// Where a batch file is: what stays the same when it changes.
package struct FilePlace: Sendable, Hashable {
  /// The drop's directory.
  package var root: BatchPath
  /// The path below it.
  package var relativePath: BatchPath

  /// Makes a place of its parts.
  package init(root: BatchPath, relativePath: BatchPath) {
    self.root = root
    self.relativePath = relativePath
  }

  /// The absolute path.
  package var path: BatchPath { root.appending(relativePath.bytes) }
}

extension BatchFile {
  /// Where the file is.
  package var place: FilePlace { FilePlace(root: root, relativePath: relativePath) }
}
