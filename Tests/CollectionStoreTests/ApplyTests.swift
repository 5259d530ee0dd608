import ChangeModel
import CollectionStore
import Testing

struct ApplyTests {
  // Prevents: a delete that overtakes the changes before it is forgotten, and the row comes back.
  @Test func `a delete that arrives before its insert leaves no row`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { $0.addDelete("1", at: 30) }
    try store.merge(t) { $0.addInsert("1", at: 10, [0: "x"]) }
    try store.merge(t) { $0.addUpdate("1", at: 20, [0: "y"]) }
    #expect(try store.query("SELECT * FROM t") == [])
    #expect(try store.query("SELECT _id FROM _resequel_tombstones") == ["1"])
    try store.merge(t) { $0.addInsert("1", at: 40, [1: "again"]) }
    #expect(
      try store.query("SELECT _id, _event_time, a, b, c, _file FROM t") == ["1|40000|-|again|-|1"])
    #expect(try store.query("SELECT _id FROM _resequel_tombstones") == [])
  }

  // Prevents: an older update overwriting a newer one, or a newer partial one hiding older columns.
  @Test func `the newest change of each column wins in whatever order they come`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { $0.addUpdate("1", at: 30, file: 3, [0: "a3"]) }
    #expect(try store.query("SELECT * FROM _resequel_incomplete") == ["t|1|b, c"])
    try store.merge(t) { $0.addUpdate("1", at: 20, file: 2, [0: "a2", 1: "b2"]) }
    try store.merge(t) { $0.addInsert("1", at: 10, file: 1, [0: "a1", 1: "b1", 2: "c1"]) }
    #expect(
      try store.query("SELECT _id, _event_time, a, b, c, _file FROM t") == ["1|10000|a3|b2|c1|3"])
    #expect(try store.query("SELECT * FROM _resequel_incomplete") == [])
  }

  // Prevents: what is stored of a key being passed over because another key was looked for before.
  @Test(arguments: [
    [1, 3, 5, 7, 9], [9, 7, 5, 3, 1], [5, 5, 1, 9, 9, 3, 7], [2, 3, 8, 9, 4, 1],
  ])
  func `rows and tombstones are found in whatever order their keys are looked for`(
    _ keys: [Int]
  ) throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { batch in
      for key in [1, 5, 9] { batch.addInsert("\(key)", at: 100, [0: "stored"]) }
      for key in [3, 7] { batch.addDelete("\(key)", at: 100) }
    }
    try store.merge(t) { batch in
      for key in keys { batch.addInsert("\(key)", at: 50, [0: "older"]) }
    }
    let added = Set(keys).subtracting([1, 3, 5, 7, 9])
    let rows = ([1, 5, 9].map { "\($0)|stored" } + added.map { "\($0)|older" }).sorted()
    #expect(try store.query("SELECT _id, a FROM t ORDER BY _id") == rows)
    #expect(try store.query("SELECT _id FROM _resequel_tombstones ORDER BY _id") == ["3", "7"])
  }
}
