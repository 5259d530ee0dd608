import Hashing
import Testing

@Suite struct KeyFilterTests {
  private func hashes(_ numbers: Range<Int>) -> [UInt64] {
    numbers.map { number in
      Array("key \(number)".utf8).withUnsafeBytes { StableHash.hash64($0) }
    }
  }

  // Prevents a file from being passed over that holds a change of the row.
  @Test(arguments: [0, 1, 7, 10_000])
  func `every key that was added may be contained`(count: Int) throws {
    let filter = KeyFilter(hashes(0..<count))
    let read = try #require(KeyFilter(decoding: filter.encoded))
    #expect(read == filter)
    #expect(hashes(0..<count).allSatisfy { read.mayContain($0) })
  }

  // Prevents a filter that lets everything pass, or takes more room than it says.
  @Test func `of other keys about one in a hundred passes, at ten bits a key`() {
    let filter = KeyFilter(hashes(0..<10_000))
    let passed = hashes(10_000..<110_000).count { filter.mayContain($0) }
    #expect(passed < 1500)
    #expect(filter.encoded.count == 12_501)
  }

  // Prevents a filter of nothing from costing a reading of the file.
  @Test func `an empty filter contains nothing`() {
    let filter = KeyFilter([])
    #expect(!hashes(0..<100).contains { filter.mayContain($0) })
  }

  // Prevents bytes of another form from being taken for "no such key".
  @Test(arguments: [[], [1], [2, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 0]] as [[UInt8]])
  func `bytes that are no filter are refused`(bytes: [UInt8]) {
    #expect(KeyFilter(decoding: bytes) == nil)
  }
}
