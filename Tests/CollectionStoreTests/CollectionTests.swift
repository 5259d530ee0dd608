import ChangeModel
import CollectionStore
import SQLiteKit
import Testing

struct CollectionTests {
  private func problem(_ work: () throws -> Void) -> NameProblem? {
    do {
      try work()
      return nil
    } catch { return error as? NameProblem }
  }

  private func create(
    _ store: CollectionStore, _ name: String, columns: [String] = ["a"],
    key: KeyRule = .columns(["a"])
  ) throws {
    _ = try store.createCollection(
      name: name, source: SourceTable(catalog: "c", schema: "s", name: name), key: key,
      keyOrigin: .flag, columns: columns.map { .init(name: $0) }, layout: .clustered)
  }

  // Prevents: a statement that fails in the middle of a run because SQLite cannot take a name, or a
  // source column that overwrites one of ours.
  @Test func `names that cannot be taken are told with the lines that rename them`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    try create(store, "Orders")
    try store.connection.execute("CREATE VIEW mine AS SELECT 1")
    let cases: [(NameProblem?, NameProblem.Kind)] = [
      (problem { try create(store, "sqlite_x") }, .unusableTable),
      (problem { try create(store, "_RESEQUEL_x") }, .unusableTable),
      (problem { try create(store, "") }, .unusableTable),
      (problem { try create(store, "a\0b") }, .unusableTable),
      (problem { try create(store, "orders") }, .takenTable(by: "c.s.Orders")),
      (problem { try create(store, "MINE") }, .takenTable(by: "a view in this database")),
      (problem { try create(store, "t", columns: ["Id", "x", "id"]) }, .sameColumns("Id", "id")),
      (problem { try create(store, "t", columns: ["_File"]) }, .reservedColumn("_File")),
      (problem { try create(store, "t", columns: ["_id", "b"]) }, .reservedColumn("_id")),
      (problem { try create(store, "t", columns: [""]) }, .unusableColumn("")),
      (
        problem { try create(store, "t", columns: (0..<1997).map { "c\($0)" }) },
        .tooManyColumns(1997)
      ),
    ]
    for (found, expected) in cases { #expect(found?.kind == expected) }
    #expect(try store.allCollections().map(\.name) == ["Orders"])
    #expect(
      NameProblem(
        kind: .sameColumns("Id", "id"), source: SourceTable(schema: "s", name: "t")
      ).description == """
        s.t: columns "Id" and "id" differ only in case, which SQLite ignores
          Give the column another name in the configuration file:
        collections:
          t:
            rename: {id: id_2}
        """)
  }

  // Prevents: names or values that end a statement early, and limits met only by real tables.
  @Test func `names that need quoting, and as many columns as fit, hold their values`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let columns =
      ["a\"b", "select", "x;--", "ünï cödé", "'", "rowid"] + (0..<1990).map { "c\($0)" }
    let t = try store.makeCollection("my \"table\"", columns: columns)
    #expect(t.columns.count == NameProblem.mostColumns)
    try store.merge(t) {
      $0.addInsert("1", at: 1, [0: "'\"", 1: "", 2: "a\0b", 3: nil, 5: "row", 1995: "last"])
    }
    try store.merge(t) { $0.addUpdate("1", at: 2, [4: "--", 1994: "late"]) }
    var values: [Int: String] = [:]
    try store.readRows(t) { row in
      #expect(row.count == 2000)
      for column in 0..<row.count {
        if case .text(let bytes) = row[column] {
          values[column] = String(decoding: bytes, as: UTF8.self)
        }
      }
    }
    #expect(
      values == [
        0: "1", 2: "'\"", 3: "", 4: "a\0b", 6: "--", 7: "row", 1996: "late", 1997: "last",
      ])
  }

  // Prevents: a MongoDB-like `_id` stored twice, or refused although it is the key.
  @Test func `a source column _id that is the whole key is the document's key`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    try create(store, "t", columns: ["_id", "a"], key: .columns(["_id"]))
    let t = try #require(try store.collection(named: "T"))
    try store.merge(t) { $0.addUpdate("1", at: 1, [0: "1", 1: "x"]) }
    try store.merge(t) { $0.addUpdate("1", at: 2, [0: "1", 1: "y"]) }
    #expect(store.columnNames(of: t) == ["_id", "_event_time", "a", "_position", "_file"])
    #expect(try store.query("SELECT _id, a FROM t") == ["1|y"])
    #expect(try store.query("SELECT * FROM _resequel_incomplete") == [])
  }

  // Prevents: a collection that is not the same after the program was started again.
  @Test func `definitions are the same when read back`() throws {
    let directory = TemporaryDirectory()
    let path = directory("a.db")
    let store = try CollectionStore(opening: .file(path), mode: .readWrite)
    let keys: [KeyRule] = [.columns(["a", "q\"\\\n"]), .wholeRow, .append]
    var made: [Collection] = []
    for (index, key) in keys.enumerated() {
      made.append(
        try store.createCollection(
          name: "t\(index)", source: SourceTable(catalog: index == 0 ? nil : "c", name: "x"),
          key: key, keyOrigin: .inferred,
          columns: [.init(name: "id_upper", source: "Id"), .init(name: "b")],
          layout: index == 1 ? .rowid : .clustered))
      made[index] = try store.addColumns([.init(name: "c")], to: made[index].id)
      try store.raiseFloor(of: made[index].id, to: rank(index + 1))
      made[index].floor = rank(index + 1)
    }
    try store.close()
    let reader = try CollectionStore(opening: .file(path), mode: .readOnly)
    #expect(try reader.allCollections() == made)
    #expect(try reader.collection(of: SourceTable(name: "x")) == made[0])
  }

  // Prevents: rows of before a truncation that come back with a late file.
  @Test func `a raised floor ends older rows and refuses older changes`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let t = try store.makeCollection()
    try store.merge(t) {
      $0.addInsert("1", at: 1, [0: "old"])
      $0.addInsert("2", at: 2, [0: "old", 1: "gone"])
      $0.addInsert("3", at: 9, [0: "new"])
    }
    try store.merge(t) { $0.addUpdate("2", at: 8, [0: "new"]) }
    try store.transaction { try store.raiseFloor(of: t.id, to: rank(5)) }
    #expect(
      try store.query("SELECT _id, _event_time, a, b FROM t") == ["2|-|new|-", "3|9000|new|-"])
    try store.merge(t) { $0.addInsert("1", at: 3, [0: "late"]) }
    try store.merge(t) { $0.addInsert("4", at: 4, [0: "late"]) }
    #expect(try store.query("SELECT _id FROM t") == ["2", "3"])
    #expect(try store.query("SELECT * FROM _resequel_tombstones") == [])
    #expect(try store.query("SELECT _id, unknown FROM _resequel_incomplete") == ["2|b, c"])
  }

  // Prevents: a rebuild that loses what the user made, or that readers see half done.
  @Test func `a rebuilt collection keeps the user's indexes, triggers and views`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    var t = try store.makeCollection()
    try store.merge(t) {
      $0.addInsert("1", at: 1, [0: "old"])
      $0.addInsert("9", at: 1, [0: "old"])
      $0.addDelete("5", at: 1)
    }
    try store.connection.execute(
      """
      CREATE TABLE log (entry);
      CREATE INDEX "by a" ON t (a);
      CREATE TRIGGER noted AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (new.a); END;
      CREATE VIEW both AS SELECT x.a FROM t AS x JOIN t AS y USING (_id);
      """)
    t.layout = .rowid
    t.columns[2] = .init(name: "d", source: "c")
    try store.transaction { try store.beginRebuild(t) }
    try store.merge(t) {
      $0.addInsert("1", at: 1, [0: "new", 2: "d"])
      $0.addDelete("2", at: 2)
    }
    try store.transaction {
      _ = try store.addColumns([.init(name: "e")], to: t.id)
      try store.insert(
        KeyMove(oldID: Array("2".utf8), rank: rank(2), newID: Array("1".utf8)), collection: t.id)
    }
    #expect(try store.query("SELECT a FROM both ORDER BY 1") == ["old", "old"])
    #expect(try store.query("SELECT _id FROM _resequel_tombstones WHERE collection = 1") == ["5"])
    try store.transaction { try store.finishRebuild(t.id) }
    #expect(try store.query("SELECT _id, a, b, d, e FROM t") == ["1|new|-|d|-"])
    #expect(try store.query("SELECT a FROM both") == ["new"])
    #expect(try store.query("SELECT _id, collection FROM _resequel_tombstones") == ["2|1"])
    #expect(try store.hasMoves(t.id))
    #expect(try store.collection(t.id)?.columns.map(\.name) == ["a", "b", "d", "e"])
    try store.merge(t) { $0.addUpdate("1", at: 3, [0: "newer"]) }
    #expect(try store.query("SELECT entry FROM log") == ["newer"])
    #expect(
      try store.query("EXPLAIN QUERY PLAN SELECT 1 FROM t WHERE a = 1").first?
        .contains("by a") == true)
    #expect(try store.query("SELECT name FROM sqlite_master WHERE name LIKE '%shadow%'") == [])
  }

  // Prevents: a rebuild interrupted by a crash, or undone, whose remains confuse the next one.
  @Test func `a rebuild that does not end leaves the old collection`() throws {
    let directory = TemporaryDirectory()
    let path = directory("a.db")
    let store = try CollectionStore(opening: .file(path), mode: .readWrite)
    let t = try store.transaction { try store.makeCollection() }
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "old"]) }
    try store.begin()
    try store.beginRebuild(t)
    try store.rollback()
    try store.merge(t) { $0.addUpdate("1", at: 2, [0: "older"]) }
    #expect(try store.query("SELECT a FROM t") == ["older"])
    try store.transaction { try store.beginRebuild(t) }
    try store.merge(t) {
      $0.addInsert("1", at: 1, [0: "new"])
      $0.addDelete("2", at: 2)
    }
    try store.close()
    let again = try CollectionStore(opening: .file(path), mode: .readWrite)
    #expect(try again.query("SELECT a FROM t") == ["older"])
    #expect(try again.query("SELECT count(*) FROM _resequel_tombstones") == ["0"])
    #expect(try again.query("SELECT name FROM sqlite_master WHERE name LIKE '%shadow%'") == [])
  }
}
