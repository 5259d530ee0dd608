import ChangeModel
import Testing

struct RowStateTests {
  private func decode(_ bytes: [UInt8]) -> RowState? {
    bytes.withUnsafeBytes { RowState(decoding: $0) }
  }

  private func state(_ random: inout Generator) -> RowState {
    var ranks = (0..<6).map { _ in random.rank(lineages: 2) }.sorted()
    let last = ranks.removeLast()
    let kinds: [RowState.Floor.Kind?] = [nil, .insert, .delete, .incompleteInsert]
    let floor = kinds.randomElement(using: &random)?.map {
      RowState.Floor(kind: $0, rank: Bool.random(using: &random) ? last : ranks[0])
    }
    let shapes = [
      ColumnSet(), ColumnSet(first: 9), ColumnSet(first: 64), ColumnSet([0, 63, 64, 200]),
      ColumnSet([5]), ColumnSet(first: 1996),
    ]
    return RowState(
      last: last, floor: floor, shape: shapes.randomElement(using: &random) ?? ColumnSet(),
      columnRanks: (0..<Int.random(in: 0..<5, using: &random)).map {
        RowState.ColumnRank(column: $0 * 300, rank: ranks[$0])
      },
      lineages: [.one, .one, .oneWithFallingTimes, .parallel([]), .parallel(Array(ranks[..<2]))]
        .randomElement(using: &random) ?? .one)
  }

  // Prevents: a row that remembers something else after it was stored; and a program that crashes on
  // a damaged database.
  @Test func `a state is the same when read back, and a cut one is none`() throws {
    var random = Generator(seed: 1)
    for round in 0..<3000 {
      let state = self.state(&random)
      var bytes: [UInt8] = []
      state.encode(into: &bytes)
      try #require(decode(bytes) == state)
      try #require(bytes.starts(with: state.last.encoded))
      if round % 100 == 0 {
        for count in 0..<bytes.count { try #require(decode(Array(bytes.prefix(count))) == nil) }
      }
      // Whatever is read from damaged bytes, it is read without harm.
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] = UInt8.random(in: 0...255, using: &random)
      _ = decode(bytes)
    }
  }

  // Prevents: `_position` growing with the number of columns in the common cases.
  @Test func `an inserted row and a full update take little more than their ranks`() {
    let first = Rank(
      phase: 1, lineage: 0x1234_5678, position: Position(10, 4_000_000_000), eventTime: 1 << 50,
      ordinal: 12, series: 0x8765_4321, recordIndex: 1000)
    var second = first
    second.recordIndex = 1001
    var inserted: [UInt8] = []
    RowState(last: first, floor: .init(kind: .insert, rank: first), shape: ColumnSet())
      .encode(into: &inserted)
    #expect(inserted.count == first.encoded.count + 2)
    var updated: [UInt8] = []
    RowState(last: second, floor: .init(kind: .insert, rank: first), shape: ColumnSet(first: 90))
      .encode(into: &updated)
    #expect(updated.count == first.encoded.count + second.encoded.count + 3)
  }

  // Prevents: a row shown that is deleted, or unknown columns taken for NULLs.
  @Test func `a state knows whether there is a row and what is known of it`() {
    var random = Generator(seed: 2)
    let ranks = [random.rank(lineages: 1), random.rank(lineages: 1)].sorted()
    var state = RowState(
      last: ranks[1], floor: .init(kind: .delete, rank: ranks[1]), shape: ColumnSet())
    #expect(!state.isLive)
    state.floor?.rank = ranks[0]
    state.shape = ColumnSet([1])
    #expect(state.isLive && state.isIncomplete)
    #expect(state.rank(ofColumn: 1) == ranks[1])
    #expect(state.rank(ofColumn: 0) == nil)
    state.floor?.kind = .incompleteInsert
    #expect(state.rank(ofColumn: 0) == nil)
    state.floor?.kind = .insert
    #expect(state.isLive && !state.isIncomplete)
    #expect(state.rank(ofColumn: 0) == ranks[0])
    state.floor = nil
    #expect(state.isLive && state.isIncomplete)
  }

  // Prevents: sets of columns that are equal but do not compare so.
  @Test func `column sets hold what was put in`() throws {
    var random = Generator(seed: 3)
    for _ in 0..<2000 {
      let columns = Set(
        (0..<Int.random(in: 0..<9, using: &random)).map { _ in
          Int.random(in: 0..<200, using: &random)
        })
      let set = ColumnSet(columns)
      try #require(set.columns == columns.sorted())
      try #require(set.count == columns.count)
      try #require(set.isEmpty == columns.isEmpty)
      try #require(set.prefixCount == (columns == Set(0..<columns.count) ? columns.count : nil))
      try #require(columns.allSatisfy(set.contains))
      try #require(!set.contains(1000))
      let other = ColumnSet([3, 150])
      try #require(set.isSuperset(of: other) == columns.isSuperset(of: [3, 150]))
    }
  }
}
