/// Transactions of the source, each named by its log and the number that its records give it.
///
/// It is bounded: what is more than ``limit`` is left out, and ``isWhole`` tells.
package struct TransactionSet: Sendable, Hashable {
  /// The numbers, by the hash of the lineage's name.
  private var numbers: [UInt32: Set<UInt64>] = [:]
  /// How many there are.
  package private(set) var count = 0
  /// Whether none was left out.
  package private(set) var isWhole = true

  /// So many are kept.
  package static let limit = 1 << 16

  /// Makes a set of no transactions.
  package init() {}

  /// Whether there are none.
  package var isEmpty: Bool { count == 0 }

  /// Adds a transaction.
  ///
  /// - Parameter lineage: the hash of its log's name.
  package mutating func insert(_ transaction: UInt64, of lineage: UInt32) {
    if count == Self.limit {
      if !contains(transaction, of: lineage) { isWhole = false }
    } else if numbers[lineage, default: []].insert(transaction).inserted {
      count += 1
    }
  }

  /// Adds those of another set.
  package mutating func formUnion(_ other: TransactionSet) {
    other.visit { insert($0, of: $1) }
    isWhole = isWhole && other.isWhole
  }

  /// Whether a transaction is in it.
  package func contains(_ transaction: UInt64, of lineage: UInt32) -> Bool {
    numbers[lineage]?.contains(transaction) ?? false
  }

  /// Those that are in another set too.
  package func intersection(_ other: TransactionSet) -> TransactionSet {
    var common = TransactionSet()
    for (lineage, numbers) in numbers {
      guard let others = other.numbers[lineage] else { continue }
      let shared = numbers.intersection(others)
      if shared.isEmpty { continue }
      common.numbers[lineage] = shared
      common.count += shared.count
    }
    return common
  }

  /// Visits every transaction, in an order that depends on the set alone.
  package func visit(_ body: (_ transaction: UInt64, _ lineage: UInt32) -> Void) {
    for (lineage, numbers) in numbers.sorted(by: { $0.key < $1.key }) {
      for number in numbers.sorted() { body(number, lineage) }
    }
  }
}

extension TransactionSet {
  /// The set as bytes.
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    Rank.append(isWhole ? 1 : 0, to: &bytes)
    for (lineage, numbers) in numbers.sorted(by: { $0.key < $1.key }) {
      Rank.append(UInt64(lineage), to: &bytes)
      Rank.append(UInt64(numbers.count), to: &bytes)
      // Transactions that are close in the log have numbers that are close.
      var last: UInt64 = 0
      for number in numbers.sorted() {
        Rank.append(number - last, to: &bytes)
        last = number
      }
    }
    return bytes
  }

  /// Reads a set that ``encoded`` wrote; nil when the bytes are not of this form.
  package init?(decoding bytes: UnsafeRawBufferPointer) {
    var offset = 0
    guard let whole = Rank.read(bytes, &offset), whole <= 1 else { return nil }
    while offset < bytes.count {
      guard let lineage = Rank.read(bytes, &offset).flatMap(UInt32.init(exactly:)),
        let count = Rank.read(bytes, &offset), count <= UInt64(Self.limit)
      else { return nil }
      var number: UInt64 = 0
      for _ in 0..<count {
        guard let step = Rank.read(bytes, &offset), step <= UInt64.max - number else { return nil }
        number += step
        insert(number, of: lineage)
      }
    }
    isWhole = whole == 1
  }
}
