/// The rows of one table of the live source: what a reader of the source would see.
struct SourceRows {
  private let columnCount: Int
  private var cells: [Cell] = []
  private var places: [Int32] = []
  private var insertTimes: [Int64] = []
  /// The keys of the live rows, in no order.
  private(set) var liveKeys: [Int32] = []

  init(columnCount: Int) { self.columnCount = columnCount }

  /// Whether there is a row with the key.
  func isLive(_ key: Int) -> Bool { key < places.count && places[key] >= 0 }

  /// A value of a live row.
  func cell(_ key: Int, _ column: Int) -> Cell { cells[key * columnCount + column] }

  /// Sets a value of a live row.
  mutating func set(_ key: Int, _ column: Int, to cell: Cell) {
    cells[key * columnCount + column] = cell
  }

  /// When the row was inserted, milliseconds; nil for rows of the snapshot.
  func insertTime(_ key: Int) -> Int64? {
    insertTimes[key] == .min ? nil : insertTimes[key]
  }

  /// Begins a row whose values are all NULL.
  mutating func insert(_ key: Int, time: Int64?) {
    precondition(!isLive(key))
    while places.count <= key {
      places.append(-1)
      insertTimes.append(.min)
      for _ in 0..<columnCount { cells.append(0) }
    }
    for column in 0..<columnCount { set(key, column, to: 0) }
    places[key] = Int32(liveKeys.count)
    insertTimes[key] = time ?? .min
    liveKeys.append(Int32(key))
  }

  /// Forgets when the row was inserted, as a snapshot does.
  mutating func forgetInsertTime(_ key: Int) { insertTimes[key] = .min }

  /// Ends a row.
  mutating func delete(_ key: Int) {
    precondition(isLive(key))
    let place = places[key]
    let last = liveKeys.removeLast()
    if Int(last) != key {
      liveKeys[Int(place)] = last
      places[Int(last)] = place
    }
    places[key] = -1
  }

  /// Gives a row another key, which no row has.
  mutating func move(_ key: Int, to newKey: Int) {
    let time = insertTime(key)
    insert(newKey, time: time)
    for column in 0..<columnCount { set(newKey, column, to: cell(key, column)) }
    delete(key)
  }
}

/// The live source database, kept by executing the transactions: it knows nothing of images, so
/// that what the log's records give can be compared with it.
package struct SourceDatabase {
  /// The tables' definitions.
  package let tables: [WorldTable]
  var rows: [SourceRows]

  init(tables: [WorldTable]) {
    self.tables = tables
    rows = tables.map { SourceRows(columnCount: $0.columns.count) }
  }

  /// How many rows a table has.
  package func rowCount(table: Int) -> Int { rows[table].liveKeys.count }
}
