import ChangeModel
import CollectionStore
import Testing

/// Keys that change in logs that run side by side.
struct LineageTests {
  /// The order that the law gives the changes of one key: by position, or by time where two lineages
  /// of one phase changed it. Their places are then their indexes.
  static func ordered(_ changes: [OracleChange]) -> [OracleChange] {
    let isParallel = self.isParallel(changes)
    let sorted = changes.sorted { left, right in
      let (left, right) = (left.rank, right.rank)
      if left.phase != right.phase { return left.phase < right.phase }
      if isParallel {
        if left.eventTime != right.eventTime { return left.eventTime < right.eventTime }
        if left.lineage != right.lineage { return left.lineage < right.lineage }
      }
      return left.position < right.position
    }
    return sorted.enumerated().map { index, change in
      var change = change
      change.place = index
      return change
    }
  }

  static func isParallel(_ changes: [OracleChange]) -> Bool {
    changes.contains { left in changes.contains { left.rank.isParallel(to: $0.rank) } }
  }

  /// Random changes of a key, in one to three lineages, with whatever times, behind a snapshot row or
  /// not.
  static func changes(_ random: inout Generator) -> [OracleChange] {
    let lineages = UInt32.random(in: 1...3, using: &random)
    let rises = Int.random(in: 0..<3, using: &random) == 0
    return MergePropertyTests.changes(&random, columns: 3).map { change in
      var change = change
      var rank = rank(change.place)
      rank.lineage = UInt32.random(in: 1...lineages, using: &random)
      rank.eventTime = rises ? Int64(change.place) : Int64.random(in: 1...6, using: &random)
      if change.place == 1, Bool.random(using: &random) {
        rank.phase = 0
        rank.lineage = 0
        rank.position = .zero
      }
      change.ownRank = rank
      return change
    }
  }

  // Prevents: a winner that depends on which changes met first. Times and positions together have
  // cycles, so a key is ordered by one or the other; what was merged before the second lineage came
  // is refolded where that makes a difference.
  @Test func `keys changed in parallel lineages have the defined rows in every grouping`() throws {
    var refolds = 0
    for seed in 0..<4000 as Range<UInt64> {
      var random = Generator(seed: seed)
      let store = try CollectionStore(opening: .memory, mode: .readWrite)
      let t = try store.makeCollection()
      var pending = Self.changes(&random)
      pending += pending.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      pending.shuffle(using: &random)
      var arrived: [OracleChange] = []
      while !pending.isEmpty {
        let count = Int.random(in: 1...min(4, pending.count), using: &random)
        let group = Self.distinct([], pending.suffix(count))
        pending.removeLast(count)
        arrived = Self.distinct(arrived, group[...])
        let counts = try store.merge(t) { $0.addGroup("k", group) }
        if !counts.needsRefold.isEmpty {
          refolds += 1
          try store.merge(t, mode: .replace) { $0.addGroup("k", arrived) }
        }
        let expected = OracleRow.replay(Self.ordered(arrived), columns: 3)
        let rows = try MergePropertyTests.rows(store)
        try #require(
          rows == (expected.map { [$0.line("k", columns: 3)] } ?? []), "seed \(seed)")
        let unknown = try MergePropertyTests.incomplete(store)
        try #require(
          unknown == (MergePropertyTests.unknown(expected, "k").map { [$0] } ?? []), "seed \(seed)")
      }
    }
    #expect(refolds > 100)
  }

  private static func distinct(
    _ known: [OracleChange], _ more: ArraySlice<OracleChange>
  ) -> [OracleChange] {
    more.reduce(into: known) { all, change in
      if !all.contains(where: { $0.rank == change.rank }) { all.append(change) }
    }
  }

  // MARK: Disagreements

  /// A change of a lineage that sets column 0.
  private func change(_ lineage: UInt32, at place: Int, time: Int64, _ value: String)
    -> OracleChange
  {
    var rank = rank(place)
    rank.lineage = lineage
    rank.eventTime = time
    return OracleChange(
      kind: .update, place: place, file: Int64(lineage), values: [0: value], ownRank: rank)
  }

  /// The kinds of the disagreements after calls with these changes.
  private func conflicts(_ calls: [[OracleChange]]) throws -> [String] {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    for call in calls { try store.merge(t) { $0.addGroup("k", call) } }
    return try store.conflicts(ofCollection: t.id, limit: 9)
      .map { "\($0.kind) \($0.wonFile) \($0.lostFile)" }
  }

  // Prevents: two nodes that overwrite each other from being silent, in one order of arrival or both.
  @Test func `a key that two nodes change is told, in whatever calls`() throws {
    let (left, right) = (change(1, at: 5, time: 50, "a"), change(2, at: 9, time: 60, "b"))
    for calls in [[[left, right]], [[left], [right]], [[right], [left]]] {
      #expect(try conflicts(calls) == ["lineages 2 1"])
    }
    let same = change(2, at: 9, time: 50, "b")
    for calls in [[[left], [same]], [[same], [left]]] {
      #expect(try conflicts(calls) == ["lineages 2 1"])
    }
  }

  // Prevents: a false alarm for every row of a replicated source, which emits each change twice.
  @Test func `copies of each change from two replicas agree once both are there`() throws {
    let left = [change(1, at: 1, time: 10, "a"), change(1, at: 2, time: 20, "b")]
    let right = [change(2, at: 7, time: 10, "a"), change(2, at: 8, time: 20, "b")]
    for calls in [
      [left, right], [right, left], [left + right], [left, [right[0]], [right[1]]],
      [[left[0]], [right[0]], [left[1]], [right[1]]], [left, right, [right[0]], [left[0]]],
    ] {
      #expect(try conflicts(calls) == [])
    }
    #expect(try conflicts([left, [right[0]]]) == ["lineages 1 2"])
    #expect(try conflicts([left, right, [change(1, at: 3, time: 30, "c")]]).count == 1)
  }
}

extension RowBatch {
  /// Folds some changes of one key, of whatever lineages, into one row.
  mutating func addGroup(_ id: String, _ changes: [OracleChange]) {
    let ordered = LineageTests.ordered(changes)
    addFold(id, ordered)
    let row = rows.count - 1
    if LineageTests.isParallel(changes) {
      rows[row].order = .time
      let start = layers.count
      for change in ordered {
        layers.append(RowLayer(rank: change.rank, file: change.file, cells: 0..<0))
      }
      rows[row].others = start..<layers.count
    } else if zip(ordered, ordered.dropFirst()).contains(where: { older, newer in
      older.rank.phase == newer.rank.phase && older.rank.eventTime > newer.rank.eventTime
    }) {
      rows[row].order = .logWithFallingTimes
    }
  }
}
