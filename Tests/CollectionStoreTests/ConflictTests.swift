import ChangeModel
import CollectionStore
import Testing

/// Two changes at one position, told apart by their files only.
struct ConflictTests {
  enum Step {
    case insert(Values)
    case update(Values)
    case delete
  }

  /// The conflicts after calls of one change each, all at place 20, from files 1, 2, …
  private func conflicts(after first: Values? = nil, _ steps: [Step]) throws -> [ConflictRecord] {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    if let first { try store.merge(t) { $0.addInsert("1", at: 10, file: 7, first) } }
    var found = 0
    for (index, step) in steps.enumerated() {
      let rank = rank(20, file: index + 1)
      let file = Int64(index + 1)
      let counts = try store.merge(t) { batch in
        switch step {
        case .insert(let values):
          batch.add(
            "1", floor: .init(kind: .insert, rank: rank), floorFile: file,
            layers: [(rank, file, values)])
        case .update(let values): batch.add("1", layers: [(rank, file, values)])
        case .delete: batch.add("1", floor: .init(kind: .delete, rank: rank), floorFile: file)
        }
      }
      found += counts.conflicts
    }
    let conflicts = try store.conflicts(ofCollection: t.id, limit: 9)
    #expect(found >= conflicts.count)
    #expect(try store.status().collections.first?.conflicts.count == conflicts.count)
    return conflicts
  }

  // Prevents: one of two truths being picked without a word.
  @Test(arguments: [
    [Step.update([0: "x"]), .update([0: "y"])],
    [.update([0: "x"]), .update([0: nil])],
    [.update([0: "x"]), .update([1: "x"])],
    [.update([0: "x"]), .update([0: "x", 1: "y"])],
    [.insert([0: "x"]), .insert([0: "y"])],
    [.insert([0: "x"]), .insert([0: "x", 1: "y"])],
    [.insert([0: "x", 1: "y"]), .insert([0: "x"])],
    [.insert([0: "x"]), .update([0: "x"])],
    [.update([0: "x"]), .delete],
    [.delete, .update([0: "x"])],
    [.delete, .insert([0: "x"])],
  ])
  func `different changes at one position are a conflict`(steps: [Step]) throws {
    for first: Values? in [nil, [0: "old", 1: "old"]] {
      let conflicts = try conflicts(after: first, steps)
      #expect(conflicts.map(\.kind) == [.position])
      // A tombstone does not remember its file.
      #expect(conflicts.map(\.wonFile) == [2] && [[0], [1]].contains(conflicts.map(\.lostFile)))
    }
  }

  // Prevents: every re-emission after a restart being told as a conflict.
  @Test(arguments: [
    [Step.update([0: "x"]), .update([0: "x"]), .update([0: "x"])],
    [.insert([0: "x"]), .insert([0: "x", 1: nil])],
    [.delete, .delete],
  ])
  func `equal changes at one position are repeats`(steps: [Step]) throws {
    #expect(try conflicts(steps) == [])
  }

  // Prevents: an overwritten column, whose old value nobody knows any more, from being compared.
  @Test func `a repeat of an insert that was updated since is no conflict`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) { $0.addInsert("1", at: 10, [0: "a", 1: "b"]) }
    try store.merge(t) { $0.addUpdate("1", at: 20, [0: "c"]) }
    func again(_ values: Values, file: Int) throws -> Int {
      try store.merge(t) {
        $0.add(
          "1", floor: .init(kind: .insert, rank: rank(10, file: file)), floorFile: 5,
          layers: [(rank(10, file: file), 5, values)])
      }.conflicts
    }
    #expect(try again([0: "a", 1: "b"], file: 5) == 0)
    #expect(try again([0: "a", 1: "other"], file: 6) == 1)
  }
}
