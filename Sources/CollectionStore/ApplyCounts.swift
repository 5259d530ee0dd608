/// What a batch did to a collection, in rows.
package struct ApplyCounts: Sendable, Hashable {
  /// Rows that are new.
  package var inserted = 0
  /// Rows that changed.
  package var updated = 0
  /// Rows that went.
  package var deleted = 0
  /// Keys where there was no row and is none, or of which all was known already.
  package var ignored = 0
  /// What late changes did, by the manifest's id of the file that they came from.
  package var late: [Int64: LateCounts] = [:]
  /// Changes that are stored already, as far as rows remember theirs: copies of the newest one and of
  /// the floor.
  package var repeats = 0
  /// Disagreements that were found, and recorded.
  package var conflicts = 0
  /// `_id`s of rows that were left as they are, because what they remember does not suffice to merge
  /// these changes: they are to be refolded.
  package var needsRefold: [[UInt8]] = []
  /// `_id`s of rows that were left as they are, because a change of them lies at or below the closed
  /// rank: either it is known, or they are to be refolded.
  package var closed: [[UInt8]] = []

  /// Makes zeros.
  package init() {}

  /// Adds the counts of another batch.
  package static func += (left: inout ApplyCounts, right: ApplyCounts) {
    left.inserted += right.inserted
    left.updated += right.updated
    left.deleted += right.deleted
    left.ignored += right.ignored
    left.late.merge(right.late) { $0 + $1 }
    left.repeats += right.repeats
    left.conflicts += right.conflicts
    left.needsRefold += right.needsRefold
    left.closed += right.closed
  }

  mutating func countLate(_ file: Int64, isRepair: Bool) {
    late[file, default: LateCounts()] += LateCounts(
      repaired: isRepair ? 1 : 0, unchanged: isRepair ? 0 : 1)
  }
}

/// What the late changes of a file did. A row's changes are late when the newest of them is older
/// than the newest that is stored.
package struct LateCounts: Sendable, Hashable {
  /// Rows that changed.
  package var repaired = 0
  /// Rows that stayed as they were: newer changes hide all that came, or it was known.
  package var unchanged = 0

  /// Makes counts.
  package init(repaired: Int = 0, unchanged: Int = 0) {
    self.repaired = repaired
    self.unchanged = unchanged
  }

  package static func + (left: LateCounts, right: LateCounts) -> LateCounts {
    LateCounts(
      repaired: left.repaired + right.repaired, unchanged: left.unchanged + right.unchanged)
  }

  package static func += (left: inout LateCounts, right: LateCounts) { left = left + right }
}
