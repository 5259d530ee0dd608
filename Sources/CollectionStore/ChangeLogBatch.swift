package import ChangeModel

/// Changes of one collection, with their values, on the way into its history or out of it.
package struct ChangeLogBatch: Sendable {
  /// The collection's number.
  package var collection: Int64
  /// The changes.
  package var changes: [LoggedChange] = []
  /// What the changes refer to: their values, and the bytes of ids and texts.
  package var buffer = CellBuffer()

  /// Makes an empty batch.
  package init(collection: Int64) {
    self.collection = collection
  }

  /// Adds bytes that are no cell's: an id.
  package mutating func append(_ bytes: some Swift.Collection<UInt8>) -> ByteRange {
    let range = ByteRange(offset: buffer.bytes.count, count: bytes.count)
    buffer.bytes.append(contentsOf: bytes)
    return range
  }
}

/// A change in a ``ChangeLogBatch``, which holds its bytes and values.
package struct LoggedChange: Sendable {
  /// The row's `_id`.
  package var id: ByteRange
  /// The `_id` that the row had before; nil where the change does not move it.
  package var oldID: ByteRange?
  /// Its place in the order; the source's time is in it.
  package var rank: Rank
  /// What it does to the row.
  package var operation: Operation
  /// The manifest's number of its file.
  package var file: Int64
  /// Where its record begins in the file's decompressed bytes.
  package var byteOffset: UInt64
  /// The record's index in its file, from zero.
  package var recordIndex: UInt32
  /// When it became known, microseconds since 1970.
  package var knownAt: Int64
  /// The values that it sets, ascending by column: indexes into the batch's cells.
  package var cells: Range<Int>

  /// Makes one of its parts.
  package init(
    id: ByteRange, oldID: ByteRange?, rank: Rank, operation: Operation, file: Int64,
    byteOffset: UInt64, recordIndex: UInt32, knownAt: Int64, cells: Range<Int>
  ) {
    self.id = id
    self.oldID = oldID
    self.rank = rank
    self.operation = operation
    self.file = file
    self.byteOffset = byteOffset
    self.recordIndex = recordIndex
    self.knownAt = knownAt
    self.cells = cells
  }
}

/// A change as a history keeps it.
package struct ChangeRecord: Sendable {
  /// The row's `_id`.
  package var id: [UInt8]
  /// The `_id` that the row had before; nil where the change does not move it.
  package var oldID: [UInt8]?
  /// Its place in the order; the source's time is in it.
  package var rank: Rank
  /// What it does to the row.
  package var operation: Operation
  /// The manifest's number of its file.
  package var file: Int64
  /// Where its record begins in the file's decompressed bytes.
  package var byteOffset: UInt64
  /// The record's index in its file, from zero.
  package var recordIndex: UInt32
  /// When it became known, microseconds since 1970.
  package var knownAt: Int64
  /// The values that it sets, ascending by column.
  package var values: CellBuffer

  /// Copies a change out of a batch.
  init(_ change: LoggedChange, of batch: ChangeLogBatch) {
    id = Array(batch.buffer.bytes[change.id.indices])
    oldID = change.oldID.map { Array(batch.buffer.bytes[$0.indices]) }
    rank = change.rank
    operation = change.operation
    file = change.file
    byteOffset = change.byteOffset
    recordIndex = change.recordIndex
    knownAt = change.knownAt
    values = CellBuffer()
    for cell in batch.buffer.cells[change.cells] {
      values.cells.append(cell.copied(from: batch.buffer.bytes, to: &values.bytes))
    }
  }
}
