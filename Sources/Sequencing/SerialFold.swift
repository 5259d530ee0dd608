package import ChangeModel

/// Rows folded one change at a time, in the order of ranks: for keys that are linked by moves.
///
/// A move takes the row's columns along, so the fold of one key depends on another's. Where all
/// changes of the linked keys are at hand, applying them serially is the definition itself. Rows
/// are named by their `_id`.
package struct SerialFold: Sendable {
  /// A column's value, and the change that it stems from.
  package struct Value: Sendable {
    /// The value; a text lies in ``SerialFold/bytes``.
    package var cell: Cell
    /// The rank of the change that set it.
    package var rank: Rank
    /// That change's file, by the manifest's id.
    package var file: Int64

    /// Makes a value.
    package init(cell: Cell, rank: Rank, file: Int64) {
      self.cell = cell
      self.rank = rank
      self.file = file
    }
  }

  /// What is known of one key.
  package struct Row: Sendable {
    /// The last insert or delete.
    package var floor: RowState.Floor?
    /// The file of the floor.
    package var floorFile: Int64 = 0
    /// The source's time of the insert, microseconds; `Int64.min` for none.
    package var eventTime: Int64 = .min
    /// The newest change that left a row, and its file; nil where none did since the floor.
    package var last: (rank: Rank, file: Int64)?
    /// The columns that are known.
    package var values: [UInt32: Value] = [:]

    /// Makes a row of which nothing is known.
    package init() {}

    /// Whether there is a row.
    package var isLive: Bool { last != nil }
  }

  /// A row that went from one `_id` to another.
  package struct Move: Sendable, Hashable {
    package var old: [UInt8]
    package var new: [UInt8]
    package var rank: Rank
  }

  /// The rows, by `_id`.
  package private(set) var rows: [[UInt8]: Row] = [:]
  /// The moves among them.
  package private(set) var moves: [Move] = []
  /// The bytes that texts lie in.
  package var bytes: [UInt8] = []

  /// Makes a fold in which no key is known.
  package init() {}

  /// Puts in a row as it is stored, before any change.
  package mutating func put(_ row: Row, id: [UInt8]) {
    rows[id] = row
  }

  /// Applies a change that is no move. The ranks of successive changes must rise.
  package mutating func apply(
    _ operation: Operation, id: [UInt8], rank: Rank, file: Int64, eventTime: Int64,
    cells: ArraySlice<Cell>
  ) {
    switch operation {
    case .delete:
      rows[id] = deleted(at: rank, file: file)
    case .insert:
      var row = Row()
      row.floor = RowState.Floor(kind: .insert, rank: rank)
      row.floorFile = file
      row.eventTime = eventTime
      rows[id] = row
      write(cells, id: id, rank: rank, file: file)
    case .update, .upsert:
      write(cells, id: id, rank: rank, file: file)
    }
  }

  /// Applies a change that moves a row from one `_id` to another.
  ///
  /// The new row inherits what the change does not name. A move from a key without a row is an
  /// update of the new key and sets no floor.
  package mutating func move(
    from old: [UInt8], to new: [UInt8], rank: Rank, file: Int64, cells: ArraySlice<Cell>
  ) {
    moves.append(Move(old: old, new: new, rank: rank))
    if let source = rows[old], source.isLive {
      var row = source
      let isComplete = source.floor?.kind == .insert
      row.floor = RowState.Floor(kind: isComplete ? .insert : .incompleteInsert, rank: rank)
      row.floorFile = file
      row.values = source.values.mapValues { Value(cell: $0.cell, rank: rank, file: file) }
      rows[new] = row
    }
    rows[old] = deleted(at: rank, file: file)
    write(cells, id: new, rank: rank, file: file)
  }

  private func deleted(at rank: Rank, file: Int64) -> Row {
    var row = Row()
    row.floor = RowState.Floor(kind: .delete, rank: rank)
    row.floorFile = file
    return row
  }

  private mutating func write(
    _ cells: ArraySlice<Cell>, id: [UInt8], rank: Rank, file: Int64
  ) {
    for cell in cells {
      rows[id, default: Row()].values[cell.column] = Value(cell: cell, rank: rank, file: file)
    }
    rows[id, default: Row()].last = (rank, file)
  }

  /// Appends every row to a batch whose rows are then the whole truth of their keys.
  ///
  /// - Parameter order: how the changes were ordered.
  package func append(to batch: inout RowBatch, order: RowDelta.Order = .log) {
    for (id, row) in rows.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let idRange = ByteRange(offset: batch.buffer.bytes.count, count: id.count)
      batch.buffer.bytes.append(contentsOf: id)
      let firstLayer = batch.layers.count
      if let last = row.last { appendLayers(of: row, last: last, order, to: &batch) }
      var delta = RowDelta(
        id: idRange, floor: row.floor, eventTime: row.eventTime, floorFile: row.floorFile,
        layers: firstLayer..<batch.layers.count)
      delta.order = order
      batch.rows.append(delta)
    }
  }

  private func appendLayers(
    of row: Row, last: (rank: Rank, file: Int64), _ order: RowDelta.Order,
    to batch: inout RowBatch
  ) {
    var byRank = Dictionary(grouping: row.values.values, by: \.rank)
    if byRank[last.rank] == nil { byRank[last.rank] = [] }
    let newestFirst = byRank.sorted {
      $1.key.isBefore($0.key, inParallel: order == .time)
    }
    for (rank, values) in newestFirst {
      let firstCell = batch.buffer.cells.count
      for value in values.sorted(by: { $0.cell.column < $1.cell.column }) {
        batch.buffer.cells.append(value.cell.copied(from: bytes, to: &batch.buffer.bytes))
      }
      batch.layers.append(
        RowLayer(
          rank: rank, file: values.first?.file ?? last.file,
          cells: firstCell..<batch.buffer.cells.count))
    }
  }
}
