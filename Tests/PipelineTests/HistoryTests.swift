import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import Testing

/// Histories: the torture test's scenarios (the column of histories), and what switches them.
@Suite struct HistoryTests {
  // Scenario 2. Prevents a late change from being known only to the current row.
  @Test func `a late change gets its place below what came before it`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 12 1 status=ACTIVE")
    try await bench.bring("U 10 1 status=PENDING")
    #expect(try await bench.query("SELECT status FROM c") == ["ACTIVE"])
    #expect(
      try await bench.versions() == ["1 PENDING [1/10/1,1/12/1)", "1 ACTIVE [1/12/1,-)"])
  }

  // Scenario 6. Prevents a change between an update and a delete from bringing the row back.
  @Test func `a late change below a delete makes a version and no row`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 17 1 status=ACTIVE")
    try await bench.bring("D 20 1")
    try await bench.bring("U 18 1 status=SUSPENDED")
    #expect(try await bench.query("SELECT * FROM c") == [])
    #expect(
      try await bench.versions()
        == ["1 ACTIVE [1/17/1,1/18/1)", "1 SUSPENDED [1/18/1,1/20/1)"])
  }

  // Scenario 7. Prevents repeats from making noise: not one stored version is touched by them.
  @Test func `five changes and all of them again make four versions`() async throws {
    var bench = try await HistoryBench()
    let changes = ["I 10 1 status=A", "U 20 1 status=B", "U 30 1 status=C", "U 40 1 status=D"]
    for change in changes { try await bench.bring(change) }
    try await bench.bring("D 50 1")
    let all = "SELECT * FROM _resequel_history_c ORDER BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
    let before = try await bench.query(all)
    for change in changes + ["D 50 1"] { try await bench.bring(change) }
    #expect(try await bench.query("SELECT * FROM c") == [])
    #expect(
      try await bench.versions() == [
        "1 A [1/10/1,1/20/1)", "1 B [1/20/1,1/30/1)", "1 C [1/30/1,1/40/1)",
        "1 D [1/40/1,1/50/1)",
      ])
    let after = try await bench.query(all)
    #expect(
      before.map { $0.split(separator: " ").dropLast() }
        == after.map { $0.split(separator: " ").dropLast() }, "all but _file")
  }

  // Scenario 8. Prevents a column that changes all the time from drowning the others.
  @Test(arguments: [HistoryRule(), HistoryRule(except: ["last_synced_at"])])
  func `fifty changes of a column that is excepted make no version`(_ rule: HistoryRule)
    async throws
  {
    var bench = try await HistoryBench(rule)
    try await bench.bring("I 100 1 status=ACTIVE last_synced_at=0")
    for index in 1...50 {
      try await bench.bring("U \(100 + index) 1 last_synced_at=\(index)")
    }
    #expect(try await bench.query("SELECT last_synced_at FROM c") == ["50"])
    let count = rule.except.isEmpty ? 51 : 1
    #expect(try await bench.versions().count == count)
    if count == 1 {
      #expect(
        try await bench.versions("status, last_synced_at") == ["1 ACTIVE 0 [1/100/1,-)"])
    }
  }

  // Scenario 9. Prevents one time from standing for both: when it held, and when that was known.
  @Test func `each change closes what was believed before it`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 1000 1 status=PENDING")
    try await bench.bring("U 1002 1 status=ACTIVE")
    try await bench.bring("U 1004 1 status=SUSPENDED")
    let rows = try await bench.query(
      """
      SELECT status, _valid_from_time / 1000000, _valid_to_time / 1000000,
        dense_rank() OVER (ORDER BY _known_from),
        (SELECT count(DISTINCT _known_from) FROM _resequel_history_c AS o
          WHERE o._known_from < h._known_to)
        FROM _resequel_history_c AS h ORDER BY _known_from, _valid_from_time
      """)
    // The last column: how many of the three moments had come when it was given up; 0 for never.
    #expect(
      rows == [
        "PENDING 1000 - 1 1", "PENDING 1000 1002 2 0", "ACTIVE 1002 - 2 2",
        "ACTIVE 1002 1004 3 0", "SUSPENDED 1004 - 3 0",
      ])
    #expect(try await bench.versions().count == 3)
  }

  // Prevents a moved row from losing its past, or from keeping two lives.
  @Test func `a change of the key ends one row's version and begins the other's`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A city=X")
    try await bench.bring("M 30 1>2 status=B")
    #expect(
      try await bench.versions("status, city")
        == ["1 A X [1/10/1,1/30/1)", "2 B X [1/30/1,-)"])
    // A change from below the move comes late: both halves are told anew.
    try await bench.bring("U 20 1 city=Y")
    #expect(
      try await bench.versions("status, city") == [
        "1 A X [1/10/1,1/20/1)", "1 A Y [1/20/1,1/30/1)", "2 B Y [1/30/1,-)",
      ])
    #expect(try await bench.query("SELECT id, status, city FROM c") == ["2 B Y"])
  }

  // Prevents a column that comes later from breaking the versions before it.
  @Test func `a column that comes later is NULL in older versions`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A")
    try await bench.bring("U 20 1 phone=5")
    #expect(
      try await bench.versions("status, phone") == ["1 A - [1/10/1,1/20/1)", "1 A 5 [1/20/1,-)"])
  }

  // Prevents a history that begins with what comes next, and hides what was before.
  @Test func `a history that is switched on later begins with the first file`() async throws {
    var bench = try await HistoryBench(nil)
    try await bench.bring("I 10 1 status=A", "U 20 1 status=B")
    #expect(try await bench.query("SELECT count(*) FROM _resequel_changes") == ["0"])
    try await bench.set(HistoryRule())
    try await bench.ingest()
    #expect(try await bench.versions() == ["1 A [1/10/1,1/20/1)", "1 B [1/20/1,-)"])
    #expect(try await bench.query("SELECT status FROM c") == ["B"])
  }

  // Prevents a history with a hole in it that nobody was told of.
  @Test func `a history waits for the files of its past, and the collection goes on`() async throws
  {
    var bench = try await HistoryBench(nil)
    try await bench.bring("I 10 1 status=A", name: "c_1.json")
    try await bench.bring("U 20 1 status=B", name: "c_2.json")
    try await bench.set(HistoryRule())
    rename(bench.path("c_1.json"), "\(bench.directory.path)/kept")
    let without = try await bench.bring("U 30 1 status=C", name: "c_3.json")
    #expect(!without.isComplete)
    #expect(without.failedFiles.map(\.cause).contains { $0.contains("history of c needs") })
    #expect(try await bench.query("SELECT status FROM c") == ["C"])
    #expect(try await bench.query("SELECT count(*) FROM _resequel_changes") == ["0"])
    rename("\(bench.directory.path)/kept", bench.path("c_1.json"))
    #expect(try await bench.ingest().isComplete)
    #expect(
      try await bench.versions()
        == ["1 A [1/10/1,1/20/1)", "1 B [1/20/1,1/30/1)", "1 C [1/30/1,-)"])
  }

  // Prevents what came while the history was off from missing in it when it is on again.
  @Test func `a history that was off for a while has what came meanwhile`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A")
    let first = try await bench.query("SELECT _known_from FROM _resequel_history_c")
    try await bench.set(nil)
    try await bench.bring("U 20 1 status=B")
    #expect(try await bench.versions() == ["1 A [1/10/1,-)"])
    #expect(try await bench.query("SELECT is_kept FROM _resequel_histories") == ["0"])
    try await bench.set(HistoryRule())
    try await bench.bring("U 30 1 status=C")
    #expect(
      try await bench.versions()
        == ["1 A [1/10/1,1/20/1)", "1 B [1/20/1,1/30/1)", "1 C [1/30/1,-)"])
    // What was known before is known to have been.
    #expect(
      try await bench.query("SELECT min(_known_from) FROM _resequel_history_c") == first)
  }

  // Prevents a rebuild from making everything look as if it had become known just now.
  @Test func `a rebuild leaves versions that are true as they are`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A")
    try await bench.bring("U 20 1 status=B", "I 21 2 status=X")
    let all = "SELECT * FROM _resequel_history_c ORDER BY _id, _known_from, _valid_from_time"
    let changes = "SELECT _id, position, known_at FROM _resequel_changes ORDER BY 1, 2"
    let before = (try await bench.query(all), try await bench.query(changes))
    try await bench.ingest(rebuild: "c")
    #expect(try await bench.query(all) == before.0)
    #expect(try await bench.query(changes) == before.1)
  }

  // Prevents rows that only a superseded file knew from staying in what is known now.
  @Test func `a superseded file's versions are known no longer`() async throws {
    var bench = try await HistoryBench()
    bench.configuration.onModified = .supersede
    try await bench.set(HistoryRule())
    try await bench.bring("I 10 1 status=A", "I 11 2 status=B", name: "c_1.json")
    try await bench.bring("I 10 1 status=A", "I 12 3 status=C", "U 13 3 status=D", name: "c_1.json")
    #expect(
      try await bench.versions()
        == ["1 A [1/10/1,-)", "3 C [1/12/1,1/13/1)", "3 D [1/13/1,-)"])
    #expect(
      try await bench.query(
        "SELECT _id, status FROM _resequel_history_c WHERE _known_to IS NOT NULL") == ["2 B"])
  }

  // Prevents a list of columns that only counts from the next change on.
  @Test func `other columns that make versions change the past too, without its files`()
    async throws
  {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A city=X", "U 20 1 city=Y", "U 30 1 status=B")
    #expect(try await bench.versions().count == 3)
    unlink(bench.path("c_1.json"))
    try await bench.set(HistoryRule(except: ["city"]))
    try await bench.ingest()
    #expect(
      try await bench.versions("status, city")
        == ["1 A X [1/10/1,1/30/1)", "1 B Y [1/30/1,-)"])
  }

  // Prevents a late change of a moved row from waiting for a file that the history makes needless.
  @Test func `moved rows are repaired from the history when files are gone`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A city=X", name: "c_1.json")
    try await bench.bring("M 30 1>2 status=B", name: "c_3.json")
    unlink(bench.path("c_1.json"))
    let late = try await bench.bring("U 20 1 city=Y", name: "c_2.json")
    #expect(late.held.isEmpty)
    #expect(try await bench.query("SELECT id, status, city FROM c") == ["2 B Y"])
  }

  // Prevents rows that cannot be told apart from having versions that cannot either.
  @Test func `a table without a key can have no history`() async throws {
    var bench = try await HistoryBench()
    bench.configuration.keys = [("c", .wholeRow)]
    try await bench.set(HistoryRule())
    await #expect(throws: IngestError.self) { try await bench.bring("I 10 1 status=A") }
    #expect(try await bench.query("SELECT count(*) FROM _resequel_collections") == ["0"])
    #expect(throws: IngestError.self) {
      try ConfigurationFile.parse(
        "collections: {c: {key: \"@append\", history: true}}", name: "r.yaml")
    }
  }

  // Prevents two columns of one name in the view.
  @Test func `a column named like one of the history's is refused`() async throws {
    var bench = try await HistoryBench()
    await #expect(throws: IngestError.self) {
      try await bench.bring("I 10 1 status=A _Valid_From=x")
    }
  }

  // Prevents two changes at one place, of which the source never had the first, from both being
  // versions.
  @Test func `a change that lost a conflict makes no version`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=A", name: "c_1.json")
    try await bench.bring("U 20 1 status=B", name: "c_2.json")
    try await bench.bring("U 20 1 status=C", name: "c_3.json")
    #expect(try await bench.query("SELECT status FROM c") == ["C"])
    #expect(try await bench.versions() == ["1 A [1/10/1,1/20/1)", "1 C [1/20/1,-)"])
  }
}
