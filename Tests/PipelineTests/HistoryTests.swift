import ChangeModel
import CollectionStore
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
}
