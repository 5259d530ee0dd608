import ChangeModel
import CollectionStore
import Pipeline
import SQLiteKit
import Testing

/// Disagreements among files, through whole runs.
@Suite struct ConflictRunTests {
  private static func cursor(_ node: Int, _ place: Int, time: Int) -> String {
    #"{"extractorId":0,"nodeID":"n\#(node)","timestamp":\#(time),"extractionTimestamp":1,"#
      + #""dscId":1,"mutId":\#(place),"partNum":0,"v":2}"#
  }

  private func conflicts(_ bench: RunBench) throws -> [RowConflict.Kind] {
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    defer { store.connection.close() }
    let id = try #require(try store.collection(named: "t")).id
    return try store.conflicts(ofCollection: id, limit: 9).map(\.kind)
  }

  /// Replays files, all in one call or one call each, and returns the bench.
  private func run(_ files: [[String]], oneByOne: Bool) async throws -> (RunBench, RunSummary) {
    let bench = try RunBench()
    var summary = RunSummary()
    for (index, records) in files.enumerated() {
      try bench.place("t_\(index + 1).json", records)
      if oneByOne || index == files.count - 1 { summary = try await bench.replay() }
    }
    return (bench, summary)
  }

  // Prevents: two files that disagree about one position from being taken for a repeat.
  @Test(arguments: [false, true])
  func `two files that disagree about a position are told`(oneByOne: Bool) async throws {
    let bench = try RunBench()
    let (other, _) = try await run(
      [
        [bench.insert(1, "a", at: 1), bench.insert(2, "a", at: 2)],
        [bench.insert(1, "b", at: 1), bench.insert(2, "a", at: 2)],
      ], oneByOne: oneByOne)
    #expect(try conflicts(other) == [.position])
    #expect(try other.rows("t") == ["1 b", "2 a"])
  }

  // Prevents: repeats from being counted as conflicts, or conflicts as repeats.
  @Test func `of repeated positions those with the same values are duplicates`() async throws {
    let bench = try RunBench()
    let (_, summary) = try await run(
      [
        [bench.insert(1, "a", at: 1), bench.insert(2, "a", at: 2)],
        [bench.insert(1, "b", at: 1), bench.insert(2, "a", at: 2)],
      ], oneByOne: false)
    #expect(summary.duplicates == 1)
  }

  // Prevents: nodes that overwrite each other from being silent, and replicas from being told.
  @Test(arguments: [false, true])
  func `nodes that disagree are told, replicas that agree are not`(oneByOne: Bool) async throws {
    let bench = try RunBench()
    let (other, _) = try await run(
      [
        [
          bench.update(1, "a", cursor: Self.cursor(1, 10, time: 100)),
          bench.update(2, "a", cursor: Self.cursor(1, 11, time: 100)),
          bench.update(3, "a", cursor: Self.cursor(1, 12, time: 100)),
        ],
        [
          bench.update(1, "a", cursor: Self.cursor(2, 20, time: 100)),
          bench.update(2, "b", cursor: Self.cursor(2, 21, time: 100)),
          bench.update(3, "b", cursor: Self.cursor(2, 22, time: 90)),
        ],
      ], oneByOne: oneByOne)
    #expect(try conflicts(other) == [.lineages, .lineages])
    let rows = try #require(try other.rows("t"))
    #expect(rows[0] == "1 a" && rows[2] == "3 a")
  }

  // Prevents: a cycle of three changes, each newer than the next: by position within a node, by time
  // between two. All are ordered by time, whatever came first.
  @Test func `times that fall in one node give one row in every order of calls`() async throws {
    let bench = try RunBench()
    let files = [
      [bench.update(1, "early, late time", cursor: Self.cursor(1, 1, time: 300))],
      [bench.update(1, "late, early time", cursor: Self.cursor(1, 2, time: 100))],
      [bench.update(1, "other node", cursor: Self.cursor(2, 1, time: 200))],
    ]
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      for oneByOne in [false, true] {
        let (other, _) = try await run(order.map { files[$0] }, oneByOne: oneByOne)
        #expect(try other.rows("t") == ["1 early, late time"], "\(order)")
      }
    }
  }
}
