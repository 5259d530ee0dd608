import Synchronization

/// The states that a walk over partitions has come to, and what followed from each.
///
/// What follows depends on the state alone, and so is walked once. To test that, one in fifty of the
/// ways that lead to a known state is walked on all the same.
final class WalkedStates: Sendable {
  /// What followed from a state, the state included.
  struct Walk: Hashable, Sendable {
    /// In how many ways the files that are left can come.
    var partitions = 0
    /// A hash of all states on these ways.
    private var states = 0

    /// Makes a walk that goes nowhere yet.
    ///
    /// - Parameter partitions: 1 where no files are left.
    init(partitions: Int = 0) { self.partitions = partitions }

    /// Adds what followed from the next state.
    mutating func add(_ next: Walk) {
      partitions += next.partitions
      states = Self.hash(states, next.states)
    }

    /// Adds the state that it begins with.
    mutating func begin(at state: StoreState) { states = Self.hash(state.hashValue, states) }

    private static func hash(_ first: Int, _ second: Int) -> Int {
      var hasher = Hasher()
      hasher.combine(first)
      hasher.combine(second)
      return hasher.finalize()
    }
  }

  private let known = Mutex<[StoreState: Walk]>([:])
  private let calls = Atomic(0)

  /// How many states there were.
  var count: Int { known.withLock(\.count) }
  /// How many calls led to them.
  var callCount: Int { calls.load(ordering: .relaxed) }

  /// What followed from a state; nil where it is new, or is to be walked from again.
  ///
  /// - Parameter calls: those that led to it.
  func walk(from state: StoreState, after calls: [Int]) -> Walk? {
    self.calls.add(1, ordering: .relaxed)
    return isWalkedAgain(calls) ? nil : known.withLock { $0[state] }
  }

  /// Notes what followed from a state.
  ///
  /// - Returns: whether it is what followed before, where the state was known.
  func note(_ walk: Walk, from state: StoreState) -> Bool {
    known.withLock { known in
      let before = known.updateValue(walk, forKey: state)
      return before == nil || before == walk
    }
  }

  /// One in fifty, the same ones in every run.
  private func isWalkedAgain(_ calls: [Int]) -> Bool {
    calls.reduce(UInt64(0)) { ($0 &+ UInt64($1)) &* 0x9E37_79B9_7F4A_7C15 } >> 40 % 50 == 0
  }
}
