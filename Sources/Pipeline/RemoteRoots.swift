import BatchSource

/// Which roots lie on FUSE or network mounts; each is looked up once.
struct RemoteRoots {
  private let mounts = MountInfo.current()
  private var known: [BatchPath: Bool] = [:]

  /// Whether a root does. Where the mounts cannot be known it is taken for local.
  mutating func isRemote(_ root: BatchPath) -> Bool {
    if let known = known[root] { return known }
    let isRemote = mounts?.isRemote(root) ?? false
    known[root] = isRemote
    return isRemote
  }
}
