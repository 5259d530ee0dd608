import SQLiteKit
import Testing

struct RecordEncoderTests {
  /// Around the borders of what so many bytes hold.
  private static let integers: [Int64] =
    [0, 1, -1, 2, .min, .max]
    + [7, 15, 23, 31, 39, 47, 55].flatMap { (bits: Int) -> [Int64] in
      let border = Int64(1) << bits
      return [border - 2, border - 1, border, border + 1, -border - 1, -border, -border + 1]
    }

  private static let reals: [Double] = [
    0, -0.0, 1, -1, 0.1, 1e300, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
    .greatestFiniteMagnitude, 9_007_199_254_740_992,
  ]

  /// Loads rows into one file, has SQLite insert them into another, and compares both pages.
  private func expectSamePages(_ rows: [TreeBench.Row], columnCount: Int = 1) throws {
    for layout in TreeBench.Layout.allCases {
      let (loaded, inserted) = (
        try TreeBench(pageSize: 65_536, layout, columnCount: columnCount),
        try TreeBench(pageSize: 65_536, layout, columnCount: columnCount)
      )
      try loaded.load(rows)
      try inserted.insert(rows, into: "main")
      #expect(try loaded.rootCells() == inserted.rootCells())
      if layout == .rowid {
        #expect(try loaded.rootCells("index") == inserted.rootCells("index"))
      }
    }
  }

  private func rows(_ values: [TreeBench.Value]) -> [TreeBench.Row] {
    values.enumerated().map { TreeBench.Row(key: Array("\(1000 + $0)".utf8), values: [$1]) }
  }

  // Prevents: a value that is stored as another, or as another type.
  @Test func `every value is stored in the bytes that SQLite gives it`() throws {
    try expectSamePages(rows(Self.integers.map { .integer($0) }))
    try expectSamePages(rows(Self.reals.map { .real($0) }))
    // Sizes at which the type in a record's header takes one byte more.
    let sizes = [0, 1, 56, 57, 58, 59, 8184, 8185, 8186]
    try expectSamePages(rows(sizes.map { .text([UInt8](repeating: 97, count: $0)) }))
    try expectSamePages(rows(sizes.map { .blob([UInt8](repeating: 0, count: $0)) }))
    try expectSamePages(
      rows([.null, .text([97, 0, 98]), .text([0]), .text([0xC3, 0xA4]), .text([0xFF])]))
  }

  // Prevents: a header whose size takes one byte more than was counted.
  @Test(arguments: [1, 2, 60, 123, 124, 125, 126, 127, 128, 1998, 1999])
  func `records of few and of many columns are as SQLite writes them`(columnCount: Int) throws {
    let values = (0..<columnCount).map { column -> TreeBench.Value in
      switch column % 4 {
      case 0: .integer(Int64(column))
      case 1: .null
      case 2: .text(Array("\(column)".utf8))
      default: .real(Double(column))
      }
    }
    let rows = (1...3).map { TreeBench.Row(key: Array("\($0)".utf8), values: values) }
    try expectSamePages(rows, columnCount: columnCount)
  }

  // Prevents: a value of a megabyte and more being cut, or its neighbours with it.
  @Test func `large values are stored whole`() throws {
    let bench = try TreeBench(pageSize: 8192, .rowid)
    let rows = rows(
      [1_048_569, 1_048_570, 20_000_000].map { .text([UInt8](repeating: 97, count: $0)) })
    try bench.load(rows)
    try bench.insert(rows)
    #expect(try bench.problems() == [])
  }
}

struct VarintTests {
  /// Reads a varint as the file format defines it.
  private func read(_ bytes: [UInt8]) -> (value: UInt64, count: Int) {
    var value: UInt64 = 0
    for (index, byte) in bytes.prefix(8).enumerated() {
      value = value << 7 | UInt64(byte & 0x7F)
      if byte & 0x80 == 0 { return (value, index + 1) }
    }
    return (value << 8 | UInt64(bytes[8]), 9)
  }

  // Prevents: a number that takes another count of bytes than was planned, or reads as another.
  @Test func `varints of every length are read back`() {
    var random = Generator(seed: 1)
    var values: [UInt64] = [0, .max, .max - 1]
    for bits in 0..<64 as Range<UInt64> {
      let power = UInt64(1) << bits
      values += [power - 1, power, power + 1, UInt64.random(in: 0...power, using: &random)]
    }
    for value in values {
      var bytes = [UInt8](repeating: 0xAA, count: Varint.longest + 1)
      let count = bytes.withUnsafeMutableBytes { Varint.write(value, to: $0.baseAddress!) }
      #expect(read(bytes) == (value, count))
      #expect(Varint.count(value) == count)
      #expect(bytes[count...].allSatisfy { $0 == 0xAA })
      // As few bytes as there may be: SQLite compares some of them as they are.
      if count > 1, count < 9 { #expect(value >> (7 * UInt64(count - 1)) != 0) }
    }
  }
}
