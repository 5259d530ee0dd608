import ChangeModel
import Pipeline
import Testing

/// Source tables of one name in one drop: their rows are never mixed.
@Suite struct NamesakeTests {
  // Prevents files whose paths alone tell the table from being taken for one table.
  @Test func `tables of two databases are held until the configuration names them apart`()
    async throws
  {
    let bench = try Self.flatRows()
    for _ in 1...2 {
      let held = try await bench.replay()
      #expect(held.held.map(\.table).sorted() == ["shopA.dbo.orders", "shopB.dbo.orders"])
      #expect(held.held.allSatisfy { $0.reason == .nameTaken && $0.changes == 1 })
      #expect(try bench.rows("orders") == nil)
    }
    let apart = try await bench.replay(Self.namedApart(bench.configuration))
    #expect(apart.isComplete)
    #expect(try bench.rows("orders") == ["1 A"] && bench.rows("orders_2") == ["1 B"])
  }

  // Prevents an unnamed table from going to whichever of two the configuration names first.
  @Test func `a table that the configuration does not name is not put into one that it names`()
    async throws
  {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    let other = bench.insert(1, "b", at: 2).replacing(#""catalog":"c""#, with: #""catalog":"d""#)
    try bench.place("u_1.json", [other])
    var one = bench.configuration
    one.collections["t", default: CollectionConfiguration()].source = "c.s.t"
    #expect(try await bench.replay(one).held.map(\.table).sorted() == ["c.s.t", "d.s.t"])
    one.collections["t_2", default: CollectionConfiguration()].source = "d.s.t"
    #expect(try await bench.replay(one).isComplete)
    #expect(try bench.rows("t") == ["1 a"] && bench.rows("t_2") == ["1 b"])
  }

  // Prevents rows of empty values, made of what was left out.
  @Test(arguments: [(only: "shopA.*", skip: "shopB.*", row: "1 A"), ("shopB.*", "shopA.*", "1 B")])
  func `what is left out takes no name away`(only: String, skip: String, row: String) async throws {
    for isOnly in [true, false] {
      let bench = try Self.flatRows()
      var part = bench.configuration
      if isOnly { part.only = [only] } else { part.skip = [skip] }
      let summary = try await bench.replay(part)
      #expect(summary.isComplete && summary.skippedChanges == 1)
      #expect(try bench.rows("orders") == [row])
    }
  }

  // Prevents snapshots, whose records name no table, from being parted from the changes.
  @Test func `files that name a table in part belong to the one that records name in full`()
    async throws
  {
    let bench = try RunBench()
    try bench.place("t/t_1.json", [#"{"id":"1","v":"a"}"#, #"{"id":"2","v":"a"}"#])
    try bench.place("c/s/t/c.s.t.part_2.json", [bench.insert(3, "a", at: 2)])
    try bench.place("t_3.json", [bench.update(2, "b", at: 3)])
    #expect(try await bench.replay().isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 b", "3 a"])
  }

  // Prevents a table from being lost to SQLite's disregard of case.
  @Test func `names that differ only in case are held`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    try bench.place("u_1.json", [bench.insert(1, "b", at: 2, table: "T")])
    var keyed = bench.configuration
    keyed.keys = [("*", .columns(["id"]))]
    for _ in 1...2 {
      let held = try await bench.replay(keyed)
      #expect(held.held.map(\.table).sorted() == ["c.s.T", "c.s.t"])
    }
  }

  /// A row of `orders` of each of two databases, as Arcion writes them.
  private static func flatRows() throws -> RunBench {
    var bench = try RunBench()
    for shop in ["A", "B"] {
      try bench.place(
        "shop\(shop)/dbo/orders/shop\(shop).dbo.orders.part_0.csv", ["id,v", "1,\(shop)"])
    }
    var orders = CollectionConfiguration()
    orders.plan.key = .columns(["id"])
    orders.plan.csv.hasHeader = true
    bench.configuration.collections = ["orders": orders]
    return bench
  }

  private static func namedApart(_ configuration: Configuration) -> Configuration {
    var apart = configuration
    var (first, second) = (apart.collections["orders"]!, apart.collections["orders"]!)
    first.source = "shopA.dbo.orders"
    second.source = "shopB.dbo.orders"
    apart.collections = ["orders": first, "orders_2": second]
    return apart
  }
}
