import ChangeModel
import Testing

/// Transactions in few bytes.
@Suite struct TransactionSetTests {
  private func set(_ numbers: some Sequence<UInt64>, of lineage: UInt32 = 7) -> TransactionSet {
    var set = TransactionSet()
    for number in numbers { set.insert(number, of: lineage) }
    return set
  }

  private func decoded(_ bytes: [UInt8]) -> TransactionSet? {
    bytes.withUnsafeBytes { TransactionSet(decoding: $0) }
  }

  // Prevents a transaction from being lost on its way through the store.
  @Test func `a set is the same after it was stored`() {
    var several = set([0, 1, 2, 70_000, .max])
    several.insert(1, of: 8)
    several.insert(1, of: .max)
    for transactions in [TransactionSet(), set([5]), several] {
      #expect(decoded(transactions.encoded) == transactions)
    }
  }

  // Prevents broken bytes from ending the program, or from meaning something.
  @Test func `bytes of another form are no set`() {
    let bytes = set([1, 300, .max]).encoded
    // The first two say whether the set is whole: alone they are one without transactions.
    for count in 0..<bytes.count where count != 2 {
      #expect(decoded(Array(bytes.prefix(count))) == nil)
    }
    #expect(decoded([1, 2]) == nil)
  }

  // Prevents one log's transaction from passing for another's.
  @Test func `transactions of different logs are different`() {
    let here = set([1, 2, 3])
    #expect(here.intersection(set([2, 3, 4])) == set([2, 3]))
    #expect(here.intersection(set([1, 2, 3], of: 8)).isEmpty)
  }

  // Prevents memory from growing without end, and a count from passing for exact.
  @Test func `a set that is full says that it is not whole`() {
    let limit = UInt64(TransactionSet.limit)
    let full = set(0..<limit)
    #expect(full.isWhole && full.count == TransactionSet.limit)
    var over = full
    over.insert(5, of: 7)
    #expect(over.isWhole)
    over.insert(limit, of: 7)
    #expect(!over.isWhole && over.count == TransactionSet.limit)
    #expect(decoded(over.encoded) == over)
    var union = set([1])
    union.formUnion(over)
    #expect(!union.isWhole && union.count == TransactionSet.limit)
  }
}
