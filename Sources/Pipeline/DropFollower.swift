import BatchSource

/// The watcher of a drop, on a thread of its own: it blocks until something happens.
actor DropFollower {
  private let executor = BlockingExecutor(label: "resequel.drop")
  private let watcher: DropWatcher
  private let wakeUp: WakeUp

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Follows a drop.
  ///
  /// - Parameters:
  ///   - known: the versions that were read in earlier runs.
  ///   - remembered: what the drop was then; nil for a first run.
  init(
    drop: BatchPath, configuration: Configuration, known: KnownFiles, remembered: DropIdentity?
  ) throws {
    wakeUp = WakeUp()
    var options = DropWatcher.Options()
    options.settle = configuration.settle
    options.poll = configuration.poll
    watcher = try DropWatcher(
      drop: drop, options: options, known: known, remembered: remembered, wakeUp: wakeUp)
  }

  /// What a drop has to tell, with the side files that go along.
  struct News: Sendable {
    var listing: ScanResult
    /// Whether every file that is there was given out.
    var isSettled: Bool
    /// How many files are there.
    var fileCount: Int
    /// Those of them that still change.
    var arriving: [BatchFile]
    var identity: DropIdentity?
  }

  /// Waits for files; ends at once when the task is cancelled.
  ///
  /// - Parameter timeout: how long to wait; nil waits for ever.
  nonisolated func next(timeout: Duration?) async throws -> News {
    try await withTaskCancellationHandler {
      try await wait(timeout: timeout)
    } onCancel: {
      wakeUp.ring()
    }
  }

  private func wait(timeout: Duration?) throws -> News {
    try Task.checkCancellation()
    let result = try watcher.next(timeout: timeout)
    try Task.checkCancellation()
    var listing = ScanResult()
    listing.files = result.ready
    listing.sideFiles = watcher.sideFiles
    listing.errors = result.errors
    return News(
      listing: listing, isSettled: watcher.isSettled, fileCount: watcher.fileCount,
      arriving: watcher.waitingFor.map { place in
        BatchFile(
          root: place.root, relativePath: place.relativePath,
          identity: FileIdentity(device: 0, inode: 0, size: 0, modificationTime: 0, changeTime: 0))
      }, identity: watcher.identity)
  }
}
