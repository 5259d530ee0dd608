/// Random numbers that a seed repeats on every machine: SplitMix64.
package struct SeededRandom: Sendable {
  private var state: UInt64

  /// Starts the sequence of a seed; other streams of one seed are independent of it.
  package init(seed: UInt64, stream: UInt64 = 0) {
    state = Self.mix(seed) ^ Self.mix(stream &* 0x9E37_79B9_7F4A_7C15 &+ 1)
  }

  /// The next 64 bits.
  package mutating func next() -> UInt64 {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    return Self.mix(state)
  }

  /// A number from zero up to, and without, the bound, which is at least one.
  package mutating func below(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// True in so many of a hundred cases.
  package mutating func chance(_ percent: Int) -> Bool {
    percent > 0 && below(100) < percent
  }

  /// A number of the range.
  package mutating func within(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + below(range.count)
  }

  /// Puts the elements in a random order.
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, below(last + 1))
    }
  }

  /// Spreads the bits of a number over all of it: SplitMix64's last step.
  static func mix(_ value: UInt64) -> UInt64 {
    var mixed = value
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
