import BatchSource
import ChangeModel
import Glibc
import Synchronization
import Testing

/// A clock that stands still until the test turns it.
final class HandClock: Sendable {
  private let seconds = Mutex<Double>(1000)
  private let wallSeconds: Int64 = 2_000_000_000

  func advance(_ by: Double) { seconds.withLock { $0 += by } }

  var clock: WatchClock {
    WatchClock(
      monotonic: { .seconds(self.seconds.withLock { $0 }) },
      wall: {
        Int64((self.seconds.withLock { $0 } - 1000) * 1e9) + self.wallSeconds * 1_000_000_000
      })
  }

  /// A modification time just now, and one long ago, as seconds since 1970.
  let now = 2_000_000_000
  let old = 1_000_000_000
}

/// Following real directories; the clock is the test's, so nothing waits for time to pass.
struct DropWatcherTests {
  let drop = TemporaryDirectory()
  let hand = HandClock()
  let wakeUp = WakeUp()
  static let local = MountInfo(parsing: Array("1 1 1:1 / / rw - ext4 x rw\n".utf8))
  static let remote = MountInfo(parsing: Array("1 1 1:1 / / rw - fuse.s3fs x rw\n".utf8))

  func watcher(
    _ mounts: MountInfo = DropWatcherTests.local, known: KnownFiles = KnownFiles(),
    remembered: DropIdentity? = nil
  ) throws -> DropWatcher {
    try DropWatcher(
      drop: drop.path, known: known, remembered: remembered, wakeUp: wakeUp, clock: hand.clock,
      mounts: mounts)
  }

  func ready(_ watcher: DropWatcher) throws -> [String] {
    try watcher.next(timeout: .zero).ready.map(\.relativePath.description)
  }

