import ChangeModel
import CollectionStore
import Testing

/// What is said of changes that come after newer ones of their row.
struct LateChangeTests {
  // Prevents: a repair that nobody hears of, or one that is told although nothing changed.
  @Test func `late changes are counted for their file, by whether the row changed`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    let first = try store.merge(t) { batch in
      batch.addInsert("1", at: 10, [0: "a"])
      batch.addUpdate("2", at: 40, [0: "a"])
      batch.addDelete("3", at: 50)
      batch.addUpdate("4", at: 20, [0: "a"])
    }
    #expect(first.late.isEmpty)
    let second = try store.merge(t) { batch in
      batch.addUpdate("1", at: 30, file: 2, [1: "in order"])
      batch.addUpdate("2", at: 30, file: 2, [1: "repairs"])
      batch.addUpdate("3", at: 30, file: 2, [1: "deleted since"])
      batch.addUpdate("4", at: 10, file: 3, [0: "overwritten since"])
    }
    #expect(
      second.late == [2: .init(repaired: 1, unchanged: 1), 3: .init(repaired: 0, unchanged: 1)])
    let repeated = try store.merge(t) { $0.addUpdate("2", at: 30, file: 2, [1: "repairs"]) }
    #expect(repeated.late == [2: .init(repaired: 0, unchanged: 1)])
  }

  // Prevents: a delete that came late and took the columns of an older life along from being silent.
  @Test func `a late delete under a newer update is a repair`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { $0.addInsert("1", at: 10, [0: "a", 1: "b"]) }
    try store.merge(t) { $0.addUpdate("1", at: 30, [0: "c"]) }
    let counts = try store.merge(t) { $0.addDelete("1", at: 20, file: 9) }
    #expect(counts.late == [9: .init(repaired: 1, unchanged: 0)])
    #expect(try store.query("SELECT a, b FROM t") == ["c|-"])
  }

  // Prevents: a refold of many rows being told as many repairs, where one row changed.
  @Test func `of refolded rows those count whose values changed`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { batch in
      batch.addInsert("1", at: 10, [0: "a", 1: nil])
      batch.addInsert("2", at: 10, [0: "a"])
      batch.addInsert("3", at: 10, [0: "a"])
    }
    let counts = try store.merge(t, mode: .replace) { batch in
      batch.addInsert("1", at: 10, [0: "a"])
      batch.addInsert("2", at: 10, [0: "a", 2: "more"])
      batch.addDelete("3", at: 5)
      batch.addInsert("4", at: 7, [0: "new"])
      for row in batch.rows.indices { batch.rows[row].cause = 6 }
    }
    #expect(counts.late == [6: .init(repaired: 3, unchanged: 1)])
  }
}
