/// A set of columns, each named by its index.
@frozen @usableFromInline
package struct ColumnSet: Sendable, Hashable {
  /// Bit `i % 64` of word `i / 64` stands for column `i`. The last word is never zero.
  @usableFromInline package internal(set) var words: [UInt64] = []

  /// Makes an empty set.
  @inlinable package init() {}

  /// Makes the set of the columns 0 up to, not including, `count`.
  package init(first count: Int) {
    for column in 0..<count { insert(column) }
  }

  /// Makes a set of column indexes.
  package init(_ columns: some Sequence<Int>) {
    for column in columns { insert(column) }
  }

  /// Whether no column is in the set.
  package var isEmpty: Bool { words.isEmpty }

  /// How many columns are in the set.
  package var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

  /// The columns, ascending.
  package var columns: [Int] {
    words.indices.flatMap { word in
      (0..<64).filter { words[word] >> UInt64($0) & 1 == 1 }.map { word * 64 + $0 }
    }
  }

  /// The number of columns if the set is exactly the first so many, else nil.
  package var prefixCount: Int? {
    guard let last = words.last else { return 0 }
    // The bits of a number that is one less than a power of two are its first ones.
    guard last & (last &+ 1) == 0, words.dropLast().allSatisfy({ $0 == .max }) else { return nil }
    return (words.count - 1) * 64 + last.nonzeroBitCount
  }

  /// Whether a column is in the set.
  package func contains(_ column: Int) -> Bool {
    column >> 6 < words.count && words[column >> 6] >> UInt64(column & 63) & 1 == 1
  }

  /// Adds a column.
  @inlinable
  package mutating func insert(_ column: Int) {
    while words.count <= column >> 6 { words.append(0) }
    words[column >> 6] |= 1 << UInt64(column & 63)
  }

  /// Whether every column of `other` is in this set.
  package func isSuperset(of other: ColumnSet) -> Bool {
    guard words.count >= other.words.count else { return false }
    return other.words.indices.allSatisfy { other.words[$0] & ~words[$0] == 0 }
  }

  /// Adds the columns of another set.
  package mutating func formUnion(_ other: ColumnSet) {
    while words.count < other.words.count { words.append(0) }
    for index in other.words.indices { words[index] |= other.words[index] }
  }
}
