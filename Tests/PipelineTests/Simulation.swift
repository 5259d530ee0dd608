import SourceWorld
import Synchronization

/// Seeds one after the other, several at a time, until one fails.
struct Simulation: Sendable {
  /// The first seed.
  let first: UInt64
  /// How many seeds.
  let count: Int
  /// Whether logs may break in the worlds.
  let hasIncidents: Bool
  /// What of the first seed's delivery is delivered, as a failure prints it; empty: all.
  let steps: String

  /// Runs the seeds; says on stderr how far it is.
  ///
  /// - Returns: the first failure, with the fewest files that still fail; nil: all is well.
  func run(width: Int) async throws -> SimulationFailure? {
    let queue = SeedQueue(count)
    let start = ContinuousClock.now
    let failed = try await withThrowingTaskGroup(of: SimulatedDelivery?.self) { group in
      for _ in 0..<width {
        group.addTask { [self] in
          while let index = queue.next() {
            if index > 0 && index % 1_000 == 0 { tell(index, since: start) }
            let subject = try SimulatedDelivery(
              seed: first + UInt64(index), hasIncidents: hasIncidents, steps: steps)
            if try await subject.failure() != nil {
              queue.close()
              return subject
            }
          }
          return nil
        }
      }
      var failed: [SimulatedDelivery] = []
      for try await subject in group { if let subject { failed.append(subject) } }
      return failed.min { $0.seed < $1.seed }
    }
    guard let failed else {
      tell(count, since: start)
      return nil
    }
    Environment.say("seed \(failed.seed) fails; looking for the fewest files that do")
    var shrinker = DeliveryShrinker(failed)
    let failure = try await shrinker.run()
    Environment.say("\(failure, default: "nothing fails now")")
    return failure
  }

  private func tell(_ count: Int, since start: ContinuousClock.Instant) {
    if self.count <= 1 { return }
    let seconds = max(1, (ContinuousClock.now - start).components.seconds)
    Environment.say("\(count) of \(self.count) seeds, \(Int64(count) / seconds) a second")
  }
}

/// Hands out so many indices, each once, until it is closed.
private final class SeedQueue: Sendable {
  private let left: Mutex<Range<Int>>

  init(_ count: Int) { left = Mutex(0..<count) }

  func next() -> Int? { left.withLock { $0.popFirst() } }

  func close() { left.withLock { $0 = 0..<0 } }
}

/// A seed that failed, and what of its delivery is needed for that.
struct SimulationFailure: Sendable, Equatable, CustomStringConvertible {
  /// The delivery that fails, step by step.
  let subject: SimulatedDelivery
  /// What is not as it should be.
  let symptom: String

  static func == (left: SimulationFailure, right: SimulationFailure) -> Bool {
    left.subject.seed == right.subject.seed && left.symptom == right.symptom
  }

  var description: String {
    """
    seed \(subject.seed) fails: \(symptom)
    \(subject.listing)
    again: make simulate SEED=\(subject.seed) SEEDS=1 STEPS=\(subject.steps)\
    \(subject.hasIncidents ? " PENDING=1" : "")
    """
  }
}
