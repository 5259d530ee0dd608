import Testing

struct LockPageTests {
  // Prevents: rows in the page at one gibibyte, whose bytes SQLite locks and never reads: they would
  // be lost, and the file would count as damaged. The page falls behind a leaf, an interior page, or
  // into a chain of overflow pages, depending on where the file ended before.
  @Test(arguments: TreeBench.Layout.allCases)
  func `the page that SQLite locks is left out`(layout: TreeBench.Layout) throws {
    let lockPage = 0x4000_0000 / 512 + 1
    for distance in 1...14 {
      var random = Generator(seed: UInt64(distance))
      let bench = try TreeBench(pageSize: 512, layout)
      try bench.grow(toPageCount: lockPage - distance)
      let rows = random.rows(400, keySize: 24, valueSize: 60, largest: distance % 3 * 2000)
      try bench.load(rows)
      try bench.insert(rows)
      let check = "PRAGMA main.integrity_check('t')"
      try #require(try bench.problems(check: check) == [], "\(distance) pages before")
      try #require(bench.page(lockPage) == [UInt8](repeating: 0, count: 512))
      try #require(bench.page(lockPage + 1) != [UInt8](repeating: 0, count: 512))
      try bench.change()
      try #require(try bench.problems(check: check) == [], "\(distance) pages before, changed")
      try #require(bench.page(lockPage) == [UInt8](repeating: 0, count: 512))
    }
  }
}
