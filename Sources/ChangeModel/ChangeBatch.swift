/// The changes of a stretch of one batch file, in the order of its records.
///
/// Indexes in a ``Change`` point into this batch's own `tables` and `lineages`, which the decoder
/// that made it keeps adding to; an index never changes its meaning within one decoder.
package struct ChangeBatch: Sendable {
  /// The changes, in file order.
  package var changes: [Change] = []
  /// The canonical keys that the changes point into.
  package var keyBytes: [UInt8] = []
  /// The values that the changes point into; several batches may share it.
  package var values = ValueBlock()
  /// The tables met so far by the decoder.
  package var tables: [DecodedTable] = []
  /// The lineages met so far by the decoder; `""` is the one of records without a cursor.
  package var lineages: [String] = []
  /// The records that could not be used.
  package var quarantined: [QuarantinedRecord] = []
  /// How many records were read: changes, quarantined ones, and those skipped because their
  /// lineage is not taken.
  package var recordCount = 0

  /// Makes an empty batch.
  package init() {}

  /// Makes room for so many changes where there are some: an array that doubles is in memory twice.
  package mutating func reserve(_ count: Int) {
    guard changes.count >= 256, changes.capacity < count else { return }
    changes.reserveCapacity(count)
  }

  /// Empties the batch and keeps its memory; the values stay, which others may have.
  package mutating func removeAll() {
    changes.removeAll(keepingCapacity: true)
    keyBytes.removeAll(keepingCapacity: true)
    // Another decoder may have filled it, and the next file may not be read at all.
    tables.removeAll()
    lineages.removeAll()
    quarantined.removeAll()
    recordCount = 0
  }
}

/// A source table as a decoder knows it: it grows while records are read.
package struct DecodedTable: Sendable {
  /// Its name.
  package var table: SourceTable
  /// What identifies its rows, or nil while that is unknown.
  package var key: KeyRule?
  /// Column names, in order of first appearance.
  package var columns: [String]
  /// The sets of columns that changes have named; a change refers to one by index.
  package var shapes: [ColumnSet]
  /// What the records of files that ended say about the key; filled in a batch for which the decoder
  /// is asked, else empty. Merge it (``KeyEvidence/merge(_:)``).
  package var evidence: KeyEvidence
  /// The fields of cursors that could not be read, likewise.
  package var cursorEvidence: CursorEvidence

  /// Makes a table of which only the name is known.
  package init(table: SourceTable, key: KeyRule? = nil) {
    self.table = table
    self.key = key
    columns = []
    shapes = []
    evidence = KeyEvidence()
    cursorEvidence = CursorEvidence()
  }
}

/// A record that could not be used: its bytes, where it stood, and why.
package struct QuarantinedRecord: Sendable, Hashable {
  /// Its raw bytes.
  package var bytes: [UInt8]
  /// Where it begins in the file's decompressed bytes.
  package var byteOffset: UInt64
  /// Its index in the file, from zero.
  package var recordIndex: Int
  /// Its table, where that could still be read.
  package var table: SourceTable?
  /// Why it cannot be used.
  package var reason: String

  /// Makes one of its parts.
  package init(
    bytes: [UInt8], byteOffset: UInt64, recordIndex: Int, table: SourceTable? = nil, reason: String
  ) {
    self.bytes = bytes
    self.byteOffset = byteOffset
    self.recordIndex = recordIndex
    self.table = table
    self.reason = reason
  }
}
