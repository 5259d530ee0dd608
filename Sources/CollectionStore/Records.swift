package import ChangeModel

/// Why the changes of a table wait, and what releases them.
package struct Hold: Sendable, Hashable {
  /// The table's name, quoted nowhere.
  package var source: SourceTable
  /// The collection that it would be, or is.
  package var name: String
  /// One word for programs: `keyUnknown`.
  package var reason: String
  /// How many changes wait.
  package var changes: Int
  /// What is wrong, for a person.
  package var cause: String
  /// Candidates with their evidence, best first.
  package var evidence: [String]
  /// The exact flag or configuration lines to add.
  package var hint: String

  /// Makes one of its parts.
  package init(
    source: SourceTable, name: String, reason: String, changes: Int, cause: String,
    evidence: [String], hint: String
  ) {
    self.source = source
    self.name = name
    self.reason = reason
    self.changes = changes
    self.cause = cause
    self.evidence = evidence
    self.hint = hint
  }
}

/// A record in quarantine.
package struct QuarantineEntry: Sendable, Hashable {
  /// The quarantine's number for it; 0 until it is stored.
  package var id: Int64 = 0
  /// The manifest's number of its file.
  package var file: Int64
  /// The record, and what is wrong with it.
  package var record: QuarantinedRecord
  /// Whether a retry has used it since.
  package var isResolved = false

  /// Makes an entry that is not stored yet.
  package init(file: Int64, record: QuarantinedRecord) {
    self.file = file
    self.record = record
  }
}

/// Something that happened, and that somebody may ask about later.
package struct StoreEvent: Sendable, Hashable {
  /// When, microseconds since 1970; enters no row.
  package var at: Int64 = 0
  /// One word for programs: `columnAdded`, `repair`, `epochSuspected`.
  package var kind: String
  /// The collection's number; nil where none is concerned.
  package var collection: Int64?
  /// The file's number; nil where none is concerned.
  package var file: Int64?
  /// A sentence for a person.
  package var text: String

  /// Makes one of its parts.
  package init(
    at: Int64, kind: String, collection: Int64? = nil, file: Int64? = nil, text: String
  ) {
    self.at = at
    self.kind = kind
    self.collection = collection
    self.file = file
    self.text = text
  }
}

/// A log that a collection's changes came from, and how far it is applied.
package struct LineageRecord: Sendable, Hashable {
  /// The collection's number.
  package var collection: Int64
  /// The lineage's name, as records give it; empty for records without a cursor.
  package var name: String
  /// The name as ``Rank/lineage`` holds it.
  package var hash: UInt32
  /// Which epoch of the collection it is.
  package var epoch: UInt32
  /// The lowest ordinal of the files that name it; nil for none.
  package var firstOrdinal: UInt64?
  /// The newest change that is applied; nil for none.
  package var last: Rank?
  /// That change's running count; nil for none.
  package var lastCounter: Int64?

  /// Makes the record of a lineage of which nothing is applied.
  package init(collection: Int64, name: String, hash: UInt32, epoch: UInt32) {
    self.collection = collection
    self.name = name
    self.hash = hash
    self.epoch = epoch
  }
}

/// A hole in a collection's log.
package struct GapRecord: Sendable, Hashable {
  /// How sure it is.
  package enum Kind: String, Sendable {
    /// The running counts skip.
    case proven
    /// A number is missing between the files.
    case suspected
    /// What is missing is there, in files that are not complete yet.
    case arriving
  }
  /// The files' path without the number.
  package var series: [UInt8]
  /// The numbers of the files between which something is missing.
  package var afterOrdinal: UInt64
  package var beforeOrdinal: UInt64
  /// How sure it is.
  package var kind: Kind
  /// The running counts that are missing; nil where unknown.
  package var counters: ClosedRange<Int64>?
  /// The path that the first missing file would have, as bytes.
  package var likelyFile: [UInt8]
  /// When it was first seen, microseconds since 1970.
  package var since: Int64
  /// Until when changes behind it wait, likewise; nil for ever.
  package var deadline: Int64?
  /// Whether it is not waited for any longer.
  package var isWaived: Bool
  /// How many changes wait behind it.
  package var waiting = 0

  /// Makes one of its parts.
  package init(
    series: [UInt8], afterOrdinal: UInt64, beforeOrdinal: UInt64, kind: Kind,
    counters: ClosedRange<Int64>?, likelyFile: [UInt8], since: Int64, deadline: Int64?,
    isWaived: Bool
  ) {
    self.series = series
    self.afterOrdinal = afterOrdinal
    self.beforeOrdinal = beforeOrdinal
    self.kind = kind
    self.counters = counters
    self.likelyFile = likelyFile
    self.since = since
    self.deadline = deadline
    self.isWaived = isWaived
  }
}

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
