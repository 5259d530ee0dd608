import CollectionStore
import Pipeline
import SourceWorld
import Testing

/// The nine scenarios, in all their configurations, of ivanvyd/lakeflow-auto-cdc-torture-test, over
/// which Databricks AUTO CDC ended green every time and wrong in five of eighteen.
///
/// Each event is a file of its own. The files are delivered in every order, and the rows and their
/// history must be the same after each.
@Suite struct TortureTests {
  /// What a delivery left behind.
  private struct Outcome: Hashable {
    /// The rows of the customers: `id` and the columns that were asked for.
    var rows: [String]
    /// The versions of the rows, each with where in the log it held.
    var versions: [String]
    /// What of the summary or the store a person must look at.
    var conflicts: Int
    var isComplete: Bool
  }

  /// Delivers events, one a file, in every ordered partition into calls; more than four of them
  /// only one by one, and all at once.
  ///
  /// - Returns: what all of them left; differences are recorded as issues.
  private func deliver(
    _ events: [String], columns: String = "status", history: HistoryRule = HistoryRule()
  ) async throws -> Outcome {
    var first: Outcome?
    for partition in orderedPartitions(of: events.count)
    where events.count <= 4 || [1, events.count].contains(partition.count) {
      var bench = try await HistoryBench(history)
      for call in partition {
        for event in call { try bench.place([events[event]], name: "c_\(event + 1).json") }
        try await bench.ingest()
      }
      let outcome = try await outcome(of: bench, columns: columns)
      #expect(
        first == nil || outcome == first,
        "\(partition): \(outcome), not \(String(describing: first))")
      first = first ?? outcome
    }
    return try #require(first)
  }

  private func outcome(of bench: HistoryBench, columns: String) async throws -> Outcome {
    var summary = RunSummary()
    try await bench.session.complete(&summary)
    return Outcome(
      rows: try await bench.query("SELECT _id, \(columns) FROM c ORDER BY _id"),
      versions: try await bench.versions(columns),
      conflicts: summary.conflicts.reduce(0) { $0 + $1.overview.count },
      isComplete: summary.isComplete)
  }

  // 1A. Prevents a repeat within one load from making a second row or version.
  @Test func `1A an event that stands twice in a load is one row, and counted as a duplicate`()
    async throws
  {
    for files in [["c_1.json"], ["c_1.json", "c_2.json"]] {
      var bench = try await HistoryBench()
      for name in files {
        let copies = files.count == 1 ? 2 : 1
        // Another event beside it, or the second file would be a mere copy of the first.
        let other = "I \(name == "c_1.json" ? 20 : 30) \(name == "c_1.json" ? 2 : 3) status=NEW"
        try bench.place(
          Array(repeating: "I 10 1 status=ACTIVE", count: copies) + [other], name: name)
      }
      let summary = try await bench.ingest()
      #expect(summary.duplicates == 1)
      #expect(try await bench.query("SELECT status FROM c WHERE _id = '1'") == ["ACTIVE"])
      #expect(try await bench.versions().first == "1 ACTIVE [1/10/1,-)")
      #expect(try await bench.versions().count == 1 + files.count)
    }
  }

  // 1B. Prevents a repeat after the load from looking like news.
  @Test func `1B an event that comes again after its load changes nothing`() async throws {
    var bench = try await HistoryBench()
    try await bench.bring("I 10 1 status=ACTIVE")
    let before = try await bench.query("SELECT * FROM _resequel_history_c")
    // The same bytes under another name, then the same record among others.
    #expect(try await bench.bring("I 10 1 status=ACTIVE").duplicates == 1)
    #expect(try await bench.bring("I 10 1 status=ACTIVE", "I 20 2 status=NEW").duplicates == 1)
    #expect(try await bench.query("SELECT status FROM c") == ["ACTIVE", "NEW"])
    let after = try await bench.query("SELECT * FROM _resequel_history_c WHERE _id = '1'")
    #expect(Self.withoutFile(after) == Self.withoutFile(before))
  }

  // 2. Prevents the last to arrive from winning, and a repair that leaves no trace.
  @Test func `2 an event that comes late stays behind the newer one, and its repair is logged`()
    async throws
  {
    let outcome = try await deliver(["I 12 1 status=ACTIVE", "U 10 1 status=PENDING city=Ankara"])
    #expect(outcome.rows == ["1 ACTIVE"])
    #expect(outcome.versions == ["1 PENDING [1/10/1,1/12/1)", "1 ACTIVE [1/12/1,-)"])
    #expect(outcome.conflicts == 0 && outcome.isComplete)
    var bench = try await HistoryBench()
    try await bench.bring("U 12 1 status=ACTIVE")
    let summary = try await bench.bring("I 10 1 status=PENDING city=Ankara")
    #expect(summary.rowsRepaired == 1)
    #expect(try await bench.query("SELECT status, city FROM c") == ["ACTIVE Ankara"])
    #expect(
      try await bench.query("SELECT kind, text FROM _resequel_events")
        == ["repair c: \(bench.path("c_2.json")) came late and repaired 1 row"])
  }

  // 3A. Prevents a tie from being decided by arrival, and in silence.
  @Test func `3A of two states at one place the same one wins in every order, and it is told`()
    async throws
  {
    let outcome = try await deliver(["I 10 1 status=ACTIVE", "I 10 1 status=SUSPENDED"])
    #expect(outcome.rows == ["1 SUSPENDED"])
    #expect(outcome.versions == ["1 SUSPENDED [1/10/1,-)"])
    #expect(outcome.conflicts == 1 && !outcome.isComplete)
  }

  // 3B, 3C. Prevents a finer order that the source gives from needing a switch.
  @Test func `3B and 3C a finer place in the log breaks the tie without being configured`()
    async throws
  {
    let outcome = try await deliver(["I 10/2 1 status=SUSPENDED", "I 10/1 1 status=ACTIVE"])
    #expect(outcome.rows == ["1 SUSPENDED"])
    #expect(outcome.versions == ["1 ACTIVE [1/10/1,1/10/2)", "1 SUSPENDED [1/10/2,-)"])
    #expect(outcome.conflicts == 0 && outcome.isComplete)
  }

  // 4A. Prevents an order by arrival: the one setting that is always wrong is none.
  @Test(arguments: ["arrival", "modified", "received"])
  func `4A arrival cannot be configured as an order`(order: String) {
    #expect(throws: (any Error).self) {
      try ConfigurationFile.parse("collections:\n  c: {order: \(order)}\n", name: "r.yaml")
    }
  }

  // 4B. Prevents the time of arrival from counting where the source's place is known.
  @Test func `4B what the source did first is older, whenever it arrives`() async throws {
    // 10:05 in the log, then what it did at 10:00.
    let outcome = try await deliver(["I 36300 1 status=SUSPENDED", "I 36000 1 status=ACTIVE"])
    #expect(outcome.rows == ["1 SUSPENDED"])
    #expect(
      outcome.versions
        == ["1 ACTIVE [1/36000/1,1/36300/1)", "1 SUSPENDED [1/36300/1,-)"])
    #expect(outcome.isComplete)
  }

  // 5A. Prevents a column that an update does not name from becoming NULL.
  @Test(arguments: ["U 20 1 city=Istanbul", "U 20 1 city=Istanbul email"])
  func `5A a column that is absent keeps its value`(update: String) async throws {
    let outcome = try await deliver(
      ["I 10 1 city=Ankara email=a@x", update], columns: "city, email")
    #expect(outcome.rows == ["1 Istanbul a@x"])
    #expect(
      outcome.versions
        == ["1 Ankara a@x [1/10/1,1/20/1)", "1 Istanbul a@x [1/20/1,-)"])
  }

  // 5B. Prevents the switch that keeps absent columns from losing the NULLs that were meant.
  @Test func `5B a NULL that is present is stored, with the same settings`() async throws {
    let outcome = try await deliver(
      ["I 10 1 city=Ankara email=a@x", "U 20 1 city=Istanbul email=NULL"], columns: "city, email")
    #expect(outcome.rows == ["1 Istanbul -"])
    #expect(
      outcome.versions == ["1 Ankara a@x [1/10/1,1/20/1)", "1 Istanbul - [1/20/1,-)"])
  }

  // 6. Prevents an update that comes after its row's delete from bringing the row back.
  @Test func `6 an update from before a delete makes no row, however late it comes`() async throws {
    let outcome = try await deliver(
      ["I 17 1 status=ACTIVE", "D 20 1", "U 18 1 status=SUSPENDED"])
    #expect(outcome.rows == [])
    #expect(
      outcome.versions == ["1 ACTIVE [1/17/1,1/18/1)", "1 SUSPENDED [1/18/1,1/20/1)"])
    #expect(outcome.isComplete)
  }

  // 7. Prevents a whole life that is played again from being lived again.
  @Test func `7 a whole life delivered twice leaves no row and four closed versions`()
    async throws
  {
    let life = [
      "I 10 1 status=A", "U 20 1 status=B", "U 30 1 status=C", "U 40 1 status=D", "D 50 1",
    ]
    let outcome = try await deliver(life)
    #expect(outcome.rows == [])
    let versions = [
      "1 A [1/10/1,1/20/1)", "1 B [1/20/1,1/30/1)", "1 C [1/30/1,1/40/1)", "1 D [1/40/1,1/50/1)",
    ]
    #expect(outcome.versions == versions && outcome.isComplete)

    var bench = try await HistoryBench()
    for event in life { try await bench.bring(event) }
    // Again, one by one, backwards; another customer beside each, or they would be mere copies.
    for (index, event) in life.reversed().enumerated() {
      try await bench.bring(event, "I \(60 + index) 2 status=X")
    }
    #expect(try await bench.query("SELECT _id FROM c") == ["2"])
    #expect(try await bench.versions().filter { $0.hasPrefix("1 ") } == versions)
  }

  // 8A. Prevents versions from being lost where nothing was excepted.
  @Test func `8A without an exception each of fifty-one changes makes a version`() async throws {
    let (bench, _) = try await synced(HistoryRule())
    #expect(try await bench.query("SELECT last_synced_at FROM c") == ["50"])
    #expect(try await bench.versions().count == 51)
  }

  // 8B. Prevents a column that changes all the time from drowning the others, or from being stale.
  @Test func `8B an excepted column makes no version, and its newest value is in the row`()
    async throws
  {
    let (bench, isComplete) = try await synced(HistoryRule(except: ["last_synced_at"]))
    #expect(try await bench.query("SELECT status, last_synced_at FROM c") == ["ACTIVE 50"])
    #expect(try await bench.versions() == ["1 ACTIVE [1/100/1,-)"])
    #expect(isComplete)
  }

  /// One insert and fifty updates, one a file, the newest first.
  private func synced(_ rule: HistoryRule) async throws -> (HistoryBench, isComplete: Bool) {
    var bench = try await HistoryBench(rule)
    for index in (1...50).reversed() {
      try await bench.bring("U \(100 + index) 1 last_synced_at=\(index)")
    }
    try await bench.bring("I 100 1 status=ACTIVE last_synced_at=0")
    var summary = RunSummary()
    try await bench.session.complete(&summary)
    return (bench, summary.isComplete)
  }

  // 9. Prevents one time from standing for both: when it held, and when that was known.
  @Test func `9 each version says when it held and when that was known`() async throws {
    let bench = try LogBench(gapWait: .zero)
    var settings = CollectionConfiguration()
    settings.history = HistoryRule()
    bench.configuration.collections["t"] = settings
    let minute: Int64 = 60
    // The bench's clock begins at 1000 s: it is made 10:01 when the first file comes.
    bench.advance(seconds: 36_060 - 1000)
    for (index, state) in ["PENDING", "ACTIVE", "SUSPENDED"].enumerated() {
      var record = LogRecord.insert(1, state, at: index + 1)
      if index > 0 { record = .update(1, state, at: index + 1) }
      record.time = (36_000 + 120 * index) * 1000
      try await bench.sync(["t_\(index + 1).json": [record]])
      bench.advance(seconds: 2 * minute)
    }
    func clock(_ column: String) -> String {
      "coalesce(time(\(column) / 1000000, 'unixepoch'), '-')"
    }
    let columns = ["_valid_from_time", "_valid_to_time", "_known_from", "_known_to"].map(clock)
    #expect(
      try bench.query(
        "SELECT v || ' ' || \(columns.joined(separator: " || ' ' || ")) FROM _resequel_history_t "
          + "ORDER BY _known_from, _valid_from_time") == [
          "PENDING 10:00:00 - 10:01:00 10:03:00",
          "PENDING 10:00:00 10:02:00 10:03:00 -",
          "ACTIVE 10:02:00 - 10:03:00 10:05:00",
          "ACTIVE 10:02:00 10:04:00 10:05:00 -",
          "SUSPENDED 10:04:00 - 10:05:00 -",
        ])
    #expect(try bench.rows() == ["1 SUSPENDED -"])
  }

  private static func withoutFile(_ rows: [String]) -> [String] {
    rows.map { $0.split(separator: " ").dropLast().joined(separator: " ") }
  }
}
