import ChangeModel
import Testing

/// Names of source tables, of which paths leave parts out.
struct SourceTableTests {
  private static let full = SourceTable(catalog: "c", schema: "s", name: "t")

  // Prevents snapshots from being parted from their changes.
  @Test(arguments: [
    full, SourceTable(schema: "s", name: "t"), SourceTable(catalog: "c", name: "t"),
    SourceTable(schema: "c", name: "t"), SourceTable(name: "t"),
    SourceTable(catalog: "", schema: "s", name: "t"),
  ])
  func `a name that says less may be the same table`(_ name: SourceTable) {
    #expect(name.mayBe(Self.full) && Self.full.mayBe(name))
  }

  // Prevents rows of two tables from being mixed.
  @Test(arguments: [
    SourceTable(catalog: "d", schema: "s", name: "t"),
    SourceTable(catalog: "s", schema: "c", name: "t"), SourceTable(schema: "d", name: "t"),
    SourceTable(catalog: "c", schema: "s", name: "T"), SourceTable(name: "u"),
  ])
  func `a name that says otherwise is another table`(_ name: SourceTable) {
    #expect(!name.mayBe(Self.full) && !Self.full.mayBe(name))
  }
}
