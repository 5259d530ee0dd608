import ChangeModel
import CollectionStore
import Testing

/// What is forgotten below a closed watermark, and what is not merged there any more.
struct CloseTests {
  // Prevents: tombstones that pile up for ever, or that go while something may still come before them.
  @Test func `tombstones and moves at or below the closed rank are forgotten`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { batch in
      for place in 10...14 { batch.addDelete("\(place)", at: place) }
    }
    for place in 10...14 {
      try store.insert(
        KeyMove(oldID: [1], rank: rank(place), newID: [UInt8(place)]), collection: t.id)
    }
    let tombstones = "SELECT _id FROM _resequel_tombstones ORDER BY _id"
    try store.close(upTo: rank(12), collection: t.id)
    #expect(try store.query(tombstones) == ["13", "14"])
    #expect(
      try store.allMoves(collection: t.id).map(\.rank).sorted() == [rank(13), rank(14)])
    try store.close(upTo: rank(11), collection: t.id)
    #expect(try store.closedRank(of: t.id) == rank(12))
    try store.close(upTo: rank(13), collection: t.id)
    #expect(try store.query(tombstones) == ["14"])
  }

  // Prevents: a deleted row coming back, after its tombstone was dropped, by a change from before.
  @Test func `a change at or below the closed rank is named and not merged, reopened or not`()
    throws
  {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { batch in
      batch.addInsert("1", at: 20, [0: "a"])
      batch.addDelete("2", at: 20)
    }
    try store.close(upTo: rank(20), collection: t.id)
    func merge() throws -> [String] {
      try store.merge(t) { batch in
        batch.addUpdate("1", at: 15, [1: "late"])
        batch.addInsert("2", at: 15, [0: "late"])
        batch.addInsert("3", at: 20, [0: "late"])
        batch.addInsert("4", at: 21, [0: "new"])
      }.closed.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(try merge() == ["1", "2", "3"])
    #expect(try store.query("SELECT _id, a, b FROM t") == ["1|a|-", "4|new|-"])
    try store.close(upTo: nil, collection: t.id)
    #expect(try store.closedRank(of: t.id) == nil)
    #expect(try merge() == ["1", "2", "3"])
  }

  // Prevents: a lineage that nobody had seen from being merged by rows that have forgotten.
  @Test func `a change of another lineage is not merged into a closed phase`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.close(upTo: rank(20), collection: t.id)
    var foreign = rank(90)
    foreign.lineage = 8
    let counts = try store.merge(t) { $0.add("1", layers: [(foreign, 1, [0: "a"])]) }
    #expect(counts.closed == [Array("1".utf8)])
  }

  // Prevents: a rebuilt collection that trusts what was known of the old one's files.
  @Test func `a rebuilt collection is open`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.transaction {
      try store.close(upTo: rank(20), collection: t.id)
      try store.beginRebuild(#require(try store.collection(t.id)))
    }
    #expect(try store.merge(t) { $0.addInsert("1", at: 5, [0: "a"]) }.closed.isEmpty)
    try store.transaction { try store.finishRebuild(t.id) }
    #expect(try store.closedRank(of: t.id) == nil)
    #expect(try store.merge(t) { $0.addInsert("2", at: 5, [0: "a"]) }.closed.isEmpty)
  }

  // Prevents: pruning that shows. Whatever was closed, later changes leave the rows that they leave
  // where nothing was forgotten.
  @Test func `tables are the same with any prefix closed`() throws {
    for seed in 0..<600 as Range<UInt64> {
      var random = Generator(seed: seed)
      let store = try CollectionStore(opening: .memory, mode: .readWrite)
      let t = try store.makeCollection()
      let all = ["k1", "k2", "k3"].flatMap { id in
        MergePropertyTests.changes(&random, columns: 3).map { (id, $0) }
      }
      var arrived: [String: [OracleChange]] = [:]
      var closed = 0
      while closed < 8 {
        let next = Int.random(in: closed + 1...8, using: &random)
        // Of one step the changes may come in any order, and twice.
        var step = all.filter { $0.1.place > closed && $0.1.place <= next }
        step += step.filter { _ in Bool.random(using: &random) }
        step.shuffle(using: &random)
        for (id, change) in step {
          if !(arrived[id] ?? []).contains(where: { $0.place == change.place }) {
            arrived[id, default: []].append(change)
          }
          let counts = try store.merge(t) { $0.addFold(id, [change]) }
          try #require(counts.closed.isEmpty)
        }
        closed = next
        try store.close(upTo: rank(closed), collection: t.id)
        let expected = arrived.sorted { $0.key < $1.key }
          .map { ($0.key, OracleRow.replay($0.value, columns: 3)) }
        try #require(
          try MergePropertyTests.rows(store)
            == expected.compactMap { id, row in row?.line(id, columns: 3) }, "seed \(seed)")
        try #require(
          try MergePropertyTests.incomplete(store)
            == expected.compactMap { MergePropertyTests.unknown($1, $0) }, "seed \(seed)")
        try #require(try store.query("SELECT 1 FROM _resequel_tombstones").isEmpty)
      }
    }
  }
}
