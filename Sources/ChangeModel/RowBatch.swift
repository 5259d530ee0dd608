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

  /// Makes an empty batch for a collection.
  package init(collection: Int64) {
    self.collection = collection
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
