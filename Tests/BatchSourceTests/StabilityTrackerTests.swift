import BatchSource
import Testing

/// When a file is left alone long enough, on a clock that the test turns.
struct StabilityTrackerTests {
  let settle = Duration.seconds(2)

  func file(_ name: String, size: UInt64 = 1, time: Int64 = 0) -> BatchFile {
    BatchFile(
      root: BatchPath("/d"), relativePath: BatchPath(name),
      identity: FileIdentity(
        device: 1, inode: 1, size: size, modificationTime: time, changeTime: time))
  }

  // A file that still grows would be read in halves.
  @Test func `a file that changes waits until it stops`() {
    let tracker = Tracked(settle: settle)
    #expect(!tracker.observe(file("a", size: 1), at: .seconds(10), age: .zero))
    #expect(tracker.nextDeadline == .seconds(12))
    #expect(tracker.due(at: .seconds(11)).isEmpty)
    #expect(tracker.due(at: .seconds(12)) == [file("a").place])
    #expect(!tracker.observe(file("a", size: 2), at: .seconds(12), age: .zero))
    #expect(tracker.nextDeadline == .seconds(14))
    #expect(!tracker.observe(file("a", size: 2), at: .seconds(13), age: .zero))
    #expect(tracker.nextDeadline == .seconds(14))
    #expect(tracker.observe(file("a", size: 2), at: .seconds(14), age: .zero))
    #expect(tracker.count == 0 && tracker.nextDeadline == nil)
  }

  // Any sign of a change counts, not only the size.
  @Test func `a file rewritten at the same size waits`() {
    let tracker = Tracked(settle: settle)
    #expect(!tracker.observe(file("a", time: 1), at: .seconds(10), age: nil))
    #expect(!tracker.observe(file("a", time: 2), at: .seconds(12), age: nil))
    #expect(tracker.observe(file("a", time: 2), at: .seconds(14), age: nil))
  }

  // A drop that lies there since yesterday must not cost a wait; a file of the future must.
  @Test func `a file's own age counts as waiting`() {
    let tracker = Tracked(settle: settle)
    #expect(tracker.observe(file("old"), at: .zero, age: .seconds(2)))
    #expect(tracker.observe(file("older"), at: .zero, age: .seconds(1_000_000)))
    #expect(!tracker.observe(file("young"), at: .seconds(10), age: .milliseconds(500)))
    #expect(tracker.nextDeadline == .milliseconds(11500))
    #expect(!tracker.observe(file("future"), at: .seconds(10), age: .seconds(-50)))
    #expect(!tracker.observe(file("unknown"), at: .seconds(10), age: nil))
    #expect(tracker.due(at: .seconds(12)).count == 3)
  }

  // A writer that is heard of starts the wait anew, whatever the file looks like.
  @Test func `a write restarts the wait and its silence ends it`() {
    let tracker = Tracked(settle: settle)
    let place = file("a").place
    tracker.noteWritten(place, at: .seconds(10))
    tracker.noteWritten(place, at: .seconds(11))
    #expect(tracker.nextDeadline == .seconds(13))
    #expect(!tracker.observe(file("a"), at: .seconds(12), age: .seconds(100)))
    #expect(tracker.observe(file("a"), at: .seconds(13), age: nil))
    tracker.noteWritten(place, at: .seconds(20))
    tracker.noteDone(place)
    #expect(tracker.count == 0)
  }

  @Test func `files that a listing does not find are forgotten`() {
    let tracker = Tracked(settle: settle)
    for name in ["b", "a"] { _ = tracker.observe(file(name), at: .zero, age: nil) }
    #expect(tracker.places == [file("a").place, file("b").place])
    tracker.retain { $0 == file("b").place }
    #expect(tracker.places == [file("b").place])
  }

  @Test func `without settling every file is taken as it is found`() {
    let tracker = Tracked(settle: .zero)
    #expect(tracker.observe(file("a"), at: .zero, age: nil))
  }
}

/// Holds a tracker, since an expectation cannot call what changes a value.
final class Tracked {
  private var tracker: StabilityTracker

  init(settle: Duration) { tracker = StabilityTracker(settle: settle) }

  func observe(_ file: BatchFile, at now: Duration, age: Duration?) -> Bool {
    tracker.observe(file, at: now, age: age)
  }
  func noteWritten(_ place: FilePlace, at now: Duration) { tracker.noteWritten(place, at: now) }
  func noteDone(_ place: FilePlace) { tracker.noteDone(place) }
  func retain(where isPresent: (FilePlace) -> Bool) { tracker.retain(where: isPresent) }
  func due(at now: Duration) -> [FilePlace] { tracker.due(at: now) }
  var nextDeadline: Duration? { tracker.nextDeadline }
  var places: [FilePlace] { tracker.places }
  var count: Int { tracker.count }
}
