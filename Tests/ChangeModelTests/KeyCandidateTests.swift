import ChangeModel
import Testing

/// Which keys are offered for a table whose key is unknown.
@Suite struct KeyCandidateTests {
  /// The evidence of inserts of these values, none of them NULL; each at a place of its own.
  private func evidence(
    _ columns: [String], _ rows: [[UInt64]], places: Range<Int>? = nil
  ) -> KeyEvidence {
    var evidence = KeyEvidence()
    var sample = RowSample()
    for (place, values) in zip(places ?? rows.indices, rows) {
      sample.add(
        RowSample.Row(values: values, position: Position(UInt64(place) * 10), isDelete: false),
        hash: Self.hash(UInt64(place)))
    }
    evidence.insertCount = rows.count
    evidence.rows = sample.named(columns)
    for name in columns {
      evidence.columns[name, default: .init()].valueCount = rows.count
    }
    return evidence
  }

  /// Scatters numbers evenly, and neighbors apart.
  private static func hash(_ number: UInt64) -> UInt64 {
    var hash = (number &+ 1) &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ hash >> 27) &* 0x94D0_49BB_1331_11EB
    return hash ^ hash >> 31
  }

  // Prevents a flag whose use leaves one row of hundreds, without a word.
  @Test func `a column that repeats is not offered, columns that together do not are`() {
    let rows = (0..<298).map { (place: UInt64) -> [UInt64] in
      [1, place % 20 + 1, place / 20 + 1, 7]
    }
    let candidates = evidence(["id", "region", "line", "note"], rows).keyCandidates
    #expect(candidates.map(\.columns) == [["line", "region"]])
    #expect(candidates.first?.evidence == "never null, distinct in 298 of 298 inserts")
  }

  // Prevents rows of equal values, each an insert of its own, from passing for one that came twice.
  @Test func `where nothing tells the inserts apart nothing is offered`() {
    let rows = (0..<40).map { (place: UInt64) -> [UInt64] in [place % 4 + 1, place % 10 + 1] }
    #expect(evidence(["a", "b"], rows).keyCandidates.isEmpty)
  }

  // Prevents a name from beating the data.
  @Test func `a column that never repeats is offered before one that seldom does`() {
    let rows = (0..<100).map { (place: UInt64) -> [UInt64] in [max(place, 3), place + 1] }
    #expect(
      evidence(["account_id", "line"], rows).keyCandidates.map(\.columns)
        == [["line"], ["account_id"]])
  }

  // Prevents a key from being passed over because its rows were deleted and came again; and a column
  // from being offered because as many rows were deleted as its values repeat.
  @Test func `what comes again after a delete does not repeat`() {
    let rows = (0..<90).map { (place: UInt64) -> [UInt64] in [place % 9 + 1, place % 3 + 1] }
    func evidence(deletingAfter age: UInt64) -> KeyEvidence {
      var evidence = self.evidence(["k", "kind"], rows)
      var deleted = RowSample()
      for (place, values) in zip(UInt64(0)..., rows) {
        let row = RowSample.Row(
          values: values, position: Position((place + age) * 10 + 5), isDelete: true)
        deleted.add(row, hash: Self.hash(place + 1_000))
      }
      evidence.rows.merge(deleted.named(["k", "kind"]))
      evidence.deleteCount = rows.count
      return evidence
    }
    let candidates = evidence(deletingAfter: 5).keyCandidates
    #expect(candidates.map(\.columns) == [["k"]])
    #expect(
      candidates.first?.evidence
        == "never null, distinct in 9 of 90 inserts, 81 of the other 81 after a delete")
    #expect(evidence(deletingAfter: 20).keyCandidates.isEmpty)
  }

  // Prevents a division by nothing.
  @Test func `without inserts nothing is offered`() {
    var updates = KeyEvidence()
    updates.updateCount = 3
    updates.columns["a", default: .init()].changeCount = 1
    #expect(updates.keyCandidates.isEmpty)
  }

  // Prevents a file that came twice from hiding the key.
  @Test func `an insert that comes again counts once`() {
    let rows = (0..<5).map { (place: UInt64) -> [UInt64] in [place + 1] }
    var twice = evidence(["k"], rows)
    twice.merge(evidence(["k"], rows))
    #expect(twice.keyCandidates.map(\.columns) == [["k"]])
    #expect(
      twice.keyCandidates.first?.evidence
        == "never null, distinct in 5 of 5 inserts and 5 that repeat one of them")
  }

  // Prevents a part of the rows, in which equal values are rare, from speaking for all.
  @Test func `of many rows a sample knows which columns repeat, in whatever order they come`() {
    let count = 200_000
    let rows = (0..<UInt64(count)).map { (place: UInt64) -> [UInt64] in [place + 1, place / 5 + 1] }
    let parts = stride(from: 0, to: count, by: count / 4).map { start in
      let range = start..<start + count / 4
      return evidence(["k", "twin"], Array(rows[range]), places: range)
    }
    var forward = KeyEvidence()
    var backward = KeyEvidence()
    for part in parts { forward.merge(part) }
    for part in parts.reversed() { backward.merge(part) }
    #expect(forward == backward && !forward.rows.isWhole)
    #expect(abs(forward.rows.seenCount / Double(count) - 1) < 0.05)
    #expect(forward.keyCandidates.map(\.columns) == [["k"]])
  }
}
