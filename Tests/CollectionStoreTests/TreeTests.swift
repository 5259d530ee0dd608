import SQLiteKit
import Testing

/// Trees that are built page by page, judged by SQLite.
struct TreeTests {
  /// Builds a table of rows, and has SQLite look at it; then change it, and look again.
  private func problems(
    _ rows: [TreeBench.Row], pageSize: Int, _ layout: TreeBench.Layout, changing: Bool
  ) throws -> [String] {
    let bench = try TreeBench(pageSize: pageSize, layout)
    try bench.load(rows)
    try bench.insert(rows)
    var problems = try bench.problems()
    guard changing, problems.isEmpty else { return problems }
    try bench.change()
    problems = try bench.problems().map { "changed: \($0)" }
    try bench.deleteAll()
    return try problems + bench.problems().map { "emptied: \($0)" }
  }

  // Prevents: a page without a cell, a key that is lost between two, or a tree of uneven depth, where
  // the last leaf or the last interior page is just full, just begun, or the only one. In pages of
  // 512 bytes both trees have three levels before the four hundredth row.
  @Test(arguments: [512, 1024], TreeBench.Layout.allCases)
  func `tables of every size are whole, and stay so when SQLite changes them`(
    pageSize: Int, layout: TreeBench.Layout
  ) throws {
    var random = Generator(seed: UInt64(pageSize))
    for count in 0...400 {
      let rows = random.rows(count, keySize: 24, valueSize: 60, largest: pageSize * 3)
      let problems = try problems(rows, pageSize: pageSize, layout, changing: count % 5 == 0)
      try #require(problems == [], "\(count) rows")
    }
  }

  // Prevents: the same in pages whose offsets need all of their sixteen bits. Keys of a fifth of a
  // page let interior pages be full after some of them.
  @Test(arguments: [4096, 8192, 65_536], TreeBench.Layout.allCases)
  func `large pages are filled as small ones are`(
    pageSize: Int, layout: TreeBench.Layout
  ) throws {
    var random = Generator(seed: UInt64(pageSize))
    for count in 0...(pageSize == 65_536 ? 60 : 120) {
      let rows = random.rows(
        count, keySize: pageSize / 5, valueSize: pageSize / 6, largest: pageSize * 3)
      let problems = try problems(rows, pageSize: pageSize, layout, changing: count % 10 == 0)
      try #require(problems == [], "\(count) rows")
    }
  }

  // Prevents: values that end just at the border of what a cell holds, or of an overflow page.
  @Test(arguments: [512, 8192], TreeBench.Layout.allCases)
  func `values of every size around the borders of a page are kept`(
    pageSize: Int, layout: TreeBench.Layout
  ) throws {
    let bench = try TreeBench(pageSize: pageSize, layout)
    let borders = [pageSize / 4, pageSize, pageSize * 5 / 4, pageSize * 2, pageSize * 9 / 4]
    let spread = pageSize == 512 ? 128 : 48
    let least = (pageSize - 12) * 32 / 255 - 23
    let sizes = (borders + [least, least + pageSize]).flatMap { $0 - spread...$0 + spread }
    let rows = Set(sizes.filter { $0 >= 0 }).sorted().enumerated().map { place, size in
      TreeBench.Row(
        key: Array("\(10_000 + place)".utf8), values: [.blob([UInt8](repeating: 7, count: size))])
    }
    try bench.load(rows)
    try bench.insert(rows)
    #expect(try bench.problems() == [])
    try bench.deleteAll()
    #expect(try bench.problems() == [])
  }

  // Prevents: what only deep trees show.
  @Test(
    arguments: [(512, 3_000), (512, 100_000), (1024, 10_007), (8192, 5_003), (8192, 100_000)],
    TreeBench.Layout.allCases)
  func `a table of many rows is whole, and stays so when SQLite changes it`(
    size: (page: Int, rows: Int), layout: TreeBench.Layout
  ) throws {
    var random = Generator(seed: UInt64(size.rows))
    let rows = random.rows(size.rows, keySize: 20, valueSize: 40, largest: size.page)
    #expect(try problems(rows, pageSize: size.page, layout, changing: true) == [])
  }

  // Prevents: writing into a file whose pages or records are of another kind than we know.
  @Test(arguments: ["auto_vacuum = FULL", "encoding = 'UTF-16le'"])
  func `a database of another kind is left to SQLite`(setting: String) throws {
    let directory = TemporaryDirectory()
    let connection = try Connection(path: directory("a.db"), mode: .create)
    try connection.execute("PRAGMA \(setting); CREATE TABLE t (k)")
    #expect(try PageWriter(appendingTo: connection, descriptor: -1) == nil)
  }
}
