package import ChangeModel

/// A row about which two files disagree, where the source's log does not say who is right.
package struct ConflictRecord: Sendable, Hashable {
  /// The row.
  package var id: [UInt8]
  /// What makes it undecidable.
  package var kind: RowConflict.Kind
  /// Of a position: the place in the log, encoded, without what breaks the tie. Of lineages: the
  /// time at which both have their newest change, encoded; empty where the times differ.
  package var place: [UInt8]
  /// The manifest's numbers of the files whence the change came that counts, and the other; 0 where
  /// that is not known any more.
  package var wonFile: Int64
  package var lostFile: Int64

  /// Makes one of its parts.
  package init(
    id: [UInt8], kind: RowConflict.Kind, place: [UInt8], wonFile: Int64, lostFile: Int64
  ) {
    self.id = id
    self.kind = kind
    self.place = place
    self.wonFile = wonFile
    self.lostFile = lostFile
  }
}
