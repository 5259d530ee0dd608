package import ChangeModel
package import SQLiteKit

/// Makes of what batches do to rows that are not there yet the records that SQLite keeps: what
/// ``RowApplier`` leaves to INSERT, without SQLite, and so on as many cores as there are.
package struct RowPacker: ~Copyable {
  /// The column that repeats the key, and is not stored; -1 for none.
  package let idColumn: Int
  private let bounds: RowMerge.Bounds
  private let companion: Int64
  private let storedColumnCount: Int
  private var merge: RowMerge
  private var state: [UInt8] = []
  /// The cell that each column of the row at hand takes its value from; -1 for NULL.
  private var cellOfColumn: [Int]

  /// A row that is not there yet, and of which one change tells values.
  package struct PlainRow: ~Copyable {
    /// The row's `_id`: UTF-8 bytes.
    package var id: UnsafeRawBufferPointer
    /// The newest change; its values stem from it.
    package var last: Rank
    /// What its last insert or delete is; nil where it was never seen.
    package var floor: RowState.Floor.Kind?
    /// When that was, where it is not the newest change itself; else nil.
    package var floorRank: Rank?
    /// The source's time of the insert that is the floor, microseconds; `Int64.min` for none.
    package var eventTime: Int64
    /// The manifest's id of the file that the newest change came from.
    package var file: Int64

    /// Makes one of its parts.
    package init(
      id: UnsafeRawBufferPointer, last: Rank, floor: RowState.Floor.Kind?, floorRank: Rank?,
      eventTime: Int64, file: Int64
    ) {
      self.id = id
      self.last = last
      self.floor = floor
      self.floorRank = floorRank
      self.eventTime = eventTime
      self.file = file
    }

    /// Whether the newest change deleted it.
    var isDead: Bool {
      // `==` of optional enumerations calls what an optimiser does not see through.
      if case .delete? = floor { floorRank == nil } else { false }
    }
  }

  /// Makes a packer for a collection whose table is empty, as
  /// ``CollectionStore/beginLoad(of:closed:)`` gave it.
  package init(_ collection: Collection) {
    bounds = RowMerge.Bounds(floor: collection.floor, closed: collection.closed)
    companion = collection.id
    idColumn = collection.columns.firstIndex { $0.isID } ?? -1
    storedColumnCount = collection.columns.count - (idColumn < 0 ? 0 : 1)
    merge = RowMerge(columnCount: collection.columns.count, idColumn: idColumn)
    cellOfColumn = Array(repeating: -1, count: collection.columns.count)
  }

  /// Packs a row of a batch.
  ///
  /// - Parameters:
  ///   - row: its key did not change in lineages side by side.
  ///   - batch: of the packer's collection.
  package mutating func pack(_ row: RowDelta, of batch: RowBatch, into packed: inout PackedRows) {
    let outcome = batch.layers.withUnsafeBufferPointer { layers in
      batch.buffer.cells.withUnsafeBufferPointer { cells in
        merge.merge(stored: nil, delta: row, layers: layers, cells: cells, collection: bounds)
      }
    }
    batch.buffer.bytes.withUnsafeBytes { bytes in
      let id = UnsafeRawBufferPointer(rebasing: bytes[row.id.indices])
      switch outcome {
      case .live: packLive(id, batch.buffer.cells, bytes, into: &packed)
      case .dead: packDead(id, merge.state, into: &packed)
      case .unchanged: packed.counts.ignored += 1
      case .unknowable: preconditionFailure("a row that is not there remembers nothing")
      }
    }
  }

  /// Notes a disagreement of a batch.
  package mutating func pack(
    _ conflict: RowConflict, of batch: RowBatch, into packed: inout PackedRows
  ) {
    packed.notes.add(
      LoadNotes.Conflict(id: Array(batch.buffer.bytes[conflict.id.indices]), conflict: conflict))
    packed.counts.conflicts += 1
  }

  /// Whether plain rows need not be merged with anything.
  package var takesPlainRows: Bool { bounds.floor == nil }

  /// Packs the tombstone of a row whose only change that counts deleted it.
  ///
  /// - Parameters:
  ///   - id: the row's `_id`: UTF-8 bytes.
  ///   - last: when that was.
  package mutating func pack(
    deleted id: UnsafeRawBufferPointer, last: Rank, into packed: inout PackedRows
  ) {
    let floor = RowState.Floor(kind: .delete, rank: last)
    packDead(id, RowState(last: last, floor: floor, shape: ColumnSet()), into: &packed)
  }

  /// Packs a row of which one change tells values, without a batch.
  ///
  /// - Parameters:
  ///   - columns: those that the newest change named.
  ///   - addValues: adds the values of all columns but ``idColumn``, in their order; not called where
  ///     there is no row.
  package mutating func pack(
    _ row: borrowing PlainRow, columns: borrowing RowState.EncodedShape,
    into packed: inout PackedRows, addValues: (inout RecordEncoder) -> Void
  ) {
    if row.isDead { return pack(deleted: row.id, last: row.last, into: &packed) }
    beginLive(row.id, eventTime: row.eventTime, into: &packed)
    addValues(&packed.encoder)
    state.removeAll(keepingCapacity: true)
    RowState.encode(
      last: row.last, kind: row.floor, floor: row.floorRank, shape: columns, into: &state)
    endLive(row.id, file: row.file, into: &packed)
    if case .insert? = row.floor { return }
    noteUnknown(
      row.id, RowState(last: row.last, floor: nil, shape: columns.columns), in: &packed)
  }

  private mutating func packLive(
    _ id: UnsafeRawBufferPointer, _ cells: [Cell], _ bytes: UnsafeRawBufferPointer,
    into packed: inout PackedRows
  ) {
    for written in merge.written { cellOfColumn[written.column] = written.cell }
    beginLive(id, eventTime: merge.eventTime, into: &packed)
    for column in cellOfColumn.indices where column != idColumn {
      let cell = cellOfColumn[column]
      if cell < 0 { packed.encoder.addNull() } else { packed.encoder.add(cells[cell], bytes) }
    }
    for written in merge.written { cellOfColumn[written.column] = -1 }
    encode(merge.state)
    endLive(id, file: merge.file ?? 0, into: &packed)
    noteUnknown(id, merge.state, in: &packed)
  }

  /// The columns stand as in the table: the key, the time, then the source's.
  private func beginLive(
    _ id: UnsafeRawBufferPointer, eventTime: Int64, into packed: inout PackedRows
  ) {
    packed.counts.inserted += 1
    packed.encoder.begin()
    packed.encoder.add(text: id)
    if eventTime == .min {
      packed.encoder.addNull()
    } else {
      packed.encoder.add(eventTime)
    }
  }

  /// The state, which was encoded, and the file come last.
  private mutating func endLive(
    _ id: UnsafeRawBufferPointer, file: Int64, into packed: inout PackedRows
  ) {
    state.withUnsafeBytes { packed.encoder.add(blob: $0) }
    packed.encoder.add(file)
    let valueCount = packed.encoder.valueByteCount
    let record = packed.encoder.end()
    let start = record.upperBound - valueCount
    packed.append(row: PackedRows.Row(record: record, id: start..<start + id.count))
  }

  /// Notes which columns are unknown of a row without an insert.
  private func noteUnknown(
    _ id: UnsafeRawBufferPointer, _ row: RowState, in packed: inout PackedRows
  ) {
    guard row.isIncomplete else { return }
    packed.notes.hasPartialRows = true
    guard let known = PartialRow.known(row, of: storedColumnCount) else { return }
    packed.notes.add(LoadNotes.PartialRow(id: Array(id), known: known))
  }

  private mutating func packDead(
    _ id: UnsafeRawBufferPointer, _ row: RowState, into packed: inout PackedRows
  ) {
    packed.counts.ignored += 1
    guard bounds.needsTombstone(row) else { return }
    encode(row)
    packed.encoder.begin()
    packed.encoder.add(companion)
    packed.encoder.add(text: id)
    state.withUnsafeBytes { packed.encoder.add(blob: $0) }
    let record = packed.encoder.end()
    let end = record.upperBound - state.count
    packed.append(tombstone: PackedRows.Row(record: record, id: end - id.count..<end))
  }

  private mutating func encode(_ row: RowState) {
    state.removeAll(keepingCapacity: true)
    row.encode(into: &state)
  }
}

extension RecordEncoder {
  /// Adds a cell whose text lies in `bytes`.
  @inline(__always)
  fileprivate mutating func add(_ cell: Cell, _ bytes: UnsafeRawBufferPointer) {
    switch cell.kind {
    case .null: addNull()
    case .text: add(text: UnsafeRawBufferPointer(rebasing: bytes[cell.text.indices]))
    case .integer: add(Int64(bitPattern: cell.bits))
    case .real: add(Double(bitPattern: cell.bits))
    }
  }
}
