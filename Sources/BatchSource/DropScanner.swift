package import ChangeModel
import Glibc

/// Finds the batch files of directory trees, and of files that are named themselves.
///
/// In: paths as the user gave them. Out: a ``ScanResult``. Refuses a path that does not exist.
/// Remembers nothing: what is known already is passed in.
///
/// Hidden and temporary names are passed over, symbolic links are followed; a directory that is
/// reachable in several ways is listed once, under its own name where it has one in the tree.
package struct DropScanner: Sendable {
  /// What the user named, resolved: a directory, or files of one.
  struct Root: Sendable {
    var directory: BatchPath
    /// The files named; nil for the whole tree.
    var fileNames: [[UInt8]]?
  }

  let roots: [Root]

  /// Resolves what the user named.
  ///
  /// - Parameter paths: directories and files, absolute or relative to the working directory. One
  ///   that lies in another is scanned once.
  /// - Throws: a fatal error when one does not exist or cannot be reached.
  package init(paths: [BatchPath]) throws(IngestError) {
    var trees: [BatchPath] = []
    var files: [BatchPath: Set<[UInt8]>] = [:]
    for path in paths {
      let (directory, name) = try Self.resolve(path)
      if let name {
        files[directory, default: []].insert(name)
      } else {
        trees.append(directory)
      }
    }
    var roots: [Root] = []
    for tree in trees.sorted() where !Self.covers(roots, tree) {
      roots.append(Root(directory: tree, fileNames: nil))
    }
    let wholeTrees = roots
    for (directory, names) in files.sorted(by: { $0.key < $1.key }) {
      let lone = names.filter { !Self.covers(wholeTrees, directory, fileName: $0) }
      if lone.isEmpty { continue }
      roots.append(
        Root(directory: directory, fileNames: lone.sorted { $0.lexicographicallyPrecedes($1) }))
    }
    self.roots = roots
  }

  /// Lists everything once.
  ///
  /// - Parameters:
  ///   - known: versions that need not be reported again.
  ///   - mounts: tells remote roots from local ones.
  ///   - willList: called with each directory's root and relative path before it is listed.
  /// - Throws: a fatal error when a root has gone.
  package func scan(
    known: KnownFiles = KnownFiles(), mounts: MountInfo? = MountInfo.current(),
    willList: ((BatchPath, BatchPath) -> Void)? = nil
  ) throws(IngestError) -> ScanResult {
    var walk = TreeWalk(known: known, willList: willList)
    for root in roots {
      let isRemote = mounts?.isRemote(root.directory) ?? true
      try walk.enter(root: root.directory, isRemote: isRemote)
      if let names = root.fileNames {
        walk.visit(files: names)
        walk.result.sideFiles.look(aboveFilesIn: root.directory)
      } else {
        walk.visitTree(from: BatchPath([]))
      }
    }
    return walk.result
  }

  /// Splits a path into its real directory and, where it is no directory itself, the file's name.
  private static func resolve(_ path: BatchPath) throws(IngestError) -> (BatchPath, [UInt8]?) {
    var status = stat()
    guard path.withCString({ stat($0, &status) }) == 0 else {
      throw SystemFailure.error(
        .fatal, file: path, doing: "find", hint: "check the path, and that the drop is mounted")
    }
    if status.st_mode & S_IFMT == S_IFDIR { return (try realPath(path), nil) }
    let parent = path.parent
    return (try realPath(parent.bytes.isEmpty ? BatchPath(".") : parent), Array(path.lastComponent))
  }

  private static func realPath(_ path: BatchPath) throws(IngestError) -> BatchPath {
    guard let resolved = path.resolved() else {
      throw SystemFailure.error(.fatal, file: path, doing: "resolve")
    }
    return resolved
  }

  /// Whether a walk of the trees comes by a directory, or a file in it, anyway.
  private static func covers(_ trees: [Root], _ directory: BatchPath, fileName: [UInt8]? = nil)
    -> Bool
  {
    let isSeen = trees.contains { tree in
      guard tree.directory.contains(directory) else { return false }
      let below = BatchPath(directory.bytes.dropFirst(tree.directory.bytes.count)).components
      return below.allSatisfy { TemporaryName.reason(Array($0)) == nil }
    }
    guard isSeen, let fileName else { return isSeen }
    return fileName.withUnsafeBufferPointer { name in
      let parsed = BatchFileName.parse(name)
      return TemporaryName.reason(name, parsed) == nil && parsed.format != .unknown
    }
  }
}
