import ChangeModel

/// Rows made by the definition: changes applied one by one, in the order of their ranks.
///
/// In: changes whose ranks rise, at least among those that moves link. Out: for every row, which
/// change each of its columns stems from.
struct PlainRows {
  /// Where a column's value stems from.
  struct Source: Hashable {
    /// The change's index in ``PlainChanges/changes``, and the value's among its cells.
    var change: UInt32
    var cell: UInt32
  }

  /// A row that there is.
  struct Row {
    /// The source's time of its insert, microseconds; `Int64.min` for none.
    var eventTime = Int64.min
    /// Its columns by the collection's index; nil is NULL, or unknown.
    var columns: [Source?]
  }

  /// The rows, by `_id`.
  private(set) var rows: [[UInt8]: Row] = [:]
  private let columnCount: Int

  /// Makes a table without rows.
  init(columnCount: Int) {
    self.columnCount = columnCount
  }

  /// Applies the change at an index.
  mutating func apply(_ index: Int, of changes: PlainChanges) {
    let change = changes.changes[index]
    let id = change.id
    if let oldID = change.oldID {
      // What the change does not name comes along; from nowhere nothing does.
      if let row = rows.removeValue(forKey: oldID) { rows[id] = row }
      return write(index, of: changes)
    }
    switch change.operation {
    case .delete:
      rows[id] = nil
    case .insert:
      rows[id] = Row(
        eventTime: change.rank.eventTime, columns: Array(repeating: nil, count: columnCount))
      write(index, of: changes)
    case .update, .upsert:
      write(index, of: changes)
    }
  }

  /// Puts in a row of a table without a key, whose content is one change's.
  mutating func put(_ id: [UInt8], eventTime: Int64, contentOf index: Int, of changes: PlainChanges)
  {
    rows[id] = Row(eventTime: eventTime, columns: Array(repeating: nil, count: columnCount))
    write(index, of: changes, to: id)
  }

  private mutating func write(_ index: Int, of changes: PlainChanges, to id: [UInt8]? = nil) {
    let change = changes.changes[index]
    let id = id ?? change.id
    var row = rows[id] ?? Row(columns: Array(repeating: nil, count: columnCount))
    rows[id] = nil
    for (place, cell) in changes.cells(of: change).enumerated() {
      row.columns[Int(cell.column)] = Source(change: UInt32(index), cell: UInt32(place))
    }
    rows[id] = row
  }
}

extension PlainChanges {
  /// A column's value.
  func value(_ source: PlainRows.Source?) -> PlainValue {
    guard let source else { return .null }
    let change = changes[Int(source.change)]
    let cells = cells(of: change)
    return value(cells[cells.startIndex + Int(source.cell)], of: change)
  }
}
