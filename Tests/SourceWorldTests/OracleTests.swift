import SourceWorld
import Testing

/// The oracle's word on histories with holes, which no live source has.
@Suite struct OracleTests {
  private let world: World
  private let key: Int
  private let first: Int
  private let second: Int

  init() throws {
    var plan = WorldPlan(seed: 8)
    plan.tableCount = 1
    plan.keys = .single
    plan.valueColumns = 2...2
    world = World(plan)
    let table = world.tables[0]
    key = table.keyColumns[0]
    let values = table.columns.indices.filter { $0 != table.keyColumns[0] }
    (first, second) = (values[0], values[1])
  }

  /// A record whose value columns are as given: nil is not mentioned, zero is NULL.
  private func event(
    _ operation: LogOperation, _ from: Int, to: Int? = nil, _ firstCell: Cell? = nil,
    _ secondCell: Cell? = nil, unchanged: Bool = false
  ) -> LogEvent {
    var event = LogEvent()
    event.operation = operation
    event.key = from
    event.newKey = to ?? from
    event.exists = [0, 0, 0]
    event.before = [0, 0, 0]
    event.after = [0, 0, 0]
    for (column, cell) in [(first, firstCell), (second, secondCell)] {
      guard let cell else { continue }
      event.exists[column] = unchanged ? 2 : 1
      if unchanged { event.before[column] = cell } else { event.after[column] = cell }
    }
    event.time = 7
    return event
  }

  private func rows(_ events: [LogEvent], present: [Int]? = nil) -> [[String?]] {
    let oracle = Oracle(world: world, events: events)
    let table = oracle.tables(present: present ?? Array(events.indices))[world.tables[0].name]
    return
      (table?.rows.values.map { row in
        let cells = row.cells.cells
        return [cells[key], cells[first], cells[second], row.eventTime.map { String($0) }]
      } ?? []).sorted { ($0[0] ?? "") < ($1[0] ?? "") }
  }

  private func row(_ number: Int, _ one: Cell, _ two: Cell, _ time: String?) -> [String?] {
    func text(_ cell: Cell, _ column: Int) -> String? {
      world.text(of: cell, table: 0, column: column).map { String(decoding: $0, as: UTF8.self) }
    }
    return [text(UInt64(number) + 1, key), text(one, first), text(two, second), time]
  }

  private let a: Cell = 0x1234_5678_9ABC_DEF1
  private let b: Cell = 0x0FED_CBA9_8765_4321

  // Prevents: an oracle that takes an update for an insert, or drops it.
  @Test func `an update on a key never seen makes a row of what it knows`() {
    #expect(rows([event(.update, 0, a)]) == [row(0, a, 0, nil)])
    #expect(rows([event(.update, 0, a, b, unchanged: true)]) == [row(0, a, b, nil)])
  }

  // Prevents: values of an earlier life.
  @Test func `an insert begins anew`() {
    #expect(rows([event(.insert, 0, a, b), event(.insert, 0, a)]) == [row(0, a, 0, "7000")])
    let reborn = [event(.insert, 0, a, b), event(.delete, 0), event(.update, 0, a)]
    #expect(rows(reborn) == [row(0, a, 0, nil)])
  }

  // Prevents: taking absence for NULL.
  @Test func `absent keeps and NULL is stored`() {
    #expect(
      rows([event(.insert, 0, a, b), event(.update, 0, nil, 0)]) == [row(0, a, 0, "7000")])
  }

  // Prevents: a moved row that loses what the move does not name, or keeps what stood there.
  @Test func `a move takes the live row along`() {
    let taken = [
      event(.insert, 0, a, b), event(.insert, 1, b, b), event(.update, 0, to: 1, nil, a),
    ]
    #expect(rows(taken) == [row(1, a, a, "7000")])
  }

  // Prevents: a floor where nothing is known.
  @Test func `a move from nowhere is an update of the new key`() {
    let moved = [event(.insert, 1, a, b), event(.update, 0, to: 1, b)]
    #expect(rows(moved) == [row(1, b, b, "7000")])
    #expect(rows([event(.update, 0, to: 1, b)]) == [row(1, b, 0, nil)])
  }

  // Prevents: rows of the snapshot with the time of something else.
  @Test func `rows of the snapshot have no time`() {
    var snapshot = event(.insert, 0, a, b)
    snapshot.isSnapshot = true
    #expect(rows([snapshot, event(.update, 0, b)]) == [row(0, b, b, nil)])
  }

  // Prevents: an order of arrival in the one place that must not have one.
  @Test func `present records count once and in the order of the log`() {
    let events = [event(.insert, 0, a, b), event(.update, 0, b), event(.delete, 0)]
    #expect(rows(events, present: [2, 1, 0, 1]).isEmpty)
    #expect(rows(events, present: [1, 1, 0]) == [row(0, b, b, "7000")])
  }
}

@Suite struct LawCaseTests {
  // Prevents: a measure of `status` that is empty whatever is missing. Counted by hand here: the
  // records of the files that are left out, between those that are there.
  @Test func `what is missing is named by count and file`() throws {
    let law = try #require(LawCase.all(seed: 3).first)
    let world = World(law.world)
    let bucket = Bucket(world: world, plan: law.bucket)
    let oracle = Oracle(world: world)
    let sizes = bucket.files.map(\.events.count)
    let missing = oracle.missing(of: 0, present: [1, 4], in: bucket)
    let first = sizes[0] + sizes[1] + 1
    #expect(missing.counts == [first...first + sizes[2] + sizes[3] - 1])
    #expect(missing.files == [2, 3])
    #expect(oracle.missing(of: 0, present: [2, 3], in: bucket) == MissingRecords())
  }

  // Prevents: cases that any order of arrival gets right.
  @Test func `each case has six files whose order matters`() {
    for seed in 1...20 as ClosedRange<UInt64> {
      for law in LawCase.all(seed: seed) {
        let world = World(law.world)
        let bucket = Bucket(world: world, plan: law.bucket)
        #expect(bucket.files.count == 6, "\(law), seed \(seed)")
        let oracle = Oracle(world: world)
        let inOrder = oracle.tables(files: bucket.files.indices, of: bucket)
        let backwards = bucket.files.reversed().flatMap(\.events).map { oracle.events[$0] }
        let naive = Oracle(world: world, events: backwards)
          .tables(present: backwards.indices)
        // Written twice, the oldest is also the newest; and times order keys that nodes share.
        if law.bucket.reemitsLog || law.world.nodesShareKeys { continue }
        #expect(inOrder != naive, "\(law), seed \(seed)")
      }
    }
  }
}
