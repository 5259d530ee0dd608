/// What the changes of a batch do to the rows of one collection, folded per key, in key order.
///
/// Made by `Pipeline` from the changes that `Sequencing` ordered; merged into the stored rows by
/// `CollectionStore`.
package struct RowBatch: Sendable {
  /// The collection's id in the store.
  package var collection: Int64
  /// The rows, ascending by the bytes of their ids.
  package var rows: [RowDelta] = []
  /// The layers that the rows refer to.
  package var layers: [RowLayer] = []
  /// The values that the layers refer to, and the bytes of ids and texts.
  package var buffer = CellBuffer()
  /// Disagreements that were found among the batch's own changes.
  package var conflicts: [RowConflict] = []

  /// Makes an empty batch for a collection.
  package init(collection: Int64) {
    self.collection = collection
  }

  /// Empties the batch and keeps its memory.
  package mutating func removeAll() {
    rows.removeAll(keepingCapacity: true)
    layers.removeAll(keepingCapacity: true)
    buffer.removeAll()
    conflicts.removeAll()
  }
}

/// What the changes of a batch do to one row: at most one floor, and what was written above it.
package struct RowDelta: Sendable {
  /// The row's `_id`: UTF-8 bytes in the batch's buffer.
  package var id: ByteRange
  /// The last insert or delete among the changes; nil where there is none.
  package var floor: RowState.Floor?
  /// The source's time of the insert that is the floor, microseconds; `Int64.min` for none.
  package var eventTime: Int64
  /// What was written at or above the floor, newest first; no column is in two layers. A floor
  /// that is an insert has a layer of its own rank, unless every column of it was overwritten.
  package var layers: Range<Int>
  /// The manifest's id of the file that the floor came from; 0 where there is no floor.
  package var floorFile: Int64
  /// How the changes were ordered.
  package var order = Order.log
  /// Of a key that changed in several lineages of one phase: the newest change of each, but of the
  /// newest of all, that has that one's phase. Layers without cells.
  package var others: Range<Int> = 0..<0
  /// Of a row that is refolded: the manifest's id of the file whose change made that necessary; 0
  /// for a row whose changes came in order.
  package var cause: Int64 = 0

  /// How the changes of a key were ordered; see ``RowState/Lineages``.
  package enum Order: UInt8, Sendable {
    /// By position; times rose with it.
    case log
    /// By position, while times fell.
    case logWithFallingTimes
    /// By time.
    case time
  }

  /// Makes one of its parts.
  package init(
    id: ByteRange, floor: RowState.Floor?, eventTime: Int64, floorFile: Int64, layers: Range<Int>
  ) {
    self.id = id
    self.floor = floor
    self.eventTime = eventTime
    self.floorFile = floorFile
    self.layers = layers
  }
}

/// The columns that one change gives a row.
package struct RowLayer: Sendable {
  /// The change's rank.
  package var rank: Rank
  /// The manifest's id of the change's file.
  package var file: Int64
  /// Its values, ascending by column: indexes into the batch's cells. May be empty: the change
  /// still touched the row.
  package var cells: Range<Int>

  /// Makes one of its parts.
  package init(rank: Rank, file: Int64, cells: Range<Int>) {
    self.rank = rank
    self.file = file
    self.cells = cells
  }
}

/// A row about which two files disagree, where the source's log does not say who is right.
package struct RowConflict: Sendable {
  /// What makes it undecidable.
  package enum Kind: String, Sendable {
    /// Two different changes at one position.
    case position
    /// Changes in two logs that run side by side.
    case lineages
  }

  /// The row's `_id`: UTF-8 bytes in the batch's buffer.
  package var id: ByteRange
  /// What makes it undecidable.
  package var kind: Kind
  /// The rank of the change that counts.
  package var rank: Rank
  /// The manifest's ids of the files whence the change came that counts, and the other.
  package var wonFile: Int64
  package var lostFile: Int64

  /// Makes one of its parts.
  package init(id: ByteRange, kind: Kind, rank: Rank, wonFile: Int64, lostFile: Int64) {
    self.id = id
    self.kind = kind
    self.rank = rank
    self.wonFile = wonFile
    self.lostFile = lostFile
  }
}
