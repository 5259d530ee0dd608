/// The directories of a drop that are watched, and the notifications about them.
struct WatchedDirectories {
  /// Why the drop is polled; nil while it is watched.
  private(set) var pollReason: String?
  private var inotify: Inotify?
  /// The relative path of each watched directory.
  private var directories: [CInt: BatchPath] = [:]

  /// Makes an empty set.
  ///
  /// - Parameter isRemote: whether changes of the drop raise no notifications.
  init(isRemote: Bool) {
    if isRemote {
      pollReason = "the drop is on a network or FUSE mount"
      return
    }
    inotify = Inotify()
    if inotify == nil { pollReason = "the kernel gives no notifications" }
  }

  /// What to wait on; nil when polling.
  var descriptor: CInt? { inotify?.descriptor }

  /// Watches a directory, also under a new name.
  mutating func add(root: BatchPath, relativePath: BatchPath) {
    guard let inotify else { return }
    let path = relativePath.bytes.isEmpty ? root : root.appending(relativePath.bytes)
    switch inotify.add(path) {
    case .watching(let watch): directories[watch] = relativePath
    case .absent: break
    case .refused(let cause):
      self.inotify = nil
      directories = [:]
      pollReason =
        "the kernel gives no more notifications (\(cause)); "
        + "raise fs.inotify.max_user_watches"
    }
  }

  /// Ends the watches of a directory that was moved away, and of those below it.
  mutating func remove(below directory: BatchPath) {
    for (watch, path) in directories where directory.contains(path) {
      inotify?.remove(watch)
      directories[watch] = nil
    }
  }

  /// Forgets a watch that the kernel ended.
  mutating func forget(_ watch: CInt) { directories[watch] = nil }

  /// The directory of a watch.
  func directory(_ watch: CInt) -> BatchPath? { directories[watch] }

  /// Takes the events that are there.
  func events() -> [Inotify.Event] {
    var events: [Inotify.Event] = []
    inotify?.read { events.append($0) }
    return events
  }
}
