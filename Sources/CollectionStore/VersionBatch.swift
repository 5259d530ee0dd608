package import ChangeModel

/// All versions of some rows, as the changes known by now give them.
package struct VersionBatch: Sendable {
  /// The collection's number.
  package var collection: Int64
  /// The rows' ids, each with its versions, oldest first; none for a row that never was.
  package var rows: [(id: [UInt8], versions: Range<Int>)] = []
  /// The versions.
  package var versions: [RowVersion] = []
  /// What the versions refer to: values and the bytes of texts.
  package var buffer = CellBuffer()
  /// Columns whose changes make no version: what is stored of them is brought up to date silently.
  package var untracked: ColumnSet
  /// When all this became known, microseconds since 1970.
  package var knownAt: Int64

  /// Makes an empty batch.
  package init(collection: Int64, untracked: ColumnSet, knownAt: Int64) {
    self.collection = collection
    self.untracked = untracked
    self.knownAt = knownAt
  }
}

/// A stretch of the source's log in which a row stayed the same.
package struct RowVersion: Sendable {
  /// The rank of the change that began it.
  package var from: Rank
  /// The rank of the change that ended it; nil while it lasts.
  package var to: Rank?
  /// What began it: insert, update, upsert or move.
  package var operation: String
  /// The manifest's number of the file of that change.
  package var file: Int64
  /// The source's time of the row's insert, microseconds; `Int64.min` for none.
  package var eventTime: Int64
  /// The values at its beginning, ascending by column: indexes into the batch's cells.
  package var cells: Range<Int>

  /// Makes one of its parts.
  package init(
    from: Rank, to: Rank?, operation: String, file: Int64, eventTime: Int64, cells: Range<Int>
  ) {
    self.from = from
    self.to = to
    self.operation = operation
    self.file = file
    self.eventTime = eventTime
    self.cells = cells
  }
}
