package import ChangeModel
import SQLiteKit

/// Makes of what batches do to rows that are not there yet the records that SQLite keeps: what
/// ``RowApplier`` leaves to INSERT, without SQLite, and so on as many cores as there are.
package struct RowPacker: ~Copyable {
  private let bounds: RowMerge.Bounds
  private let companion: Int64
  private let idColumn: Int
  private let storedColumnCount: Int
  private var merge: RowMerge
  private var encoder = RecordEncoder()
  private var state: [UInt8] = []
  /// The cell that each column of the row at hand takes its value from; -1 for NULL.
  private var cellOfColumn: [Int]

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

  /// Packs the rows of a batch.
  ///
  /// - Parameters:
  ///   - batch: of the packer's collection; no key of it changed in lineages side by side.
  ///   - packed: what it held is gone.
  package mutating func pack(_ batch: RowBatch, into packed: PackedRows) {
    packed.removeAll()
    // Out of the class, which would check every access.
    swap(&encoder, &packed.encoder)
    defer { swap(&encoder, &packed.encoder) }
    batch.buffer.bytes.withUnsafeBytes { bytes in
      batch.buffer.cells.withUnsafeBufferPointer { cells in
        batch.layers.withUnsafeBufferPointer { layers in
          var previous: UnsafeRawBufferPointer?
          for row in batch.rows {
            let id = UnsafeRawBufferPointer(rebasing: bytes[row.id.indices])
            if let previous, !previous.isBefore(id) { packed.isAscending = false }
            previous = id
            pack(row, id, layers: layers, cells: cells, bytes, into: packed)
          }
        }
      }
      for conflict in batch.conflicts {
        packed.notes.add(
          LoadNotes.Conflict(id: Array(bytes[conflict.id.indices]), conflict: conflict))
        packed.counts.conflicts += 1
      }
    }
  }

  private mutating func pack(
    _ row: RowDelta, _ id: UnsafeRawBufferPointer, layers: UnsafeBufferPointer<RowLayer>,
    cells: UnsafeBufferPointer<Cell>, _ bytes: UnsafeRawBufferPointer, into packed: PackedRows
  ) {
    let outcome = merge.merge(
      stored: nil, delta: row, layers: layers, cells: cells, collection: bounds)
    switch outcome {
    case .live:
      packed.counts.inserted += 1
      packLive(id, cells: cells, bytes, into: packed)
    case .dead:
      packed.counts.ignored += 1
      packDead(id, into: packed)
    case .unchanged: packed.counts.ignored += 1
    case .unknowable: preconditionFailure("a row that is not there remembers nothing")
    }
  }

  private mutating func encodeState() {
    state.removeAll(keepingCapacity: true)
    merge.state.encode(into: &state)
  }

  /// The columns stand as in the table: the key, the time, the source's, the state, the file.
  private mutating func packLive(
    _ id: UnsafeRawBufferPointer, cells: UnsafeBufferPointer<Cell>,
    _ bytes: UnsafeRawBufferPointer, into packed: PackedRows
  ) {
    for written in merge.written { cellOfColumn[written.column] = written.cell }
    encoder.begin()
    encoder.add(text: id)
    if merge.eventTime == .min {
      encoder.addNull()
    } else {
      encoder.add(merge.eventTime)
    }
    for column in cellOfColumn.indices where column != idColumn {
      let cell = cellOfColumn[column]
      if cell < 0 { encoder.addNull() } else { encoder.add(cells[cell], bytes) }
    }
    for written in merge.written { cellOfColumn[written.column] = -1 }
    encodeState()
    state.withUnsafeBytes { encoder.add(blob: $0) }
    encoder.add(merge.file ?? 0)
    let valueCount = encoder.valueByteCount
    let record = encoder.end()
    let start = record.upperBound - valueCount
    packed.rows.append(PackedRows.Row(record: record, id: start..<start + id.count))
    notePartial(id, in: packed)
  }

  private func notePartial(_ id: UnsafeRawBufferPointer, in packed: PackedRows) {
    guard merge.state.isIncomplete else { return }
    packed.notes.hasPartialRows = true
    guard let known = PartialRow.known(merge.state, of: storedColumnCount) else { return }
    packed.notes.add(LoadNotes.PartialRow(id: Array(id), known: known))
  }

  private mutating func packDead(_ id: UnsafeRawBufferPointer, into packed: PackedRows) {
    guard bounds.needsTombstone(merge.state) else { return }
    encodeState()
    encoder.begin()
    encoder.add(companion)
    encoder.add(text: id)
    state.withUnsafeBytes { encoder.add(blob: $0) }
    let record = encoder.end()
    let end = record.upperBound - state.count
    packed.tombstones.append(PackedRows.Row(record: record, id: end - id.count..<end))
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
