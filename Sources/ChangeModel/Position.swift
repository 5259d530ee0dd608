/// Where a change stands in the source's log: a key of four unsigned words, compared in order.
///
/// Each source fills the words from its own cursor fields, most significant first (MySQL: log file
/// number, offset, row; see `RecordFormats`). Unused words are zero. A position is meaningful only
/// within its lineage and epoch; ``Rank`` compares across them.
@frozen @usableFromInline
package struct Position: Sendable, Hashable {
  /// The words, most significant first.
  @usableFromInline package var word0: UInt64
  @usableFromInline package var word1: UInt64
  @usableFromInline package var word2: UInt64
  @usableFromInline package var word3: UInt64

  /// Makes a position from its words, most significant first.
  @inlinable
  package init(_ word0: UInt64, _ word1: UInt64 = 0, _ word2: UInt64 = 0, _ word3: UInt64 = 0) {
    self.word0 = word0
    self.word1 = word1
    self.word2 = word2
    self.word3 = word3
  }

  /// The position of records that have none: before every other.
  @inlinable package static var zero: Position { Position(0) }
}

extension Position: Comparable {
  @inlinable
  package static func < (left: Position, right: Position) -> Bool {
    if left.word0 != right.word0 { return left.word0 < right.word0 }
    if left.word1 != right.word1 { return left.word1 < right.word1 }
    if left.word2 != right.word2 { return left.word2 < right.word2 }
    return left.word3 < right.word3
  }
}
