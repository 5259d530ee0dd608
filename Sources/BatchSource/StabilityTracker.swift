/// Decides when a file has been left alone long enough to be read.
///
/// Pure: told what is seen and when, it says what to do; it reads no clock and no file. Instants
/// are durations since any fixed moment. Remembers only the files that wait.
package struct StabilityTracker: Sendable {
  private struct Waiting: Sendable {
    /// The version last seen; nil when somebody wrote to the file since.
    var identity: FileIdentity?
    /// The earliest moment from which on nothing is known to have changed.
    var since: Duration
  }

  private let settle: Duration
  private var waiting: [FilePlace: Waiting] = [:]

  /// Makes a tracker.
  ///
  /// - Parameter settle: how long a file must be unchanged. Zero takes every file as it is found.
  package init(settle: Duration) {
    self.settle = settle
  }

  /// Takes note of a file that a listing found, or that was looked at again because it was due.
  ///
  /// - Parameters:
  ///   - file: the file as it is now.
  ///   - now: the instant of looking.
  ///   - age: how long ago the file was modified, going by its own time; nil where that cannot be
  ///     told. A file that was last modified long ago need not be watched first.
  /// - Returns: whether the file is to be read now. It is then forgotten.
  package mutating func observe(_ file: BatchFile, at now: Duration, age: Duration?) -> Bool {
    let place = file.place
    var since = now
    if let known = waiting[place] {
      // Where a writer was heard of, its silence since then counts; else only equal looks do.
      if known.identity.map({ $0.isSameVersion(as: file.identity) }) ?? true {
        since = known.since
      }
    } else if let age, age > .zero {
      since = now - min(age, settle)
    }
    if now - since >= settle {
      waiting[place] = nil
      return true
    }
    waiting[place] = Waiting(identity: file.identity, since: since)
    return false
  }

  /// Takes note that somebody writes to a file.
  package mutating func noteWritten(_ place: FilePlace, at now: Duration) {
    waiting[place] = Waiting(identity: nil, since: now)
  }

  /// Takes note that a file is complete (closed after writing, or renamed into place) or gone: it
  /// waits no longer.
  package mutating func noteDone(_ place: FilePlace) {
    waiting[place] = nil
  }

  /// Forgets the files that a full listing did not find.
  package mutating func retain(where isPresent: (FilePlace) -> Bool) {
    waiting = waiting.filter { isPresent($0.key) }
  }

  /// The files that have waited long enough to be looked at again, sorted. Each must then be
  /// observed, or noted as done.
  package func due(at now: Duration) -> [FilePlace] {
    waiting.filter { now - $0.value.since >= settle }.map(\.key)
      .sorted { $0.relativePath < $1.relativePath }
  }

  /// When the next file is due; nil when none waits.
  package var nextDeadline: Duration? {
    waiting.values.lazy.map(\.since).min().map { $0 + settle }
  }

  /// The files that wait, sorted.
  package var places: [FilePlace] {
    waiting.keys.sorted { $0.relativePath < $1.relativePath }
  }

  /// Whether a file waits.
  package func waits(for place: FilePlace) -> Bool { waiting[place] != nil }

  /// How many files wait.
  package var count: Int { waiting.count }
}
