import ChangeModel
import Pipeline
import Testing

@Suite struct ConfigurationTests {
  // Prevents: a documented key that is not read.
  @Test func `every documented key is read`() throws {
    let configuration = try ConfigurationFile.parse(
      """
      database: drop.db
      drop: /mnt/bucket/replicant
      poll: 5s
      settle: 500ms
      gap_wait: forever      # a comment
      on_modified: supersede
      collections:
        nation:
          source: tpch.default_schema.nation
          key: [n_nationkey]
          format: auto
          csv: {delimiter: tab, quote: "'", escape: '\\', null: NULL, header: true, columns: [a, b]}
          order: [{path: cursor.scn, kind: int}, {path: cursor.lsn, kind: pgLSN}]
          lineage: node1
          types: {n_nationkey: integer, when: real}
          rename: {Id: id_upper}
          merge: columns
          history: {except: [seen_at]}
        log: {key: "@append", order: files, lineage: all}
      """, name: "r.yaml")
    #expect(configuration.database == "drop.db")
    #expect(configuration.drop == "/mnt/bucket/replicant")
    #expect(configuration.poll == .seconds(5))
    #expect(configuration.settle == .milliseconds(500))
    #expect(configuration.gapWait == nil)
    #expect(configuration.onModified == .supersede)
    let nation = try #require(configuration.collections["nation"])
    #expect(nation.source == "tpch.default_schema.nation")
    #expect(nation.plan.key == .columns(["n_nationkey"]))
    #expect(nation.plan.csv.delimiter == 9)
    #expect(nation.plan.csv.quote == UInt8(ascii: "'"))
    #expect(nation.plan.csv.escape == UInt8(ascii: "\\"))
    #expect(nation.plan.csv.null == "NULL")
    #expect(nation.plan.csv.hasHeader == true)
    #expect(nation.plan.csv.columns == ["a", "b"])
    #expect(
      nation.plan.order
        == .fields([
          OrderField(path: "cursor.scn", kind: .int), OrderField(path: "cursor.lsn", kind: .pgLSN),
        ]))
    #expect(nation.plan.lineage == "node1")
    #expect(nation.plan.types == ["n_nationkey": .integer, "when": .real])
    #expect(nation.rename == ["Id": "id_upper"])
    #expect(nation.history == HistoryRule(except: ["seen_at"]))
    let log = try #require(configuration.collections["log"])
    #expect(log.history == nil)
    #expect(log.plan.key == .append)
    #expect(log.plan.order == .files)
    #expect(log.plan.lineage == nil)
  }

  // Prevents: an empty file that is an error, and defaults that drift from the documented ones.
  @Test(arguments: ["", "# nothing\n", "---\n"])
  func `an empty file says nothing`(text: String) throws {
    let configuration = try ConfigurationFile.parse(text, name: "r.yaml")
    #expect(configuration.database.isEmpty)
    #expect(configuration.poll == .seconds(5))
    #expect(configuration.settle == .seconds(2))
    #expect(configuration.gapWait == .seconds(600))
    #expect(configuration.onModified == .add)
  }

  // Prevents: a mistake in the file that is passed over, or told without its place.
  @Test(arguments: [
    ("dtabase: x", "r.yaml:1", "the nearest known key is \"database\""),
    ("a: 1", "r.yaml:1", "the nearest known key is"),
    ("poll: 5s\ngap_wiat: 5s", "r.yaml:2", "the nearest known key is \"gap_wait\""),
    ("collections:\n  nation:\n    kye: [a]", "r.yaml:3", "the nearest known key is \"key\""),
    ("collections:\n  n:\n    csv: {delimeter: a}", "r.yaml:3", "\"delimiter\""),
    ("poll: 5", "r.yaml:1", "\"poll\": expected a whole number and a unit"),
    ("poll: 1ms", "r.yaml:1", "must be from 50ms to 1d"),
    ("gap_wait: soon", "r.yaml:1", "forever"),
    ("on_modified: ask", "r.yaml:1", "one of add, supersede, error"),
    ("collections:\n  n:\n    key: []", "r.yaml:3", "expected a list of different columns"),
    ("collections:\n  n:\n    key: [a, a]", "r.yaml:3", "expected a list of different columns"),
    ("collections:\n  n:\n    key: '@rows'", "r.yaml:3", "@append"),
    ("collections:\n  n:\n    order: [{path: a}]", "r.yaml:3", "needs a path and a kind"),
    ("collections:\n  n:\n    order: [{path: a, kind: date}]", "r.yaml:3", "one of int, hex"),
    ("collections:\n  n:\n    history: yes", "r.yaml:3", "expected true, false"),
    ("collections:\n  n:\n    history: {excpt: [a]}", "r.yaml:3", "\"except\""),
    ("collections:\n  n:\n    types: {a: date}", "r.yaml:3", "one of integer, real"),
    ("collections:\n  n:\n    csv: {quote: ab}", "r.yaml:3", "one ASCII character"),
    ("collections:\n  n:\n    source: '[a'", "r.yaml:3", "unclosed"),
    ("collections: [a]", "r.yaml:1", "name: value"),
    ("- a", "r.yaml:1", "name: value"),
    ("database: a\ndatabase: b", "r.yaml:", "the same key twice: \"database\""),
    ("poll: [", "r.yaml:", "not valid YAML"),
  ])
  func `a mistake is told with its line and what is expected`(
    text: String, place: String, message: String
  ) throws {
    let error = try #require(throws: IngestError.self) {
      try ConfigurationFile.parse(text, name: "r.yaml")
    }
    #expect(error.severity == .fatal)
    #expect(error.file?.hasPrefix(place) == true, "\(error)")
    #expect("\(error)".contains(message), "\(error)")
  }

  // Prevents: a promise of the documentation that is taken for kept.
  @Test(arguments: [
    "transform: SELECT 1", "merge: deep", "merge: replace", "retention: 90d",
    "files: '*.json'",
    "source: {files: '*.json'}", "source: 'files: *.json'", "format: debezium",
  ])
  func `what is not there yet is refused`(setting: String) throws {
    let error = try #require(throws: IngestError.self) {
      try ConfigurationFile.parse("collections:\n  n:\n    \(setting)\n", name: "r.yaml")
    }
    #expect(error.file == "r.yaml:3")
    #expect(error.cause.contains("not supported yet"), "\(error)")
  }
}
