import ChangeModel
import CollectionStore
import Pipeline
import SourceWorld
import Testing

/// What is committed apart though the source committed it together is counted.
@Suite struct SplitTransactionTests {
  /// Two tables whose transactions 20 and 30 are in both; 40 only in `u`. `t_2.json` is missing
  /// before `t_3.json`.
  private static let parts: [String: [LogRecord]] = [
    "t_1.json": [.ase(1, "a", transaction: 10, row: 11, count: 1)],
    "t_2.json": [.ase(2, "b", transaction: 12, row: 13, count: 2)],
    "t_3.json": [
      .ase(3, "c", transaction: 20, row: 21, count: 3),
      .ase(4, "d", transaction: 30, row: 31, count: 4),
    ],
    "u_1.json": [.ase(1, "a", transaction: 20, row: 22, count: 1, table: "u")],
    "u_2.json": [
      .ase(2, "b", transaction: 30, row: 32, count: 2, table: "u"),
      .ase(3, "c", transaction: 40, row: 41, count: 3, table: "u"),
    ],
  ]

  private static func place(_ names: [String], in bench: LogBench) async throws {
    try await bench.sync(parts.filter { names.contains($0.key) })
    bench.advance(seconds: 10)
    try await bench.sync()
  }

  private static func split(_ bench: LogBench) throws -> [String: Int] {
    let report = try bench.status()
    let tables =
      report.collections.map { ($0.collection.source, $0.collection.name) }
      + report.held.map { ($0.source, $0.name) }
    var counts = ["all": report.split.count]
    for (source, name) in tables { counts[name] = report.splitByTable[source]?.count }
    #expect(report.split.isExact)
    return counts
  }

  // Prevents half a transaction from showing without a word, whichever half came first.
  @Test func `a transaction that waits behind a gap here and is applied there is split`()
    async throws
  {
    let orders = [
      [["t_1.json", "t_3.json"], ["u_1.json", "u_2.json"]],
      [["u_1.json", "u_2.json"], ["t_1.json"], ["t_3.json"]],
      [["u_2.json"], ["t_1.json", "t_3.json", "u_1.json"]],
      [["t_1.json", "t_3.json", "u_1.json", "u_2.json"]],
    ]
    for order in orders {
      let bench = try LogBench()
      for names in order { try await Self.place(names, in: bench) }
      #expect(try Self.split(bench) == ["all": 2, "t": 2], "\(order)")
      try await bench.restart()
      try await bench.sync()
      #expect(try Self.split(bench) == ["all": 2, "t": 2], "\(order)")
      try await Self.place(["t_2.json"], in: bench)
      #expect(try Self.split(bench) == ["all": 0], "\(order)")
    }
  }

  // Prevents a split from being told for ever.
  @Test func `a transaction is not split any longer when its other part is provisional`()
    async throws
  {
    let bench = try LogBench(gapWait: .seconds(60))
    try await Self.place(["t_1.json", "t_3.json", "u_1.json"], in: bench)
    #expect(try Self.split(bench) == ["all": 1, "t": 1])
    bench.advance(seconds: 60)
    try await bench.sync()
    #expect(try Self.split(bench) == ["all": 0])
  }

  // Prevents a table without a key from hiding that it holds transactions back.
  @Test func `a transaction is split while its other part is held, and not where it is left out`()
    async throws
  {
    let bench = try LogBench()
    bench.configuration.keys = [("t", .columns(["id"]))]
    try await Self.place(["t_1.json", "t_2.json", "t_3.json", "u_1.json", "u_2.json"], in: bench)
    #expect(try Self.split(bench) == ["all": 2, "u": 2])
    try await bench.restart()
    bench.configuration.keys = [("*", .columns(["id"]))]
    try await bench.sync()
    #expect(try bench.rows("u")?.count == 3)
    #expect(try Self.split(bench) == ["all": 0])

    let other = try LogBench()
    other.configuration.skip = ["u"]
    try await Self.place(["t_1.json", "t_2.json", "t_3.json", "u_1.json", "u_2.json"], in: other)
    #expect(try Self.split(other) == ["all": 0])
  }

  // Prevents the half of a file that is applied from passing for one that waits.
  @Test func `of a file that waits in part each transaction is known to wait or to be applied`()
    async throws
  {
    let bench = try LogBench()
    bench.configuration.keys = [("t", .columns(["id"]))]
    func change(_ count: Int, _ transaction: Int) -> LogRecord {
      .ase(count, "a", transaction: transaction, row: 100 + count, count: count)
    }
    // Two writers take turns; the counts 5 and 6 are in the second one's missing file. So of the
    // first one's file two changes are applied, and one waits: a part of a transaction.
    try await bench.sync([
      "a_1.json": [change(1, 10), change(3, 20), change(7, 20)],
      "b_1.json": [change(2, 15), change(4, 25)], "b_3.json": [change(8, 30)],
      "u_1.json": [10, 20, 30].enumerated().map { index, transaction in
        .ase(
          index, "a", transaction: transaction, row: 200 + index, count: index + 1, table: "u")
      },
    ])
    bench.advance(seconds: 10)
    try await bench.sync()
    #expect(try bench.rows()?.count == 4)
    // 30 waits in both tables; of 20 a part is applied in t, though another waits there.
    #expect(try Self.split(bench) == ["all": 2, "u": 2])
  }

  // Prevents what a file held before it grew from being forgotten.
  @Test func `a file that grows keeps its transactions`() async throws {
    let bench = try LogBench()
    bench.configuration.keys = [("t", .columns(["id"]))]
    let t: [LogRecord] = [
      .ase(1, "a", transaction: 20, row: 21, count: 1),
      .ase(2, "b", transaction: 30, row: 31, count: 2),
    ]
    try await bench.sync([
      "t_1.json": Array(t.prefix(1)),
      "u_1.json": [
        .ase(1, "a", transaction: 20, row: 22, count: 1, table: "u"),
        .ase(2, "a", transaction: 30, row: 32, count: 2, table: "u"),
      ],
    ])
    bench.advance(seconds: 10)
    try await bench.sync()
    #expect(try Self.split(bench) == ["all": 1, "u": 1])
    try await bench.sync(["t_1.json": t])
    bench.advance(seconds: 10)
    try await bench.sync()
    #expect(try Self.split(bench) == ["all": 2, "u": 2])
  }

  // Prevents a count that is right only in the orders of arrival that somebody thought of. Every
  // change is an insert, so that the rows themselves tell which are applied.
  @Test func `in random deliveries exactly the transactions are split whose rows show it`()
    async throws
  {
    var splitCount = 0
    for seed in UInt64(1)...40 {
      var random = SeededRandom(seed: seed)
      let world = SplitWorld(&random)
      let bench = try LogBench(gapWait: nil)
      bench.configuration.keys = SplitWorld.tables.filter { $0 != world.heldTable }
        .map { ($0, .columns(["id"])) }
      var names = world.files.keys.sorted()
      random.shuffle(&names)
      var delivered: [String] = []
      for name in names where random.chance(80) {
        delivered.append(name)
        if random.chance(35) { continue }
        let files = world.files.filter { delivered.contains($0.key) }
        try await bench.sync(files)
        if random.chance(25) { try await bench.restart() }
        bench.advance(seconds: 10)
        try await bench.sync()
        let expected = try world.split(files, in: bench)
        #expect(try Self.split(bench) == expected, "seed \(seed): \(delivered)")
        splitCount += expected["all"] ?? 0
      }
    }
    #expect(splitCount > 100, "the worlds hardly split anything")
  }
}
