package import ChangeModel
import Glibc

/// Follows a drop: says which files are to be read, as soon as each is complete.
///
/// In: a directory. Out: ``WatchResult``s. Remembers which versions it gave out, and gives each
/// once. On a local file system, a rename into the drop and a close after writing are heard of and
/// taken at once; what is only found by listing must be unchanged for a while. Where there are no
/// notifications the drop is listed again and again; in any case every ten minutes.
///
/// Belongs to one thread, which it blocks; ``WakeUp`` ends a wait from another.
package final class DropWatcher {
  /// How a drop is followed.
  package struct Options: Sendable {
    /// How long a file found by listing must have been unchanged.
    package var settle: Duration = .seconds(2)
    /// How often a drop without notifications is listed.
    package var poll: Duration = .seconds(5)
    /// How often a drop with notifications is listed.
    package var rescan: Duration = .seconds(600)

    /// Makes the usual options.
    package init() {}
  }

  /// Files seldom come alone: so long after the first one is heard of, all are looked at.
  private static let pause = Duration.milliseconds(2)

  private let scanner: DropScanner
  private let root: BatchPath
  private let options: Options
  private let wakeUp: WakeUp
  private let clock: WatchClock
  private let mounts: MountInfo?
  private var watched: WatchedDirectories
  private var tracker: StabilityTracker
  private var known: KnownFiles
  private var nextScan: Duration?
  private var toldErrors: Set<IngestError> = []
  private var retries: [FilePlace: Retry] = [:]

  /// A file that could not be read.
  private struct Retry {
    /// How often.
    var count: Int
    /// When it is given out again; nil when it was.
    var at: Duration?
  }

  /// What the drop's directory is; to be remembered with the files that are known of it.
  package private(set) var identity: DropIdentity?
  /// The side files of the drop.
  package private(set) var sideFiles = SideFiles()
  /// What the last full listing passed over.
  package private(set) var ignored = IgnoredFiles()
  /// What the last full listing could not look at.
  package private(set) var unreadable: [IngestError] = []
  /// How many files the last full listing found, in any version.
  package private(set) var fileCount = 0

  /// Makes a watcher; nothing is listed yet.
  ///
  /// - Parameters:
  ///   - drop: the directory.
  ///   - options: how it is followed.
  ///   - known: the versions that were read in earlier runs.
  ///   - remembered: what the drop was then; nil for a first run.
  ///   - wakeUp: ends waits.
  ///   - clock: the clocks.
  ///   - mounts: the mounted file systems; nil where they cannot be known: then the drop is polled.
  /// - Throws: a fatal error when there is no such directory.
  package init(
    drop: BatchPath, options: Options = Options(), known: KnownFiles = KnownFiles(),
    remembered: DropIdentity? = nil, wakeUp: WakeUp, clock: WatchClock = .system,
    mounts: MountInfo? = MountInfo.current()
  ) throws(IngestError) {
    scanner = try DropScanner(paths: [drop])
    guard let first = scanner.roots.first, first.fileNames == nil else {
      throw IngestError(
        .fatal, file: drop.description, cause: "is a file, and a drop is a directory",
        hint: "name its directory, or use replay")
    }
    root = first.directory
    self.options = options
    self.known = known
    self.wakeUp = wakeUp
    self.clock = clock
    self.mounts = mounts
    identity = remembered
    tracker = StabilityTracker(settle: options.settle)
    watched = WatchedDirectories(isRemote: mounts?.isRemote(root) ?? true)
  }

  /// Why the drop is polled; nil while changes are notified.
  package var pollReason: String? { watched.pollReason }

  /// The files that are there but still change, or have not been unchanged for long enough.
  package var waitingFor: [FilePlace] { tracker.places }

  /// Whether the drop was listed, and every file in it was given out.
  package var isSettled: Bool { nextScan != nil && tracker.count == 0 }

  /// Waits until there is something to do.
  ///
  /// The first call lists the drop and returns when that is done, also where nothing was found.
  ///
  /// - Parameter timeout: how long to wait; zero only looks, nil waits for ever.
  /// - Returns: what to do; empty after the timeout.
  /// - Throws: a fatal error when the drop is gone, or another directory is in its place.
  package func next(timeout: Duration?) throws(IngestError) -> WatchResult {
    var result = WatchResult()
    let end = timeout.map { clock.monotonic() + $0 }
    while true {
      let isFirst = nextScan == nil
      try takeEvents(&result)
      if nextScan.map({ $0 <= clock.monotonic() }) ?? true { try scan(&result) }
      lookAtDue(&result)
      takeRetries(&result)
      if wakeUp.wasRung() { result.wasWoken = true }
      let now = clock.monotonic()
      if isFirst { return result }
      if !result.isEmpty { return result }
      if let end, end <= now { return result }
      let nextRetry = retries.values.lazy.compactMap(\.at).min()
      let next = [end, nextScan, tracker.nextDeadline, nextRetry].compactMap { $0 }.min()
      if wait(for: next.map { $0 - now }) { _ = wait(for: Self.pause, isForFiles: false) }
    }
  }

  /// Says that a file that was given out could not be read whole: it is given out again, after twice
  /// the time of the last try, at most after that in which everything is listed again.
  package func retry(_ file: BatchFile) {
    let count = (retries[file.place]?.count ?? 0) + 1
    let wait = min(max(options.settle, .seconds(1)) * (1 << min(count, 10)), options.rescan)
    retries[file.place] = Retry(count: count, at: clock.monotonic() + wait)
  }

  /// Gives out again what could not be read, when it is time.
  private func takeRetries(_ result: inout WatchResult) {
    let now = clock.monotonic()
    for (place, retry) in retries {
      guard let at = retry.at, at <= now else { continue }
      retries[place]?.at = nil
      guard let file = look(at: place), !tracker.waits(for: place) else { continue }
      known.remove(path: file.path)
      give(file, &result)
    }
  }

  // MARK: Waiting

  /// - Returns: whether something was heard of files.
  private func wait(for duration: Duration?, isForFiles: Bool = true) -> Bool {
    var descriptors = [pollfd(fd: wakeUp.readEnd, events: Int16(POLLIN), revents: 0)]
    if isForFiles, let descriptor = watched.descriptor {
      descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
    }
    // Rounded up: to wake a little early would be to look in vain.
    let milliseconds = duration.map { duration in
      let (seconds, attoseconds) = duration.components
      let whole = min(max(0, seconds), 1_000_000) * 1000
      return CInt(whole + (max(0, attoseconds) + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
    _ = Glibc.poll(&descriptors, nfds_t(descriptors.count), milliseconds ?? -1)
    return descriptors.dropFirst().contains { $0.revents != 0 }
  }

  // MARK: Listing

  private func scan(_ result: inout WatchResult) throws(IngestError) {
    let start = clock.monotonic()
    // The watch comes before the listing, so that what comes between them is heard of.
    var watched = self.watched
    let found = try scanner.scan(known: known, mounts: mounts) { root, directory in
      watched.add(root: root, relativePath: directory)
    }
    self.watched = watched
    try checkIdentity(found)
    take(found, &result)
    if tracker.count > 0 {
      let present = Set(found.files.map(\.place))
      tracker.retain { present.contains($0) }
    }
    didLookAtSideFiles(found.sideFiles, isWhole: true, &result)
    ignored = found.ignored
    unreadable = found.errors
    fileCount = found.files.count + found.unchangedCount
    toldErrors.formIntersection(found.errors)
    tell(found.errors, &result)
    result.didScan = true
    let now = clock.monotonic()
    // A drop that takes long to list must not be listed all the time.
    nextScan =
      now + max(watched.pollReason == nil ? options.rescan : options.poll, (now - start) * 4)
  }

  private func checkIdentity(_ found: ScanResult) throws(IngestError) {
    guard let now = found.roots.first?.identity else { return }
    try now.check(
      against: identity, drop: root, knownCount: known.count,
      presentKnownCount: found.unchangedCount + found.changedCount,
      newCount: found.files.count - found.changedCount)
    identity = now
  }

  private func take(_ found: ScanResult, _ result: inout WatchResult) {
    let now = clock.monotonic()
    let wall = clock.wall()
    if tracker.count == 0, result.ready.isEmpty,
      found.files.areOlder(than: wall, by: options.settle)
    {
      // The usual first listing: a million old files are given out without copying them.
      for file in found.files { known.insert(file) }
      result.ready = found.files
      result.hasNewVersions = found.changedCount > 0
      return
    }
    for file in found.files where tracker.observe(file, at: now, age: age(file, wall)) {
      give(file, &result)
    }
  }

  private func age(_ file: BatchFile, _ wall: Int64) -> Duration? {
    let (age, isOver) = wall.subtractingReportingOverflow(file.identity.modificationTime)
    return isOver ? nil : .nanoseconds(age)
  }

  private func give(_ file: BatchFile, _ result: inout WatchResult) {
    if known.match(file) == .otherVersion {
      result.hasNewVersions = true
      // Whoever reads the files takes one version of each: this one is for later.
      if result.ready.contains(where: { $0.place == file.place }) {
        return tracker.noteWritten(file.place, at: clock.monotonic())
      }
    }
    known.insert(file)
    result.ready.append(file)
  }

  private func tell(_ errors: [IngestError], _ result: inout WatchResult) {
    for error in errors where toldErrors.insert(error).inserted { result.errors.append(error) }
  }

  private func didLookAtSideFiles(
    _ found: SideFiles, isWhole: Bool, _ result: inout WatchResult
  ) {
    var merged = isWhole ? SideFiles() : sideFiles
    merged.merge(found)
    if merged != sideFiles, nextScan != nil { result.didSideFilesChange = true }
    sideFiles = merged
  }

  // MARK: Single files

  /// Looks again at the files that have waited long enough.
  private func lookAtDue(_ result: inout WatchResult) {
    let now = clock.monotonic()
    for place in tracker.due(at: now) {
      guard let file = look(at: place) else {
        tracker.noteDone(place)
        // A symbolic link to a directory is announced like a file.
        if isDirectory(place.path) { scan(below: place.relativePath, &result) }
        continue
      }
      if tracker.observe(file, at: now, age: nil), !known.contains(file) { give(file, &result) }
    }
  }

  /// The file at a place as it is now; nil when there is none, or no regular one.
  private func look(at place: FilePlace) -> BatchFile? {
    var status = stat()
    guard place.path.withCString({ stat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFREG
    else { return nil }
    var identity = FileIdentity(status)
    if mounts?.isRemote(root) ?? true { identity.inode = 0 }
    return BatchFile(root: place.root, relativePath: place.relativePath, identity: identity)
  }

  private func isDirectory(_ path: BatchPath) -> Bool {
    var status = stat()
    return path.withCString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  // MARK: Notifications

  private func takeEvents(_ result: inout WatchResult) throws(IngestError) {
    guard nextScan != nil else { return }
    var completed: [FilePlace] = []
    for event in watched.events() {
      if event.has(IN_Q_OVERFLOW) || event.has(IN_UNMOUNT) {
        nextScan = clock.monotonic()
        continue
      }
      guard let directory = watched.directory(event.watch) else { continue }
      if event.has(IN_IGNORED) { watched.forget(event.watch) }
      if event.name.isEmpty {
        // The drop itself was removed or moved: listing it tells.
        if directory.bytes.isEmpty { nextScan = clock.monotonic() }
        continue
      }
      let path = directory.appending(event.name)
      if event.has(IN_ISDIR) {
        didChange(directory: path, event, &result)
      } else if let place = batchFile(at: path, event, &result) {
        didChange(place, event, &completed)
      }
    }
    for place in completed {
      guard let file = look(at: place) else { continue }
      if !known.contains(file) { give(file, &result) }
    }
  }

  private func didChange(
    directory: BatchPath, _ event: Inotify.Event, _ result: inout WatchResult
  ) {
    if event.has(IN_MOVED_FROM | IN_DELETE) { watched.remove(below: directory) }
    guard event.has(IN_CREATE | IN_MOVED_TO), TemporaryName.reason(event.name) == nil else {
      return
    }
    scan(below: directory, &result)
  }

  /// Lists a directory that came into the drop.
  private func scan(below directory: BatchPath, _ result: inout WatchResult) {
    var watched = self.watched
    var walk = TreeWalk(known: known) { root, directory in
      watched.add(root: root, relativePath: directory)
    }
    do throws(IngestError) {
      try walk.enter(root: root, isRemote: mounts?.isRemote(root) ?? true)
    } catch {
      // The drop itself is gone: the next listing says so.
      nextScan = clock.monotonic()
      return
    }
    walk.visitTree(from: directory)
    self.watched = watched
    take(walk.result, &result)
    didLookAtSideFiles(walk.result.sideFiles, isWhole: false, &result)
    tell(walk.result.errors, &result)
  }

  /// The place that an event is about; nil when it is about no batch file.
  private func batchFile(
    at path: BatchPath, _ event: Inotify.Event, _ result: inout WatchResult
  ) -> FilePlace? {
    if TemporaryName.reason(event.name) != nil { return nil }
    if let kind = event.name.withUnsafeBufferPointer({ SideFiles.kind($0) }) {
      guard event.has(IN_CLOSE_WRITE | IN_MOVED_TO) else { return nil }
      sideFiles.add(kind, directory: root.appending(path.bytes).parent)
      result.didSideFilesChange = true
      return nil
    }
    if BatchFileName(event.name).format == .unknown { return nil }
    return FilePlace(root: root, relativePath: path)
  }

  private func didChange(
    _ place: FilePlace, _ event: Inotify.Event, _ completed: inout [FilePlace]
  ) {
    if event.has(IN_CLOSE_WRITE | IN_MOVED_TO) {
      tracker.noteDone(place)
      completed.append(place)
    } else if event.has(IN_DELETE | IN_MOVED_FROM) {
      tracker.noteDone(place)
    } else if event.has(IN_CREATE | IN_MODIFY) {
      tracker.noteWritten(place, at: clock.monotonic())
    }
  }
}
