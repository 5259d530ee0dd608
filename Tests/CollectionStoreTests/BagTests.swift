import ChangeModel
import CollectionStore
import Testing

struct BagTests {
  private struct Change {
    var id: String
    var delta: BagChange.Delta
    var place: Int
    var file: Int64
  }

  private func makeStore() throws -> (CollectionStore, Collection) {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.createCollection(
      name: "t", source: SourceTable(name: "t"), key: .wholeRow, keyOrigin: .flag,
      columns: [.init(name: "a")], layout: .rowid)
    return (store, t)
  }

  private func apply(_ changes: [Change], to store: CollectionStore, _ t: Collection) throws {
    var batch = BagBatch(collection: t.id)
    func append(_ text: String) -> ByteRange {
      defer { batch.buffer.bytes += Array(text.utf8) }
      return ByteRange(offset: batch.buffer.bytes.count, count: text.utf8.count)
    }
    for change in changes {
      let cell = batch.buffer.cells.count
      batch.buffer.cells.append(Cell(column: 0, text: append("value of \(change.id)")))
      batch.changes.append(
        BagChange(
          id: append(change.id), delta: change.delta, place: append("place \(change.place)"),
          rank: rank(change.place, file: Int(change.file)),
          eventTime: Int64(change.place) * 1000, file: change.file, cells: cell..<cell + 1))
    }
    try store.transaction { _ = try store.applyBag(batch) }
  }

  private func rows(_ store: CollectionStore) throws -> [String] {
    try store.query("SELECT _id, _event_time, a FROM t ORDER BY _id")
  }

  /// The rows after the changes one by one, in the order of the log.
  private func serial(_ changes: [Change]) -> [String] {
    var times: [String: [Int]] = [:]
    var seen: Set<String> = []
    for change in changes.sorted(by: {
      ($0.place, $0.delta.rawValue) < ($1.place, $1.delta.rawValue)
    })
    where seen.insert("\(change.id) \(change.place) \(change.delta)").inserted {
      if change.delta == .insert {
        times[change.id, default: []].append(change.place * 1000)
      } else {
        _ = times[change.id]?.popLast()
      }
    }
    return times.flatMap { id, times in
      times.enumerated().map { index, time in
        "\(id)\(index == 0 ? "" : "#\(index + 1)")|\(time)|value of \(id)"
      }
    }.sorted()
  }

  // Prevents: equal rows of a table without a key counted by how often their files were delivered,
  // or a delete that comes before its insert taking the wrong row, or none.
  @Test func `rows without a key are counted the same in every order, grouping and repetition`()
    throws
  {
    for seed in 0..<400 as Range<UInt64> {
      var random = Generator(seed: seed)
      let (store, t) = try makeStore()
      var pending: [Change] = []
      for place in 1...Int.random(in: 1...10, using: &random) {
        let id = ["h1", "h2"].randomElement(using: &random)!
        let delta: BagChange.Delta = Int.random(in: 0..<3, using: &random) > 0 ? .insert : .delete
        pending.append(Change(id: id, delta: delta, place: place, file: 1))
      }
      pending += pending.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        .map { Change(id: $0.id, delta: $0.delta, place: $0.place, file: 2) }
      pending.shuffle(using: &random)
      var arrived: [Change] = []
      while !pending.isEmpty {
        let count = Int.random(in: 1...min(4, pending.count), using: &random)
        try apply(Array(pending.suffix(count)), to: store, t)
        arrived += pending.suffix(count)
        pending.removeLast(count)
        let (found, expected) = (try rows(store).sorted(), serial(arrived))
        try #require(found == expected, "seed \(seed)")
      }
    }
  }

  // Prevents: a truncated table keeping rows, or a later delete taking a row of after the truncation
  // for one of before.
  @Test func `a truncation ends the rows before it`() throws {
    let (store, t) = try makeStore()
    try apply(
      [1, 2, 3, 8].map { Change(id: "h", delta: .insert, place: $0, file: 1) }, to: store, t)
    #expect(try rows(store).count == 4)
    try store.transaction { try store.raiseFloor(of: t.id, to: rank(5)) }
    #expect(try rows(store) == ["h|8000|value of h"])
    try apply([Change(id: "h", delta: .insert, place: 4, file: 1)], to: store, t)
    #expect(try rows(store) == ["h|8000|value of h"])
    try apply([Change(id: "h", delta: .delete, place: 9, file: 1)], to: store, t)
    #expect(try rows(store) == [])
  }
}
