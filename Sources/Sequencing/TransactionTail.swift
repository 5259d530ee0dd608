import ChangeModel

/// The transaction that stands last in a log, of a source that names them: more of it may come.
///
/// It ends with the next transaction of its log, or when nothing of it has come for a while.
package struct TransactionTail: Sendable, Hashable {
  /// The number of the transaction.
  package private(set) var transaction: UInt64
  /// Where its last change stands among those of all tables.
  private var place: Position
  /// When a file with changes of it came last, microseconds since 1970.
  package private(set) var seen: Int64

  /// Whether the positions of a lineage name transactions, in their last word.
  package static func isNamed(in lineage: String) -> Bool {
    lineage.hasPrefix("ase:") || lineage.hasPrefix("informix:")
  }

  /// The tail of a segment; nil where its source names no transactions.
  ///
  /// - Parameters:
  ///   - lineage: the name of the segment's lineage.
  ///   - seen: when its file came, microseconds since 1970.
  package init?(of segment: FileEvidence.Segment, lineage: String, seen: Int64) {
    transaction = segment.highest.word3
    self.seen = seen
    if lineage.hasPrefix("ase:") {
      // The first word counts the changes of one table.
      place = Position(segment.highest.word1, segment.highest.word2)
    } else if lineage.hasPrefix("informix:") {
      place = Position(segment.highest.word0)
    } else {
      return nil
    }
    if transaction == 0 { return nil }
  }

  /// Goes on to another tail of the same log, if that is later.
  package mutating func take(_ other: TransactionTail) {
    if other.transaction == transaction { seen = max(seen, other.seen) }
    guard place < other.place else { return }
    let seen = other.transaction == transaction ? max(seen, other.seen) : other.seen
    self = other
    self.seen = seen
  }
}
