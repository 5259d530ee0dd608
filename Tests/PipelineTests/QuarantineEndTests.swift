import ChangeModel
import CollectionStore
import Pipeline
import SQLiteKit
import Testing

/// How the quarantine of a record ends.
@Suite struct QuarantineEndTests {
  private let broken = #"{"broken": }"#

  private func line(_ id: Int, count: Int?) -> String {
    LogRecord.insert(id, "a", at: id * 10, count: count).json
  }

  /// A replay of a file whose second record is broken.
  private func broken(counts: Bool) async throws -> RunBench {
    let bench = try RunBench()
    try bench.place(
      "t_1.json", [line(1, count: counts ? 1 : nil), broken, line(3, count: counts ? 3 : nil)])
    let summary = try await bench.replay()
    #expect(summary.quarantined == 1 && !summary.isComplete)
    #expect(summary.quarantinedRecords.map(\.file) == [bench.drop("t_1.json")])
    #expect(summary.quarantinedRecords.map(\.recordIndex) == [1])
    return bench
  }

  private func mend(_ bench: RunBench, counts: Bool) throws {
    try bench.place("t_1.json", (1...3).map { line($0, count: counts ? $0 : nil) })
  }

  /// Of each record that was set aside, whether it is resolved.
  private func entries(_ bench: RunBench) throws -> [Bool] {
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    let statement = try store.connection.prepare("SELECT is_resolved FROM _resequel_quarantine")
    var entries: [Bool] = []
    while try statement.step() { entries.append(statement.integer(0) != 0) }
    return entries
  }

  // Prevents an alarm that nobody can end, though all that was missing has come.
  @Test func `it ends when the file comes again whole, as the counts show`() async throws {
    let bench = try await broken(counts: true)
    try mend(bench, counts: true)
    let summary = try await bench.replay()
    #expect(summary.quarantined == 0 && summary.isComplete)
    // What was set aside is kept.
    #expect(try entries(bench) == [true])
  }

  // Prevents a name that is used again for other changes from ending it: then the record is lost.
  @Test func `it stays where nothing shows that the file is the same batch`() async throws {
    let bench = try await broken(counts: false)
    try mend(bench, counts: false)
    #expect(try await bench.replay().quarantined == 1)
    let other = try await broken(counts: true)
    try other.place("t_1.json", (4...6).map { line($0, count: $0) })
    #expect(try await other.replay().quarantined == 1)
  }

  // Prevents a superseded file from counting in the quarantine and nowhere else.
  @Test func `it ends when the file is superseded`() async throws {
    let bench = try await broken(counts: false)
    try mend(bench, counts: false)
    var superseding = bench.configuration
    superseding.onModified = .supersede
    let summary = try await bench.replay(superseding)
    #expect(summary.quarantined == 0 && summary.isComplete)
    #expect(try entries(bench) == [true])
  }

  // Prevents a file whose new content was added first from standing in the way for ever.
  @Test func `a rebuild supersedes the old content of files, where that is asked for`() async throws
  {
    let bench = try await broken(counts: false)
    try mend(bench, counts: false)
    #expect(try await bench.replay().quarantined == 1)
    var superseding = bench.configuration
    superseding.onModified = .supersede
    let summary = try await bench.replay(superseding, rebuild: "t")
    #expect(summary.quarantined == 0 && summary.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 a", "3 a"])
  }

  // Prevents a record that is in the table from being told as set aside.
  @Test func `it ends when a rebuild can use the record`() async throws {
    let bench = try RunBench()
    try bench.place(
      "t_1.json", [line(1, count: 1), LogRecord.update(1, "b", at: 20, count: 2).json])
    var appended = bench.configuration
    appended.keys = [("t", .append)]
    #expect(try await bench.replay(appended).quarantined == 1)
    let summary = try await bench.replay(rebuild: "t")
    #expect(summary.quarantined == 0 && summary.isComplete)
    #expect(try bench.rows("t") == ["1 b"])
    // And it is set aside again where that is undone.
    #expect(try await bench.replay(appended, rebuild: "t").quarantined == 1)
  }

  // Prevents a person from having to know how tables hang together, to find a record.
  @Test func `a view tells path, place and reason of what counts`() async throws {
    let bench = try await broken(counts: true)
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    let view = try store.connection.prepare(
      "SELECT path, byte_offset, record_index, reason FROM _resequel_quarantined")
    #expect(try view.step())
    #expect(view.text(0) == bench.drop("t_1.json"))
    #expect(view.integer(1) == Int64(line(1, count: 1).utf8.count + 1) && view.integer(2) == 1)
    #expect(view.text(3) == "malformed JSON: a value is missing")
  }
}
