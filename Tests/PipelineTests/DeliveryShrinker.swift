import SourceWorld

/// Leaves out of a delivery that fails what it does not need for that: placements first, in ever
/// smaller portions, then the borders between calls.
struct DeliveryShrinker {
  private var subject: SimulatedDelivery
  private var symptom: SimulatedDelivery.Symptom?

  /// - Parameter subject: a delivery that fails.
  init(_ subject: SimulatedDelivery) { self.subject = subject }

  /// Shrinks until no single placement can be left out and no two calls can be one.
  mutating func run() async throws -> SimulationFailure? {
    symptom = try await subject.failure()
    guard symptom != nil else { return nil }
    var size = max(1, subject.calls.joined().count / 2)
    while true {
      let hasShrunk = try await leaveOut(portions: size)
      if size > 1 {
        size /= 2
      } else if !hasShrunk {
        break
      }
    }
    while try await mergeCalls() {}
    return symptom.map { SimulationFailure(subject: subject, symptom: "\($0)") }
  }

  /// Tries to do without each portion of so many placements. Companions stay: without them the
  /// others mean something else.
  private mutating func leaveOut(portions size: Int) async throws -> Bool {
    var hasShrunk = false
    var end = subject.placements.count
    while end > 0 {
      let present = subject.calls.joined().filter {
        $0 < end && subject.placements[$0].file != nil
      }.sorted()
      let portion = Set(present.suffix(size))
      guard let least = portion.min() else { break }
      end = least
      let calls = subject.calls.map { $0.filter { !portion.contains($0) } }.filter { !$0.isEmpty }
      if try await take(calls) { hasShrunk = true }
    }
    return hasShrunk
  }

  private mutating func mergeCalls() async throws -> Bool {
    for index in subject.calls.indices.dropLast() {
      var calls = subject.calls
      calls[index] += calls.remove(at: index + 1)
      if try await take(calls) { return true }
    }
    return false
  }

  /// Takes over a smaller delivery if it still fails in the same way.
  private mutating func take(_ calls: [[Int]]) async throws -> Bool {
    if calls.isEmpty { return false }
    let smaller = subject.with(calls)
    // A copy without its original is another delivery, and may fail for its own reason.
    guard smaller.hasOriginals else { return false }
    guard let found = try await smaller.failure(), found.kind == symptom?.kind else { return false }
    subject = smaller
    symptom = found
    return true
  }
}
