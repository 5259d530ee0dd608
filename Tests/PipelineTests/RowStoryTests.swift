import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import SQLiteKit
import Testing

/// What a row saw, and what became of each change.
@Suite struct RowStoryTests {
  // Prevents an answer that names the wrong winner, or the wrong place.
  @Test func `each change is found with its place, and what of it is left`() async throws {
    let bench = try RunBench()
    let first = bench.insert(1, "a", at: 10)
    try bench.place("t_1.json", [bench.insert(2, "x", at: 5), first])
    try bench.place("t_2.json", [bench.update(1, "b", at: 20)])
    _ = try await bench.replay()
    let story = try bench.story("1")
    #expect(story.state == .live && story.isComplete)
    #expect(story.changes.map(\.operation) == [.insert, .update])
    #expect(story.changes.map { PositionText.text(of: $0.rank) } == ["1/10/1", "1/20/1"])
    #expect(story.changes[0].rank.recordIndex == 1)
    #expect(story.changes[0].byteOffset == UInt64(bench.insert(2, "x", at: 5).utf8.count + 1))
    #expect(story.changes[0].file.hasSuffix("/t_1.json"))
    #expect(story.changes.map(\.outcome) == [.overwritten, .won(["id", "v"])])
    #expect(story.changes[1].values.map(\.column) == ["id", "v"])
    #expect(story.changes[1].values.map(\.value) == ["1", "b"].map { .text(Array($0.utf8)) })
    // Which file came first does not matter within one call.
    #expect(story.changes.map(\.lateAfter) == [nil, nil])
  }

