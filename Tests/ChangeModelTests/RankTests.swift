import ChangeModel
import Testing

/// SplitMix64: the same numbers from the same seed, everywhere.
struct Generator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number of any length in bytes, small ones often, so that parts of ranks meet.
  mutating func number() -> UInt64 {
    let bits = [0, 1, 2, 8, 9, 16, 33, 63, 64].randomElement(using: &self) ?? 0
    return bits == 0 ? 0 : next() >> UInt64(64 - bits)
  }

  mutating func rank(lineages: UInt32) -> Rank {
    Rank(
      phase: UInt32(truncatingIfNeeded: number() & 3),
      lineage: UInt32(truncatingIfNeeded: next()) % lineages,
      position: Position(number() & 7, number(), number() & 1, number() & 1),
      eventTime: Int64(bitPattern: number()), ordinal: number(),
      series: UInt32(truncatingIfNeeded: number()),
      recordIndex: UInt32(truncatingIfNeeded: number()))
  }
}

extension Rank {
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }
}

struct RankTests {
  // Prevents: a rank that is another one after it was stored.
  @Test func `a rank is the same when read back, wherever it stands`() throws {
    var random = Generator(seed: 1)
    for _ in 0..<20_000 {
      let rank = random.rank(lineages: .max)
      let bytes = [9, 9] + rank.encoded + [7]
      var offset = 2
      let read = bytes.withUnsafeBytes { Rank(decoding: $0, at: &offset) }
      try #require(read == rank)
      try #require(offset == bytes.count - 1)
    }
  }

  // Prevents: SQL, which compares `_position` as bytes, seeing another order than the program.
  @Test func `within a lineage the bytes sort as the ranks do`() throws {
    var random = Generator(seed: 2)
    for _ in 0..<50_000 {
      var (left, right) = (random.rank(lineages: 1), random.rank(lineages: 1))
      // One log, one time per place: the time decides nothing there.
      (left.eventTime, right.eventTime) = (0, 0)
      if Bool.random(using: &random) { right.position = left.position }
      try #require(
        (left < right) == left.encoded.lexicographicallyPrecedes(right.encoded),
        "\(left) \(right)")
    }
  }

  // Prevents: an order with cycles, in which the winner depends on who is compared first.
  @Test func `ranks of one phase with consistent times are ordered without cycles`() throws {
    var random = Generator(seed: 3)
    for _ in 0..<50_000 {
      let ranks = (0..<3).map { _ in
        var rank = random.rank(lineages: 3)
        // A log's times rise with its positions.
        rank.eventTime = Int64(rank.position.word0)
        rank.position = Position(rank.position.word0)
        return rank
      }.sorted()
      try #require(!(ranks[1] < ranks[0]) && !(ranks[2] < ranks[1]) && !(ranks[2] < ranks[0]))
      try #require(Rank.lowest <= ranks[0])
    }
  }

  // Prevents: a crash, or a wrong rank, on bytes that somebody else wrote into `_position`.
  @Test func `cut or foreign bytes are no rank`() throws {
    var random = Generator(seed: 4)
    for _ in 0..<2000 {
      let bytes = random.rank(lineages: 5).encoded
      for count in 0..<bytes.count {
        var offset = 0
        let read = bytes.prefix(count).withUnsafeBytes { Rank(decoding: $0, at: &offset) }
        try #require(read == nil)
      }
    }
    var offset = 0
    #expect([9, 0, 0].withUnsafeBytes { Rank(decoding: $0, at: &offset) } == nil)
  }
}