  // A static drop must be taken at once, a fresh file only when it has settled.
  @Test(arguments: [DropWatcherTests.local, DropWatcherTests.remote])
  func `the first listing takes what is old and waits for what is new`(mounts: MountInfo) throws {
    drop.write("a_1.json", "x")
    drop.setTime("a_1.json", seconds: hand.old)
    drop.write("a_2.json", "x")
    drop.setTime("a_2.json", seconds: hand.now)
    let watcher = try watcher(mounts)
    #expect(!watcher.isSettled)
    let result = try watcher.next(timeout: nil)
    #expect(result.didScan && result.ready.map(\.relativePath.description) == ["a_1.json"])
    #expect(
      !watcher.isSettled && watcher.waitingFor.map(\.relativePath.description) == ["a_2.json"])
    hand.advance(1.9)
    #expect(try ready(watcher) == [])
    hand.advance(0.2)
    #expect(try ready(watcher) == ["a_2.json"])
    #expect(watcher.isSettled && watcher.waitingFor.isEmpty)
    hand.advance(10)
    #expect(try ready(watcher) == [])
  }

  // A file renamed into the drop, or closed after writing, is complete: to wait would cost latency.
  @Test func `renamed and closed files are taken at once`() throws {
    let outside = TemporaryDirectory()
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    #expect(watcher.pollReason == nil)
    outside.write("b", "x")
    let target = drop.path.appending("b_1.json".utf8)
    let source = outside.path.appending("b".utf8)
    #expect(withCString(source) { old in withCString(target) { rename(old, $0) } } == 0)
    drop.write("c_1.json", "x")
    drop.write(".c_2.json", "x")
    drop.write("c_3.json.tmp", "x")
    drop.write("readme.md", "x")
    let result = try watcher.next(timeout: nil)
    #expect(!result.didScan)
    #expect(result.ready.map(\.relativePath.description) == ["b_1.json", "c_1.json"])
    #expect(result.ready[1] == drop.file("c_1.json"))
    #expect(try ready(watcher) == [])
    drop.rename("c_3.json.tmp", "c_3.json")
    drop.append("b_1.json", "y")
    #expect(try ready(watcher).sorted() == ["b_1.json", "c_3.json"])
    #expect(watcher.isSettled)
  }

  // Two versions of one file in one call would be taken for two new files.
  @Test func `a file that changes while the drop is looked at is given out once, and later again`()
    throws
  {
    let isArmed = Atomic(false)
    let (drop, hand) = (drop, hand)
    let clock = WatchClock(
      monotonic: {
        // Between what is heard of the file and the listing that is due.
        if isArmed.exchange(false, ordering: .relaxed) {
          drop.append("a_1.json", "y")
          drop.setTime("a_1.json", seconds: hand.old)
        }
        return hand.clock.monotonic()
      }, wall: hand.clock.wall)
    let watcher = try DropWatcher(
      drop: drop.path, wakeUp: wakeUp, clock: clock, mounts: Self.local)
    _ = try watcher.next(timeout: .zero)
    drop.write("a_1.json.tmp", "x")
    drop.rename("a_1.json.tmp", "a_1.json")
    hand.advance(601)
    isArmed.store(true, ordering: .relaxed)
    let first = try watcher.next(timeout: nil)
    #expect(first.ready.map(\.identity.size) == [1] && first.didScan)
    let second = try watcher.next(timeout: .zero)
    #expect(second.ready.map(\.identity.size) == [2] && second.hasNewVersions)
  }

  // A writer that keeps its file open never says that it is done.
  @Test func `a file still open for writing is taken when its writer falls silent`() throws {
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    let path = drop.path.appending("o_1.json".utf8)
    let descriptor = withCString(path) { open($0, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644) }
    #expect(write(descriptor, "ab", 2) == 2)
    #expect(try ready(watcher) == [])
    #expect(watcher.waitingFor.count == 1)
    hand.advance(1.5)
    #expect(write(descriptor, "cd", 2) == 2)
    #expect(try ready(watcher) == [])
    hand.advance(1.5)
    #expect(try ready(watcher) == [])
    hand.advance(0.6)
    #expect(try ready(watcher) == ["o_1.json"])
    #expect(write(descriptor, "e", 1) == 1)
    #expect(try ready(watcher) == [])
    close(descriptor)
    #expect(try ready(watcher) == ["o_1.json"])
  }

  // What comes into a new directory before it is watched must not be lost.
  @Test func `new directories are listed and watched`() throws {
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    drop.write("x/y/a_1.json", "x")
    drop.setTime("x/y/a_1.json", seconds: hand.old)
    #expect(try ready(watcher) == ["x/y/a_1.json"])
    drop.write("x/y/a_2.json", "x")
    #expect(try ready(watcher) == ["x/y/a_2.json"])
    // Under its new name, a directory's files are other files.
    drop.rename("x", "z")
    drop.write("z/y/a_3.json", "x")
    drop.setTime("z/y/a_3.json", seconds: hand.old)
    _ = try watcher.next(timeout: .zero)
    drop.write("z/y/a_4.json", "x")
    hand.advance(3)
    #expect(try ready(watcher).filter { $0.hasPrefix("x") } == [])
    drop.write("z/y/a_5.json", "x")
    #expect(try ready(watcher) == ["z/y/a_5.json"])
    drop.link("linked", to: "z")
    #expect(try ready(watcher) == [])
  }

  // Where nothing is notified, only listing finds files.
  @Test func `a remote drop is polled`() throws {
    let watcher = try watcher(DropWatcherTests.remote)
    _ = try watcher.next(timeout: nil)
    #expect(watcher.pollReason == "the drop is on a network or FUSE mount")
    drop.write("a_1.json", "x")
    drop.setTime("a_1.json", seconds: hand.old)
    #expect(try ready(watcher) == [])
    hand.advance(5)
    #expect(try ready(watcher) == ["a_1.json"])
    drop.append("a_1.json", "more")
    drop.setTime("a_1.json", seconds: hand.old + 1)
    hand.advance(5)
    #expect(try ready(watcher) == ["a_1.json"])
    hand.advance(5)
    #expect(try ready(watcher) == [])
  }

  // A notification that the kernel lost must not lose a file.
  @Test func `an overflow leads to a full listing`() throws {
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    // More events than the kernel keeps (16384 unless configured): two for each file.
    drop.write("seed", "x")
    var limit = 16384
    if let text = SmallFile.read(BatchPath("/proc/sys/fs/inotify/max_queued_events"), limit: 64) {
      limit = Int(String(decoding: text.filter { $0 > 0x20 }, as: UTF8.self)) ?? limit
    }
    guard limit <= 100_000 else { return }
    let seed = drop.path.appending("seed".utf8)
    for index in 0...limit {
      let name = drop.path.appending(Array(".n\(index)".utf8))
      _ = withCString(seed) { seed in withCString(name) { link(seed, $0) } }
    }
    drop.write("late_1.json", "x")
    drop.setTime("late_1.json", seconds: hand.old)
    let result = try watcher.next(timeout: .zero)
    #expect(result.didScan && result.ready.contains { $0.relativePath == BatchPath("late_1.json") })
  }

  // Ten minutes bound the damage of any notification that never came.
  @Test func `a full listing comes every ten minutes`() throws {
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    hand.advance(599)
    #expect(try !watcher.next(timeout: .zero).didScan)
    hand.advance(2)
    #expect(try watcher.next(timeout: .zero).didScan)
  }

  // A drop that is gone is an error, never "nothing to do".
  @Test func `a removed drop is fatal`() throws {
    drop.write("a_1.json", "x")
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    drop.remove("")
    let error = #expect(throws: IngestError.self) { try watcher.next(timeout: nil) }
    #expect(error?.severity == .fatal && error?.file == drop.path.description)
  }

  @Test func `an unmounted drop is fatal`() throws {
    drop.write("a_1.json", "x")
    drop.setTime("a_1.json", seconds: hand.old)
    let first = try watcher(DropWatcherTests.remote)
    #expect(try ready(first) == ["a_1.json"])
    let identity = try #require(first.identity)
    var known = KnownFiles()
    known.insert(drop.file("a_1.json"))
    drop.remove("a_1.json")
    hand.advance(5)
    #expect(throws: IngestError.self) { try first.next(timeout: .zero) }
    // And likewise when the next run begins.
    let second = try watcher(known: known, remembered: identity)
    let error = #expect(throws: IngestError.self) { try second.next(timeout: nil) }
    #expect(error?.cause.hasSuffix("the bucket seems to be unmounted") == true)
  }

  // Cancelling must end a wait at once.
  @Test func `a wake-up ends a wait without end`() async throws {
    let watcher = try watcher()
    _ = try watcher.next(timeout: nil)
    let wakeUp = wakeUp
    let ringer = Task.detached { wakeUp.ring() }
    let result = try watcher.next(timeout: nil)
    await ringer.value
    #expect(result.wasWoken && result.ready.isEmpty)
    #expect(try !watcher.next(timeout: .zero).wasWoken)
  }

  // A fault of the moment must not hide a file for ever, nor a lasting one keep the machine busy.
  @Test func `a file that could not be read comes again, later each time`() throws {
    drop.write("a_1.json", "x")
    drop.setTime("a_1.json", seconds: hand.old)
    let watcher = try watcher()
    let file = try #require(try watcher.next(timeout: nil).ready.first)
    for wait in [4.0, 8, 16] {
      watcher.retry(file)
      hand.advance(wait - 1)
      #expect(try ready(watcher) == [] && watcher.isSettled)
      hand.advance(1)
      #expect(try ready(watcher) == ["a_1.json"])
    }
  }

  // An error that does not go away must not be told with every listing.
  @Test func `errors are told once`() throws {
    drop.link("a_1.json", to: "nowhere")
    let watcher = try watcher(DropWatcherTests.remote)
    #expect(try watcher.next(timeout: nil).errors.count == 1)
    hand.advance(5)
    #expect(try watcher.next(timeout: .zero).errors.isEmpty)
    #expect(watcher.unreadable.count == 1)
    drop.remove("a_1.json")
    hand.advance(5)
    _ = try watcher.next(timeout: .zero)
    drop.link("a_1.json", to: "nowhere")
    hand.advance(5)
    #expect(try watcher.next(timeout: .zero).errors.count == 1)
  }

  // Columns may become known after the rows.
  @Test func `a side file that comes later is told`() throws {
    let watcher = try watcher()
    #expect(try !watcher.next(timeout: nil).didSideFilesChange)
    drop.write("schemas.yaml", "x")
    let result = try watcher.next(timeout: nil)
    #expect(result.didSideFilesChange && result.ready.isEmpty)
    #expect(watcher.sideFiles.paths(.schemas) == [drop.path.appending("schemas.yaml".utf8)])
  }

  @Test func `a file is no drop`() throws {
    drop.write("a_1.json", "x")
    let error = #expect(throws: IngestError.self) {
      try DropWatcher(drop: drop.path.appending("a_1.json".utf8), wakeUp: wakeUp)
    }
    #expect(error?.severity == .fatal)
  }
}
