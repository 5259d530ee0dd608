import BatchSource
import ChangeModel
import Testing

/// What names mean.
struct BatchFileNameTests {
  struct Case {
    var name: String
    var ordinal: UInt64?
    var series: String
    var base: String
    var format: BatchFileName.Format
    var compression: BatchFileName.Compression = .none
  }

  private static func series(_ path: String) -> String {
    let identity = FileIdentity(device: 0, inode: 0, size: 0, modificationTime: 0, changeTime: 0)
    return BatchFile(root: BatchPath("/drop"), relativePath: BatchPath(path), identity: identity)
      .series.description
  }

  // A number read as text, or taken from the wrong place, would order files wrongly.
  @Test func `names give their number, series, base and format`() {
    let cases: [Case] = [
      Case(
        name: "nation_1.json", ordinal: 1, series: "nation_.json", base: "nation", format: .json),
      Case(
        name: "nation_0012.json.gz", ordinal: 12, series: "nation_.json.gz", base: "nation",
        format: .json, compression: .gzip),
      Case(
        name: "a.b.c.part_10.csv", ordinal: 10, series: "a.b.c.part_.csv", base: "a.b.c",
        format: .csv),
      Case(
        name: "t_7.ndjson.zst", ordinal: 7, series: "t_.ndjson.zst", base: "t", format: .jsonLines,
        compression: .zstd),
      Case(name: "t_7.JSONL", ordinal: 7, series: "t_.JSONL", base: "t", format: .jsonLines),
      Case(
        name: "orders_2024_12", ordinal: 12, series: "orders_2024_", base: "orders_2024",
        format: .unstated),
      Case(name: "orders", ordinal: nil, series: "orders", base: "orders", format: .unstated),
      Case(name: "orders_3.txt", ordinal: 3, series: "orders_.txt", base: "orders", format: .text),
      Case(
        name: "README.txt", ordinal: nil, series: "README.txt", base: "README", format: .unknown),
      Case(
        name: "orders12.csv", ordinal: nil, series: "orders12.csv", base: "orders12", format: .csv),
      Case(name: "_5.json", ordinal: 5, series: "_.json", base: "", format: .json),
      Case(name: "5.json", ordinal: nil, series: "5.json", base: "5", format: .json),
      Case(
        name: "t_18446744073709551615.json", ordinal: .max, series: "t_.json", base: "t",
        format: .json),
      Case(
        name: "t_18446744073709551616.json", ordinal: nil, series: "t_18446744073709551616.json",
        base: "t_18446744073709551616", format: .json),
      Case(
        name: "t_3.parquet", ordinal: nil, series: "t_3.parquet", base: "t_3.parquet",
        format: .unknown),
      Case(
        name: "t.gz", ordinal: nil, series: "t.gz", base: "t", format: .unstated,
        compression: .gzip),
      Case(name: "", ordinal: nil, series: "", base: "", format: .unstated),
      Case(name: "_", ordinal: nil, series: "_", base: "_", format: .unstated),
    ]
    for expected in cases {
      let name = BatchFileName(Array(expected.name.utf8))
      #expect(name.ordinal == expected.ordinal, "\(expected.name)")
      #expect(Self.series(expected.name) == expected.series, "\(expected.name)")
      #expect(Self.series("a_1/b/" + expected.name) == "a_1/b/" + expected.series)
      #expect(BatchPath(name.base).description == expected.base, "\(expected.name)")
      #expect(name.format == expected.format, "\(expected.name)")
      #expect(name.compression == expected.compression, "\(expected.name)")
    }
  }

  // CSV carries no table name: a wrong guess would mix tables.
  @Test func `paths name tables as Arcion writes them`() {
    let cases: [(path: String, table: SourceTable)] = [
      ("/drop/nation_1.json", SourceTable(name: "nation")),
      ("/drop/region_2.csv", SourceTable(name: "region")),
      (
        "/d/cat.schema.table.part_0.csv",
        SourceTable(catalog: "cat", schema: "schema", name: "table")
      ),
      ("/d/schema.table_4.csv.gz", SourceTable(schema: "schema", name: "table")),
      (
        "/d/testdb/tester/car_claim/testdb.tester.car_claim.part_1.csv",
        SourceTable(catalog: "testdb", schema: "tester", name: "car_claim")
      ),
      (
        "/d/my.db/dbo/a.b/my.db.dbo.a.b.part_1.csv",
        SourceTable(catalog: "my.db", schema: "dbo", name: "a.b")
      ),
      ("/d/s/t/s.t.part_0.csv", SourceTable(schema: "s", name: "t")),
      ("/d/a.b/a.b_1.csv", SourceTable(name: "a.b")),
      ("/d/x/..part_0.csv", SourceTable(name: ".")),
      ("/d/orders/_1.json", SourceTable(name: "orders")),
      ("/d/orders/17.json", SourceTable(name: "orders")),
      ("/d/orders/part-00000.json", SourceTable(name: "orders")),
      ("/d/orders/day=2024-01-01/2024-01-01_2.json", SourceTable(name: "orders")),
      ("/d/part_1.json", SourceTable(name: "part")),
      ("/d/a.b.c.d_1.csv", SourceTable(catalog: "a.b", schema: "c", name: "d")),
    ]
    for (path, table) in cases {
      #expect(BatchFile.tableByPath(BatchPath(path)) == table, "\(path)")
    }
  }

  // Two names that differ in bytes that are no text must not be shown, or named, alike.
  @Test func `bytes that are no text stay distinct when shown`() {
    #expect(BatchPath([0x61, 0xFF, 0x62]).description == "a\\xFFb")
    #expect(BatchPath([0x61, 0xFE, 0x62]).description == "a\\xFEb")
    #expect(BatchPath([0xC3, 0xA9, 0x1B, 0x0A]).description == "é\\x1B\\x0A")
    #expect(BatchPath([0xE2, 0x82]).description == "\\xE2\\x82")
  }
}
