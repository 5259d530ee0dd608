public import ChangeModel
import CollectionStore
import SQLiteKit
import Testing

struct ReadingTests {
  // Prevents: a refold that starts from something else than what is stored.
  @Test func `rows and tombstones give back what they remember`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) {
      $0.addInsert("1", at: 1, file: 4, [0: "x", 1: nil])
      $0.addDelete("2", at: 2)
      $0.addUpdate("3", at: 3, file: 5, [1: "y"])
    }
    try store.merge(t) { $0.addUpdate("1", at: 6, file: 6, [0: "z"]) }
    let ids = ["1", "2", "3", "4"].map { Array($0.utf8) }
    #expect(
      try ids.map { try store.state(of: $0, collection: t.id) } == [
        RowState(last: rank(6), floor: .init(kind: .insert, rank: rank(1)), shape: [0]),
        RowState(last: rank(2), floor: .init(kind: .delete, rank: rank(2)), shape: []),
        RowState(last: rank(3), floor: nil, shape: [1]), nil,
      ])
    let first = try #require(try store.row(ids[0], collection: t.id))
    #expect(first.eventTime == 1000)
    #expect(first.file == 6)
    #expect(first.values.cells.map(\.column) == [0, 1, 2])
    #expect(first.values.cells.map(\.kind) == [.text, .null, .null])
    #expect(first.values.bytes == Array("z".utf8))
    let third = try #require(try store.row(ids[2], collection: t.id))
    #expect(third.eventTime == nil)
    #expect(third.values.cells.map(\.column) == [1])
    #expect(try store.row(ids[1], collection: t.id) == nil)
  }

  // Prevents: a refold that merges with what it was to overwrite, or leaves a tombstone behind.
  @Test func `replacing overwrites, and nothing at all forgets the key`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) {
      $0.addInsert("1", at: 9, [0: "wrong", 1: "wrong"])
      $0.addDelete("2", at: 9)
      $0.addInsert("3", at: 9, [0: "wrong"])
      $0.addInsert("4", at: 9, [0: "wrong"])
      $0.addDelete("5", at: 9)
      $0.addUpdate("6", at: 9, [0: "wrong"])
    }
    let counts = try store.merge(t, mode: .replace) {
      $0.addInsert("1", at: 1, [0: "right"])
      $0.addInsert("2", at: 2, [0: "right"])
      $0.addDelete("3", at: 3)
      $0.add("4")
      $0.add("5")
      $0.add("6")
      $0.addUpdate("7", at: 7, [2: "right"])
    }
    #expect(
      try store.query("SELECT _id, _event_time, a, b, c FROM t") == [
        "1|1000|right|-|-", "2|2000|right|-|-", "7|-|-|-|right",
      ])
    #expect(try store.query("SELECT _id FROM _resequel_tombstones") == ["3"])
    #expect(try store.query("SELECT _id FROM _resequel_incomplete") == ["7"])
    #expect(
      [counts.inserted, counts.updated, counts.deleted, counts.ignored] == [2, 1, 3, 1])
  }

  // Prevents: looking up every row of a bulk load, or skipping a look-up that is needed.
  @Test func `rows are written without being looked up where nothing is stored near them`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    func statements(_ fill: (inout RowBatch) -> Void) throws -> [String] {
      _ = store.connection.takeRecordedStatements()
      try store.merge(t, fill)
      return store.connection.takeRecordedStatements().compactMap {
        $0.split(separator: " ").first.map(String.init)
      }.filter { !["BEGIN", "COMMIT"].contains($0) }
    }
    // The first batch of a collection reads its definition.
    try store.merge(t) { _ in }
    store.connection.recordStatements()
    let bulk = try statements {
      for number in 1...4 { $0.addInsert("\(number)", at: number, [0: "x"]) }
      $0.addDelete("5", at: 5)
    }
    #expect(bulk == ["SELECT", "SELECT", "INSERT", "INSERT", "INSERT", "INSERT", "INSERT"])
    // 4 is there, 5 is a tombstone, 6 lies behind all.
    let mixed = try statements {
      $0.addInsert("4", at: 4, [0: "x"])
      $0.addInsert("5", at: 4, [0: "x"])
      $0.addInsert("6", at: 6, [0: "x"])
    }
    #expect(mixed == ["SELECT", "SELECT", "SELECT", "SELECT", "INSERT"])
    // Not ascending: the second 7 must find the first.
    let repeated = try statements {
      $0.addInsert("7", at: 7, [0: "x"])
      $0.addUpdate("7", at: 8, [1: "y"])
    }
    #expect(repeated == ["SELECT", "SELECT", "INSERT", "SELECT", "UPDATE"])
    // Between the row 4 and the tombstone 5.
    let between = try statements {
      for number in 1...3 { $0.addInsert("4\(number)", at: number, [0: "x"]) }
    }
    #expect(between == ["SELECT", "SELECT", "INSERT", "INSERT", "INSERT"])
    #expect(try store.query("SELECT count(*), max(b) FROM t") == ["9|y"])
  }

  // Prevents: a status that says all is well while something waits.
  @Test func `status counts what is there and what is not`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) {
      $0.addInsert("1", at: 1, [0: "x"])
      $0.addDelete("2", at: 2)
      $0.addUpdate("3", at: 3, [1: "y"])
    }
    for (index, state) in [FileRecord.State.applied, .torn, .applied].enumerated() {
      var file = FileRecord(path: Array("f_\(index)".utf8))
      file.state = state
      var share = FileShare(file: try store.insert(file), collection: t.id)
      share.changes = index + 1
      share.isHeld = index == 2
      try store.record(share)
    }
    try store.hold(
      Hold(
        source: t.source, name: t.name, reason: "keyContradicted", changes: 3, cause: "",
        evidence: [], hint: ""))
    try store.quarantine(
      QuarantineEntry(
        file: 1,
        record: QuarantinedRecord(
          bytes: [], byteOffset: 0, recordIndex: 0, table: t.source, reason: "r")))
    try store.insert(StoreEvent(at: 0, kind: "hold", text: "held"))
    let status = try store.status()
    let first = try #require(status.collections.first)
    #expect(first.collection == t)
    #expect(
      [first.rows, first.files, first.appliedChanges, first.tombstones, first.incompleteRows]
        == [2, 3, 3, 1, 1])
    #expect([first.quarantined, status.quarantined.count, status.incompleteRows] == [1, 1, 1])
    #expect(
      status.files.filter { $0.count > 0 }.map { "\($0.count) \($0.kind)" }
        == ["1 applied", "1 held", "1 torn"])
    #expect(status.troubledFiles.map(\.state) == [.torn])
    #expect(status.events.map(\.kind) == ["hold"])
    var ids: [String] = []
    try store.readRows(t, limit: 1) {
      if case .text(let bytes) = $0[0] { ids.append(String(decoding: bytes, as: UTF8.self)) }
    }
    try store.readRows(t, id: "3") {
      if case .text(let bytes) = $0[0] { ids.append(String(decoding: bytes, as: UTF8.self)) }
      if case .null = $0[1] { ids.append("no time") }
    }
    #expect(ids == ["1", "3", "no time"])
  }
}

extension ColumnSet: ExpressibleByArrayLiteral {
  /// Makes the set of these columns.
  public init(arrayLiteral columns: Int...) { self.init(columns) }
}
