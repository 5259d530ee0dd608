import ChangeModel
import Pipeline
import Testing

@Suite struct TablePlanTests {
  private let nation = SourceTable(catalog: "tpch", schema: "default_schema", name: "nation")

  // Prevents: a key from the file that beats the flag somebody has just typed.
  @Test func `the first key flag that matches wins over the configuration file`() {
    var configuration = Configuration()
    configuration.collections["nation"] = CollectionConfiguration()
    configuration.collections["nation"]?.plan.key = .columns(["from_file"])
    configuration.collections["nation"]?.plan.lineage = "node1"
    #expect(configuration.tablePlan(for: nation).key == .columns(["from_file"]))
    configuration.keys = [
      ("region", .wholeRow), ("tpch.*", .columns(["first"])), ("*", .columns(["second"])),
    ]
    let plan = configuration.tablePlan(for: nation)
    #expect(plan.key == .columns(["first"]))
    #expect(plan.lineage == "node1")
  }

  // Prevents: a collection chosen by the order of a dictionary.
  @Test func `of several collections the one that names the table in full takes it`() {
    var configuration = Configuration()
    for (name, source) in [
      ("a", "tpch.*"), ("b", "tpch.default_schema.nation"), ("c", "*"), ("nation", nil),
    ] {
      configuration.collections[name] = CollectionConfiguration()
      configuration.collections[name]?.source = source
    }
    #expect(configuration.collectionName(for: nation) == "b")
    configuration.collections["b"] = nil
    #expect(configuration.collectionName(for: nation) == "nation")
    configuration.collections["nation"] = nil
    #expect(configuration.collectionName(for: nation) == "a")
    configuration.collections = [:]
    #expect(configuration.collectionName(for: nation) == "nation")
  }

  // Prevents: heartbeats that become a table, and tables that are left out by mistake.
  @Test(arguments: [
    ("nation", [], [], false), ("nation", ["nation"], [], false), ("nation", ["region"], [], true),
    ("nation", ["tpch.*"], [], false), ("nation", [], ["nat*"], true),
    ("nation", ["nation"], ["*"], true), ("replicate_io_cdc_heartbeat", [], [], true),
    ("REPLICATE_IO_CDC_HEARTBEAT", ["*"], [], true), ("Blitzz_IO_audit_ddl", [], [], true),
    ("replicate_io", [], [], false), ("my_replicate_io_x", [], [], false),
  ])
  func `only, skip and housekeeping decide what is left out`(
    name: String, only: [String], skip: [String], isSkipped: Bool
  ) {
    var configuration = Configuration()
    configuration.only = only
    configuration.skip = skip
    let table = SourceTable(catalog: "tpch", schema: "s", name: name)
    #expect(configuration.tablePlan(for: table).isSkipped == isSkipped)
  }

  // Prevents: a key flag that is read as something else than was typed.
  @Test func `key flags are read as documented`() {
    #expect(KeyFlag("*=id").map { [$0.table] } == ["*"])
    #expect(KeyFlag("a.b=x,y")?.rule == .columns(["x", "y"]))
    #expect(KeyFlag("t=@row")?.rule == .wholeRow)
    #expect(KeyFlag("t=@append")?.rule == .append)
    #expect(KeyFlag("t=a=b")?.rule == .columns(["a=b"]))
    for text in ["t", "=a", "t=", "t=a,", "t=,a", "t=a,a", "t=@x", "[=a"] {
      #expect(KeyFlag(text) == nil, "\(text)")
    }
  }
}