  // Prevents a deleted row from having no history, and an earlier life from being mixed with the
  // next.
  @Test func `a row that is deleted and begun anew shows both lives`() async throws {
    let bench = try RunBench()
    try bench.place(
      "t_1.json", [bench.insert(1, "a", at: 1), bench.delete(1, at: 2)])
    _ = try await bench.replay()
    let gone = try bench.story("1")
    #expect(gone.state == .deleted)
    #expect(gone.changes.map(\.outcome) == [.beforeDelete(2), .ended])
    try bench.place("t_2.json", [bench.insert(1, "b", at: 3)])
    _ = try await bench.replay()
    let again = try bench.story("1")
    #expect(again.state == .live)
    #expect(
      again.changes.map(\.outcome) == [.beforeDelete(2), .beforeInsert(3), .won(["id", "v"])])
  }

  // Prevents a move from hiding what the row was before.
  @Test func `a moved row's story goes on from its old key, in either direction`() async throws {
    let bench = try RunBench()
    try bench.place(
      "t_1.json",
      [
        bench.insert(1, "a", at: 1), bench.move(from: 1, to: 2, at: 2),
        bench.insert(1, "new", at: 3), bench.update(2, "b", at: 4),
      ])
    _ = try await bench.replay()
    let moved = try bench.story("2")
    #expect(moved.changes.map(\.operation) == [.insert, .update, .update])
    #expect(moved.changes.map { String(decoding: $0.id, as: UTF8.self) } == ["1", "2", "2"])
    #expect(moved.changes[1].oldID == Array("1".utf8))
    #expect(moved.changes.last?.outcome == .won(["id", "v"]))
    let old = try bench.story("1")
    #expect(old.changes.map(\.outcome) == [.beforeDelete(2), .beforeInsert(3), .won(["id", "v"])])
  }

  // Prevents a late change from looking like any other.
  @Test func `a change that came after a newer one was applied is said to be late`() async throws {
    let bench = try RunBench()
    try bench.place("t_2.json", [bench.update(1, "b", at: 20)])
    _ = try await bench.replay()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 10)])
    _ = try await bench.replay()
    #expect(try bench.story("1").changes.map(\.lateAfter) == [2, nil])
  }

  // Prevents a second copy from counting as a change of its own, and a contradiction from passing
  // for a copy.
  @Test func `repeats and conflicts are told apart`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.update(1, "b", at: 2)])
    try bench.place("t_2.json", [bench.insert(1, "a", at: 1), bench.update(1, "c", at: 2)])
    _ = try await bench.replay()
    let changes = try bench.story("1").changes
    #expect(
      changes.map(\.outcome) == [.repeated(2), .overwritten, .overwritten, .won(["id", "v"])])
    #expect(changes.map(\.conflict) == [nil, nil, 4, 3])
  }

  // Prevents "there is no more" from being said where nobody looked.
  @Test func `a file that may hold more and is gone is named, others are not`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    try bench.place("t_2.json", [bench.update(1, "b", at: 2)])
    try bench.place("t_3.json", [bench.insert(3, "c", at: 3)])
    _ = try await bench.replay()
    unlink(bench.drop("t_2.json"))
    unlink(bench.drop("t_3.json"))
    let story = try bench.story("1")
    #expect(!story.isComplete && story.changes.count == 1)
    #expect(story.missing.map(\.reason) == ["gone"])
    #expect(story.missing[0].path.hasSuffix("/t_2.json"))
    // Other bytes under the name are not what was applied.
    try bench.place("t_2.json", [bench.update(1, "z", at: 2)])
    #expect(try bench.story("1").missing.map(\.reason) == ["its content changed"])
  }

  // Prevents a history from being of no use once the files have expired.
  @Test func `with a history no file is needed, and what waits is still found in the files`()
    async throws
  {
    let bench = try LogBench()
    var settings = CollectionConfiguration()
    settings.history = HistoryRule()
    bench.configuration.collections["t"] = settings
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10, count: 1)],
      "t_3.json": [.update(1, "c", at: 30, count: 3)],
    ])
    unlink(bench.path("t_1.json"))
    let story = try bench.story("1")
    #expect(story.isComplete && story.state == .live)
    #expect(story.changes.map(\.outcome) == [.won(["id", "v", "w"]), .waiting])
    #expect(story.changes.map { PositionText.text(of: $0.rank) } == ["1/10/1", "1/30/1"])
  }

  // Prevents a row from being called deleted of which nothing was applied yet.
  @Test func `a row whose changes all wait is no deleted one`() async throws {
    let bench = try LogBench()
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10, count: 1)],
      "t_3.json": [.insert(2, "b", at: 30, count: 3)],
    ])
    let story = try bench.story("2")
    #expect(story.state == .waiting)
    #expect(story.changes.map(\.outcome) == [.waiting])
  }

  // Prevents a repair from being forgotten, and from being told of a row's other changes.
  @Test func `a late change is told with what its file repaired`() async throws {
    let bench = try RunBench()
    try bench.place("t_2.json", [bench.update(1, "b", at: 20)])
    _ = try await bench.replay()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 10)])
    _ = try await bench.replay()
    let store = try CollectionStore(opening: .file(bench.database), mode: .readWrite)
    let collection = try #require(try store.collection(named: "t"))
    try store.begin()
    try store.insert(
      StoreEvent(at: 1, kind: "repair", collection: collection.id, file: 2, text: "one row"))
    try store.commit()
    try store.close()
    #expect(try bench.story("1").changes[0].repairs.contains("one row"))
    #expect(try bench.story("1").changes[1].repairs == [])
  }

  // Prevents a row that never was from being taken for one whose files are lost.
  @Test func `an id that was never seen has no story`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    _ = try await bench.replay()
    let story = try bench.story("nobody")
    #expect(story.state == .unknown && story.changes.isEmpty && story.isComplete)
  }

  // Prevents rows without a key of their own from being beyond explanation.
  @Test(arguments: [KeyRule.wholeRow, .append, .columns(["id", "v"])])
  func `rows whose id is a hash are found`(rule: KeyRule) async throws {
    let bench = try RunBench()
    var hashed = bench.configuration
    hashed.keys = [("t", rule)]
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)])
    _ = try await bench.replay(hashed)
    for id in try #require(try bench.rows("t", column: "_id")) {
      let story = try bench.story(id)
      #expect(story.state == .live)
      #expect(story.changes.map(\.outcome) == [.won(["id", "v"])])
    }
  }
}

extension LogBench {
  /// The story of a row of `t`.
  func story(_ id: String) throws -> RowStory {
    let store = try CollectionStore(opening: .file(configuration.database), mode: .readOnly)
    defer { store.connection.close() }
    let collection = try #require(try store.collection(named: "t"))
    return try RowStoryReader(configuration, store: store).story(
      of: Array(id.utf8), in: collection)
  }
}

extension RunBench {
  /// The story of a row of `t`.
  func story(_ id: String) throws -> RowStory {
    let store = try CollectionStore(opening: .file(database), mode: .readOnly)
    defer { store.connection.close() }
    let collection = try #require(try store.collection(named: "t"))
    return try RowStoryReader(configuration, store: store).story(
      of: Array(id.utf8), in: collection)
  }

  func delete(_ id: Int, at position: Int) -> String {
    insert(id, "x", at: position).replacing(#""opType":"I""#, with: #""opType":"D""#)
      .replacing(#""before":{"id":"null","v":"null"}"#, with: #""before":{"id":"\#(id)","v":"x"}"#)
      .replacing(#""exists":{"id":"1","v":"1"}"#, with: #""exists":{"id":"2","v":"2"}"#)
  }

  func move(from old: Int, to new: Int, at position: Int) -> String {
    update(new, "moved", at: position)
      .replacing(#""before":{"id":"\#(new)""#, with: #""before":{"id":"\#(old)""#)
  }
}
