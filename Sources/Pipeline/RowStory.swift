package import ChangeModel
package import CollectionStore

/// Every change that a row saw, and what became of each.
package struct RowStory: Sendable {
  /// Whether there is such a row.
  package enum State: String, Sendable {
    case live, deleted
    /// All that was seen of it is not applied yet.
    case waiting
    /// Nothing was seen of it.
    case unknown
  }

  /// The row's collection, and its `_id`.
  package var collection: String
  package var id: [UInt8]
  /// What the database has of it.
  package var state = State.unknown
  /// The changes, oldest first: of the row, and of what it was before it came to this `_id`.
  package var changes: [ToldChange] = []
  /// Files that may hold more of them, and cannot be read as they were.
  package var missing: [MissingFile] = []
  /// Files of which a part is still awaited, with the reason.
  package var waiting: [MissingFile] = []
  /// How many records in quarantine may be about it.
  package var quarantined = 0
  /// What is missing of its collection's log, and may be about it.
  package var gaps: [GapRecord] = []

  /// Makes the story of a row of which nothing was read yet.
  init(collection: String, id: [UInt8]) {
    self.collection = collection
    self.id = id
  }

  /// Whether all that the row saw could be read.
  package var isComplete: Bool { missing.isEmpty }
}

/// One change of a row's story.
package struct ToldChange: Sendable {
  /// What became of it. Numbers are those of changes of the story, from 1.
  package enum Outcome: Sendable, Hashable {
    /// These columns of today's row stem from it.
    case won([String])
    /// There is no row today because of it.
    case ended
    /// Newer changes set all that it set.
    case overwritten
    /// The row was deleted, or moved away, later.
    case beforeDelete(Int)
    /// The row began anew later.
    case beforeInsert(Int)
    /// The same change stands in another place of the files, which counts.
    case repeated(Int)
    /// It counts rows of equal content in or out; another of them is this one.
    case counted
    /// It lies before the table was emptied.
    case truncated
    /// It is known, and not applied yet.
    case waiting
  }

  /// The `_id` that it is about, and the one that the row had before where it moves it.
  package var id: [UInt8]
  package var oldID: [UInt8]?
  /// What it does to the row.
  package var operation: Operation
  /// Its place in the order.
  package var rank: Rank
  /// The name of its lineage; empty where there is none.
  package var lineage: String
  /// The source's running count; nil for none.
  package var counter: Int64?
  /// Its file, for people, and where its record begins in the file's decompressed bytes.
  package var file: String
  package var byteOffset: UInt64
  /// What it set: our columns and their values.
  package var values: [(column: String, value: PlainValue)]
  /// What became of it.
  package var outcome: Outcome
  /// The other one of two different changes of the row at one place of the log; nil for none.
  package var conflict: Int?
  /// A newer change, whose file was seen before this one's; nil where there is none.
  package var lateAfter: Int?
  /// What its coming repaired, as it was noted then.
  package var repairs: [String]

  /// Which epoch of the source's log it belongs to.
  package var epoch: UInt32 { rank.phase / 2 }
}
