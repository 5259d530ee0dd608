import ChangeModel
import CollectionStore
import Testing

struct MergePropertyTests {
  /// Some random changes of one key, at most one at a place.
  static func changes(_ random: inout Generator, columns: Int) -> [OracleChange] {
    (1...Int.random(in: 1...7, using: &random)).map { place in
      let kinds: [OracleChange.Kind] = [
        .insert, .insert, .incompleteInsert, .update, .update, .update, .update, .delete, .delete,
      ]
      var change = OracleChange(
        kind: kinds.randomElement(using: &random)!, place: place, file: Int64(place))
      guard change.kind != .delete else { return change }
      let isFull = Bool.random(using: &random)
      for column in 0..<columns where isFull || Int.random(in: 0..<3, using: &random) == 0 {
        let isNull = Int.random(in: 0..<5, using: &random) == 0
        change.values[column] = .some(isNull ? nil : "v\(place)c\(column)")
      }
      return change
    }
  }

  /// The rows, as the oracle writes them.
  static func rows(_ store: CollectionStore) throws -> [String] {
    try store.query("SELECT _id, _event_time, a, b, c, _file FROM t ORDER BY _id")
  }

  static func incomplete(_ store: CollectionStore) throws -> [String] {
    try store.query("SELECT _id, unknown FROM _resequel_incomplete ORDER BY _id")
  }

  static func unknown(_ row: OracleRow?, _ id: String) -> String? {
    guard let row, row.known.count < 3 else { return nil }
    return id + "|"
      + (0..<3).filter { !row.known.contains($0) }.map { ["a", "b", "c"][$0] }
      .joined(separator: ", ")
  }

  // Prevents: a result that depends on the order of arrival, on how changes were batched, or on
  // repeats. After every single batch the rows equal the serial replay of the changes so far, and
  // the states equal those of a store that got the same changes at once.
  @Test func `any grouping, order and repetition of changes gives the serial rows`() throws {
    for seed in 0..<1500 as Range<UInt64> {
      var random = Generator(seed: seed)
      let store = try CollectionStore(opening: .memory, mode: .readWrite)
      let t = try store.makeCollection(layout: seed % 2 == 0 ? .clustered : .rowid)
      var all: [String: [OracleChange]] = [:]
      for id in ["k1", "k2", "k3", "k4"] { all[id] = Self.changes(&random, columns: 3) }
      var pending = all.flatMap { id, changes in changes.map { (id, $0) } }
      pending.sort { ($0.0, $0.1.place) < ($1.0, $1.1.place) }
      pending += pending.filter { _ in Int.random(in: 0..<4, using: &random) == 0 }
      pending.shuffle(using: &random)
      var arrived: [String: [OracleChange]] = [:]
      while !pending.isEmpty {
        let count = Int.random(in: 1...min(6, pending.count), using: &random)
        var groups: [String: [OracleChange]] = [:]
        for (id, change) in pending.suffix(count) {
          if !(groups[id] ?? []).contains(where: { $0.place == change.place }) {
            groups[id, default: []].append(change)
          }
          if !(arrived[id] ?? []).contains(where: { $0.place == change.place }) {
            arrived[id, default: []].append(change)
          }
        }
        pending.removeLast(count)
        try store.merge(t) { batch in
          for (id, changes) in groups.sorted(by: { $0.key < $1.key }) {
            batch.addFold(id, changes)
          }
        }
        let expected = arrived.sorted { $0.key < $1.key }
          .map { ($0.key, OracleRow.replay($0.value, columns: 3)) }
        try #require(
          try Self.rows(store) == expected.compactMap { id, row in row?.line(id, columns: 3) },
          "seed \(seed)")
        try #require(
          try Self.incomplete(store) == expected.compactMap { Self.unknown($1, $0) }, "seed \(seed)"
        )
      }
      try expectSameStates(store, as: all, seed: seed)
    }
  }

  /// Compares what rows and tombstones remember with a store that got all changes in one batch.
  private func expectSameStates(
    _ store: CollectionStore, as changes: [String: [OracleChange]], seed: UInt64
  ) throws {
    let other = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try other.makeCollection()
    try other.merge(t) { batch in
      for (id, changes) in changes.sorted(by: { $0.key < $1.key }) { batch.addFold(id, changes) }
    }
    for sql in [
      "SELECT *, hex(_position) FROM t ORDER BY _id",
      "SELECT _id, hex(_position) FROM _resequel_tombstones ORDER BY _id",
      "SELECT * FROM _resequel_partial_rows ORDER BY _id",
    ] {
      let (left, right) = (try store.query(sql), try other.query(sql))
      try #require(left == right, "seed \(seed): \(sql)")
    }
  }

  // Prevents: a column that appears late losing or keeping the wrong values in rows written before.
  @Test func `a column that comes later gives the same rows as one known from the start`() throws {
    for seed in 0..<500 as Range<UInt64> {
      var random = Generator(seed: seed)
      let store = try CollectionStore(opening: .memory, mode: .readWrite)
      var t = try store.makeCollection(columns: ["a", "b"])
      var pending = ["k1", "k2", "k3"].flatMap { id in
        Self.changes(&random, columns: 3).map { (id, $0) }
      }
      pending.shuffle(using: &random)
      var arrived: [String: [OracleChange]] = [:]
      for (id, change) in pending {
        if change.values.keys.contains(2), t.columns.count == 2 {
          t = try store.transaction { try store.addColumns([.init(name: "c")], to: t.id) }
        }
        arrived[id, default: []].append(change)
        try store.merge(t) { $0.addFold(id, [change]) }
      }
      if t.columns.count == 2 {
        t = try store.transaction { try store.addColumns([.init(name: "c")], to: t.id) }
      }
      let expected = arrived.sorted { $0.key < $1.key }
        .map { ($0.key, OracleRow.replay($0.value, columns: 3)) }
      try #require(
        try Self.rows(store) == expected.compactMap { id, row in row?.line(id, columns: 3) },
        "seed \(seed)")
      try #require(
        try Self.incomplete(store) == expected.compactMap { Self.unknown($1, $0) }, "seed \(seed)")
    }
  }
}
