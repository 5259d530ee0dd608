import ChangeModel
import RecordFormats
import Testing

/// The published records give exactly the changes and values that their documentation describes.
struct PublishedSamplesTests {
  // A wrong field order or a lost member in the MySQL cursor would misplace every change.
  @Test func `the nation records become an insert, an update and a delete`() throws {
    let outcome = decode(Samples.lines(Samples.nation), plan: keyed(.columns(["n_nationkey"])))
    #expect(outcome.quarantined.isEmpty && outcome.end == .complete && outcome.recordCount == 3)
    try #require(outcome.changes.count == 3)
    let columns: Set = ["n_comment", "n_nationkey", "n_regionkey", "n_name"]
    #expect(
      outcome.changes[0]
        == Decoded(
          table: "tpch_scale_0_01.default_schema.nation", operation: .insert, key: "100",
          oldKey: "", position: Position(10, 7461, 1), lineage: "mysql:log-bin", counter: 30,
          eventTime: 1_657_516_903_000_000, isSnapshot: false, isUnreadable: false,
          shape: columns, recordIndex: 0, start: String(Samples.nation[0].prefix(24)),
          values: [
            "n_comment": "'Testing comment'", "n_nationkey": "'100'", "n_regionkey": "'2'",
            "n_name": "'Testing name'",
          ]))
    #expect(outcome.changes[1].operation == .update)
    #expect(outcome.changes[1].position == Position(10, 9149, 1))
    #expect(outcome.changes[1].counter == 31)
    #expect(outcome.changes[1].values["n_name"] == "'Updating test name'")
    #expect(outcome.changes[2].operation == .delete)
    #expect(outcome.changes[2].key == "100")
    #expect(outcome.changes[2].shape.isEmpty && outcome.changes[2].values.isEmpty)
    #expect(outcome.changes[2].position == Position(10, 9872, 1))
    #expect(outcome.changes[2].counter == 32)
  }

  // The key stands only in the before-image of Cassandra's updates; taking it from `after` would
  // give the row "null".
  @Test func `a region update takes its key from the before-image and keeps what it does not name`()
    throws
  {
    let outcome = decode(Samples.lines(Samples.region), plan: keyed(.columns(["r_regionkey"])))
    try #require(outcome.changes.count == 3)
    let update = outcome.changes[1]
    #expect(update.key == "10" && update.operation == .update && update.oldKey == "")
    #expect(update.shape == ["r_regionkey", "r_comment"])
    #expect(update.values == ["r_regionkey": "'10'", "r_comment": "'USA'"])
    #expect(update.position == Position(1_620_787_053_905, 326190, 1))
    #expect(update.lineage == "cassandra:node1" && update.table == "io_blitzz.region")
    #expect(outcome.changes[2].key == "10" && outcome.changes[2].operation == .delete)
  }

  // Without a key the records themselves must reveal it, or the region table would be held.
  @Test func `the region records reveal their key, the nation records do not`() throws {
    let region = decode(Samples.lines(Samples.region), plan: keyed(nil))
    #expect(region.changes.map(\.key) == ["", "", ""])
    let evidence = try #require(region.evidence["io_blitzz.region"])
    #expect(evidence.inferredKey == ["r_regionkey"])
    #expect(evidence.insertCount == 1 && evidence.updateCount == 1 && evidence.deleteCount == 1)
    let nation = decode(Samples.lines(Samples.nation), plan: keyed(nil))
    let full = try #require(nation.evidence["tpch_scale_0_01.default_schema.nation"])
    #expect(full.inferredKey == nil)
    #expect(full.keyCandidates.first?.columns == ["n_nationkey"])
    #expect(
      full.keyCandidates.first?.evidence
        == "never null, distinct in 1 of 1 inserts, unchanged in 1 of 1 updates")
  }

  // NATIVE has no `exists`: presence is membership, and images may be null as a whole.
  @Test func `NATIVE records with a cursor object decode`() throws {
    let outcome = decode(Samples.lines(Samples.native), plan: keyed(.columns(["r_regionkey"])))
    try #require(outcome.changes.count == 3)
    #expect(outcome.changes.map(\.operation) == [.insert, .delete, .update])
    #expect(outcome.changes.map(\.key) == ["7", "1", "2"])
    #expect(
      outcome.changes.map(\.position)
        == [Position(1, 3000, 1), Position(1, 3310, 1), Position(1, 3620, 1)])
    #expect(outcome.changes[2].values["r_comment"] == "'Testing_Replication'")
    #expect(outcome.changes[0].counter == -1)
  }

  // CSV rows carry no names: the triplets must meet the columns in the order of `schemas.yaml`.
  @Test func `the Cassandra CSV rows decode as their JSON twins do`() throws {
    let yaml = """
      schemas:
      - schema: io_blitzz
        tables:
        - columns:
          - name: r_comment
            type: VARCHAR
          - name: r_name
            type: VARCHAR
          - name: r_regionkey
            type: INT
          name: region
          object-type: TABLE
          primary-key:
            columns:
            - r_regionkey
            name: pk
      user-roles: {}
      """
    var file = FileContext(
      name: "region.part_1.csv", tableByPath: SourceTable(schema: "io_blitzz", name: "region"))
    file.schemas = try ArcionSchemas(yaml: yaml)
    let outcome = decode(Samples.lines(Samples.cassandraCSV), file, plan: keyed(nil))
    #expect(outcome.quarantined.isEmpty && outcome.end == .complete)
    try #require(outcome.changes.count == 3)
    #expect(outcome.changes.map(\.key) == ["10", "10", "10"])
    #expect(outcome.changes.map(\.operation) == [.insert, .update, .delete])
    #expect(
      outcome.changes.map(\.position) == [
        Position(1_620_787_053_904, 1_048_408, 1), Position(1_620_787_053_904, 1_048_480, 1),
        Position(1_620_787_053_905, 1721, 1),
      ])
    #expect(outcome.changes.map(\.counter) == [6, 7, 8])
    #expect(
      outcome.changes[0].values
        == ["r_comment": "'India'", "r_name": "'India'", "r_regionkey": "10"])
    #expect(outcome.changes[1].values == ["r_comment": "'USA'", "r_regionkey": "10"])
  }

  // Quoted quotes, the counter before the page, and NULL next to text in recorded SAP ASE rows.
  @Test func `the recorded SAP ASE rows decode`() throws {
    var plan = TablePlan()
    plan.key = .columns(["c1"])
    plan.csv.columns = (1...6).map { "c\($0)" }
    plan.types = ["c4": .real, "c1": .integer]
    let file = FileContext(
      name: "testdb.tester.t.part_0.csv",
      tableByPath: SourceTable(catalog: "testdb", schema: "tester", name: "t"))
    let six = plan
    let insert = decode(Array(Samples.aseInsert.utf8), file) { _ in six }
    try #require(insert.changes.count == 1)
    #expect(insert.end == .complete)
    #expect(insert.changes[0].position == Position(4, 901, 146, 901 << 16 ^ 145))
    #expect(insert.changes[0].lineage == "ase:testdb" && insert.changes[0].key == "6")
    #expect(
      insert.changes[0].values == [
        "c1": "6", "c2": "'2023-07-13 20:43:05.0'", "c3": #"'sfas","dsafas'"#, "c4": "8.9",
        "c5": "'2023-07-13 20:43:23.0'", "c6": "'4'",
      ])
    plan.csv.columns = (1...14).map { "c\($0)" }
    plan.key = .columns(["c12"])
    let fourteen = plan
    let delete = decode(Samples.lines([Samples.aseDelete]), file) { _ in fourteen }
    try #require(delete.changes.count == 1)
    #expect(delete.changes[0].operation == .delete && delete.changes[0].key == #"cZ{""#)
    #expect(delete.changes[0].position == Position(2, 221605, 70, 221_605 << 16 ^ 68))
  }

  // A row of a snapshot has no table name of its own and ranks before the log.
  @Test func `a flat snapshot object is an insert of the table that the path names`() throws {
    let file = FileContext(name: "x.json", tableByPath: SourceTable(name: "region"))
    let outcome = decode(
      Samples.lines([Samples.snapshot]), file, plan: keyed(.columns(["r_regionkey"])))
    try #require(outcome.changes.count == 1)
    #expect(outcome.changes[0].isSnapshot && outcome.changes[0].operation == .insert)
    #expect(outcome.changes[0].position == .zero && outcome.changes[0].key == "0")
    #expect(outcome.changes[0].values["r_comment"] == "'lar deposits.'")
  }
}
