package import ChangeModel
import SQLiteKit

/// A row as it is stored.
package struct StoredRow: Sendable {
  /// What it remembers of the changes that made it.
  package var state: RowState
  /// The source's time of its insert, microseconds since 1970 UTC; nil where unknown.
  package var eventTime: Int64?
  /// The manifest's number of the file that its newest change came from.
  package var file: Int64
  /// The values of the columns that are known, ascending by column; NULLs among them.
  package var values = CellBuffer()
}

/// Reading back what is stored of keys, for recomputing them.
extension CollectionStore {
  /// What is remembered of a key, be there a row or only its tombstone; nil when it was never seen.
  package func state(of id: [UInt8], collection: Int64) throws -> RowState? {
    let writer = try writer(collection)
    return try id.withUnsafeBytes { bytes in
      for statement in [try writer.seekRow(), try writer.seekTombstone()] {
        defer { statement.clear() }
        var stored = StoredStates(statement, of: writer.collection)
        if let state = try stored.state(of: bytes) { return state }
      }
      return nil
    }
  }

  /// The row of a key; nil where there is none.
  package func row(_ id: [UInt8], collection: Int64) throws -> StoredRow? {
    let writer = try writer(collection)
    return try id.withUnsafeBytes { try writer.row($0) }
  }

  /// Makes everything of a collection older than a rank vanish: the source table was truncated, or
  /// read anew as a whole. Only ever raises the floor.
  package func raiseFloor(of collection: Int64, to rank: Rank) throws {
    let old = try writer(collection)
    if let floor = old.collection.floor, rank <= floor { return }
    var new = old.collection
    new.floor = rank
    if rebuilds[collection] == nil { try write(new) } else { rebuilds[collection] = new }
    collections[collection] = nil
    if new.key == .wholeRow {
      try settleBags(writer(collection), raisedFrom: old.collection.floor)
    } else {
      try sink(writer(collection))
    }
  }

  /// Merges nothing into every row, so that the collection's new floor takes effect.
  private func sink(_ writer: CollectionWriter) throws {
    let select = try connection.prepare(
      "SELECT _id FROM \(writer.table) WHERE _id > ? ORDER BY _id LIMIT 10000")
    var last: [UInt8] = []
    while true {
      var batch = RowBatch(collection: writer.collection.id)
      try select.bindCopy(1, text: last)
      while try select.step() {
        let id = select.bytes(0)
        batch.rows.append(
          RowDelta(
            id: ByteRange(offset: batch.buffer.bytes.count, count: id.count), floor: nil,
            eventTime: .min, floorFile: 0, layers: 0..<0))
        batch.buffer.bytes += id
      }
      select.reset()
      guard let row = batch.rows.last else { return }
      last = Array(batch.buffer.bytes[row.id.indices])
      try apply(batch, mode: .merge)
    }
  }
}

extension CollectionWriter {
  /// The file of a row's newest change; nil where there is no row.
  func file(_ id: UnsafeRawBufferPointer) throws -> Int64? {
    let statement = try statement("SELECT _file FROM \(table) WHERE _id = ?", "file")
    defer { statement.reset() }
    try statement.bindText(1, id)
    return try statement.step() ? statement.integer(0) : nil
  }

  /// The row of an `_id`; nil where there is none.
  func row(_ id: UnsafeRawBufferPointer) throws -> StoredRow? {
    let names = ["_position", "_event_time", "_file"] + storedColumns
    let statement = try statement(
      "SELECT \(names.joined(separator: ", ")) FROM \(table) WHERE _id = ?", "row")
    defer { statement.clear() }
    try statement.bindText(1, id)
    guard try statement.step() else { return nil }
    guard let state = RowState(decoding: statement.bytes(0)) else {
      throw CollectionStore.unreadableState(of: collection)
    }
    var row = StoredRow(
      state: state, eventTime: statement.isNull(1) ? nil : statement.integer(1),
      file: statement.integer(2))
    var place: Int32 = 3
    for column in collection.columns.indices where column != idColumn {
      if state.rank(ofColumn: column) != nil {
        row.values.append(statement, place, column: UInt32(column))
      }
      place += 1
    }
    return row
  }
}

extension CellBuffer {
  /// Adds the value in a column of a statement's row.
  mutating func append(_ statement: Statement, _ place: Int32, column: UInt32) {
    switch statement.type(place) {
    case ValueType.null: cells.append(Cell(null: column))
    case ValueType.integer: cells.append(Cell(column: column, integer: statement.integer(place)))
    case ValueType.real: cells.append(Cell(column: column, real: statement.real(place)))
    default:
      let text = statement.bytes(place)
      cells.append(
        Cell(column: column, text: ByteRange(offset: bytes.count, count: text.count)))
      bytes += text
    }
  }
}
