/// A stopwatch with a reading for each stage of a run. It goes by a clock that never jumps, and
/// decides nothing.
package struct StageTimes: Sendable {
  /// The stages, in the order in which a run comes to them. Collections take turns in ordering and
  /// writing.
  package enum Stage: Int, CaseIterable, Sendable {
    case takeIn, read, order, write, finish
  }

  private var times = Array(repeating: Duration.zero, count: Stage.allCases.count)
  private var current: (stage: Stage, since: ContinuousClock.Instant)?

  /// Makes a stopwatch that stands.
  package init() {}

  /// Ends the stage that is on, if any, and begins another, or goes on with it.
  mutating func begin(_ stage: Stage) {
    let now = ContinuousClock.now
    stop(at: now)
    current = (stage, now)
  }

  /// Ends the stage that is on.
  mutating func stop() { stop(at: .now) }

  private mutating func stop(at now: ContinuousClock.Instant) {
    guard let (stage, since) = current else { return }
    times[stage.rawValue] += now - since
    current = nil
  }

  /// How long each stage took, in seconds; empty if none was begun.
  package var seconds: [(stage: Stage, seconds: Double)] {
    if times.allSatisfy({ $0 == .zero }) { return [] }
    return Stage.allCases.map { ($0, times[$0.rawValue] / .seconds(1)) }
  }
}
