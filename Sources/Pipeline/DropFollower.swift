import BatchSource

/// The watcher of a drop, on a thread of its own: it blocks until something happens.
actor DropFollower {
  private let executor = BlockingExecutor(label: "resequel.drop")
  private let watcher: DropWatcher
  private let wakeUp: WakeUp
  /// What came during a call and belongs to the next.
  private var pending: WatchResult?
  /// When files were given out that others may go along with.
  private var burstStart = ContinuousClock.now
  /// When some came last.
  private var lastNews = ContinuousClock.now
  /// How long that was waited for while none were read.
  private var waited = Duration.zero
  private var burst = Burst.over
  /// Whether some came while others were read that are read now.
  private var haveCome = false
  private let longestBurst: Duration
  /// What was changed is given out within this time.
  private let timeToSettle: Duration

  /// Whether others may still go along.
  private enum Burst {
    case goesOn
    /// They do not come fast any more: those go along that come while others are read.
    case slows
    case over
  }

  /// So many files are a burst.
  private static let burstCount = 8
  /// It goes on while files come so fast.
  private static let burstPace = Duration.milliseconds(1)
  /// When nothing came for so long it is over; of a small one sooner: about as long as it takes to be
  /// read.
  private static let burstQuiet = Duration.milliseconds(20)
  private static let shortestQuiet = Duration.milliseconds(5)
  private static let quietPerFile = Duration.microseconds(100)

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
    longestBurst = configuration.longestBurst
    timeToSettle = configuration.poll + configuration.settle
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
    /// Whether a side file came or changed.
    var haveSideFilesChanged: Bool
    var identity: DropIdentity?
  }

  /// Waits for files; ends at once when the task is cancelled.
  ///
  /// - Parameter timeout: how long to wait; nil waits for ever.
  nonisolated func next(timeout: Duration?) async throws -> News {
    try await untilCancelled { try $0.wait(timeout: timeout) }
  }

  /// What comes in place of files that were found to be changed.
  ///
  /// - Returns: nil where nothing comes, and nothing is coming, or not in three times the time that it
  ///   should take.
  nonisolated func nextSoon() async throws -> News? {
    for _ in 0..<3 {
      let news = try await next(timeout: timeToSettle)
      if !news.listing.files.isEmpty { return news }
      if news.arriving.isEmpty { return nil }
    }
    return nil
  }

  /// What comes while files of a burst are read: the one mostly waits for the other, and what is taken
  /// in by pieces is read twice.
  ///
  /// - Parameter count: how many files are being taken in.
  /// - Returns: files to take in with them; nil where nothing came for a while, or they are no burst.
  nonisolated func more(behind count: Int) async throws -> News? {
    if count < Self.burstCount { return nil }
    return try await untilCancelled { try $0.lookWhileReading(behind: count) }
  }

  /// What came until they were read, where looking while they were ended before, or ends the burst.
  ///
  /// - Returns: as ``more(behind:)``.
  nonisolated func rest(behind count: Int) async throws -> News? {
    if count < Self.burstCount { return nil }
    return try await untilCancelled { try $0.lookBehindReading(behind: count) }
  }

  /// Whether every file that is there was given out.
  var isSettled: Bool { pending == nil && watcher.isSettled }

  /// Has files come again that could not be read: the fault may pass.
  func retry(_ files: [BatchFile]) {
    for file in files { watcher.retry(file) }
  }

  /// The files that are there and still change.
  var arriving: [BatchFile] {
    watcher.waitingFor.map { place in
      BatchFile(
        root: place.root, relativePath: place.relativePath,
        identity: FileIdentity(device: 0, inode: 0, size: 0, modificationTime: 0, changeTime: 0))
    }
  }

  /// Blocks on the watcher's thread; a cancellation rings it awake.
  private nonisolated func untilCancelled<Found: Sendable>(
    _ look: @Sendable (isolated DropFollower) throws -> Found
  ) async throws -> Found {
    try await withTaskCancellationHandler {
      try await look(self)
    } onCancel: {
      wakeUp.ring()
    }
  }

  private func wait(timeout: Duration?) throws -> News {
    try Task.checkCancellation()
    let result = try pending.take() ?? watcher.next(timeout: timeout)
    try Task.checkCancellation()
    burst = .goesOn
    waited = .zero
    burstStart = .now
    lastNews = burstStart
    return news(result)
  }

  private func lookWhileReading(behind count: Int) throws -> News? {
    haveCome = false
    guard burst == .goesOn, mayGoOn else { return nil }
    let news = try look(for: quiet(behind: count))
    haveCome = news != nil
    return news
  }

  private func lookBehindReading(behind count: Int) throws -> News? {
    guard burst == .slows || (burst == .goesOn && !haveCome), mayGoOn else {
      return nil
    }
    let start = ContinuousClock.now
    let news = try look(for: burst == .slows ? .zero : quiet(behind: count))
    waited += .now - start
    if news == nil || burst == .slows { burst = .over }
    return news
  }

  /// No longer is waited than files are taken in, in all.
  private var mayGoOn: Bool {
    let passed = ContinuousClock.now - burstStart
    return passed < longestBurst && waited < Self.burstQuiet + (passed - waited)
  }

  /// How long nothing must come for it to be over, from now on.
  private func quiet(behind count: Int) -> Duration {
    let quiet = max(Self.shortestQuiet, min(Self.burstQuiet, Self.quietPerFile * count))
    return max(.zero, lastNews + quiet - .now)
  }

  private func look(for timeout: Duration) throws -> News? {
    let result = try watcher.next(timeout: timeout)
    try Task.checkCancellation()
    if result.isEmpty { return nil }
    let now = ContinuousClock.now
    if Self.burstPace * result.ready.count < now - lastNews { burst = .slows }
    lastNews = now
    if !result.hasNewVersions { return news(result) }
    // A call reads one version of a file.
    pending = result
    burst = .over
    return nil
  }

  private func news(_ result: WatchResult) -> News {
    var listing = ScanResult()
    listing.files = result.ready
    listing.sideFiles = watcher.sideFiles
    listing.errors = result.errors
    return News(
      listing: listing, isSettled: isSettled, fileCount: watcher.fileCount,
      arriving: arriving, haveSideFilesChanged: result.didSideFilesChange,
      identity: watcher.identity)
  }
}
