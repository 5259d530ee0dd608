import ChangeModel
import SQLiteKit

/// Writes the rows of one batch.
///
/// The batch's bytes are bound where they lie; every statement is cleared before they go. It cannot
/// be copied, since the compiler would: once a row, scratch memory and all (a third of the time).
struct RowApplier: ~Copyable {
  private let writer: CollectionWriter
  private let mode: CollectionStore.ApplyMode
  private let bytes: UnsafeRawBufferPointer
  private let cells: UnsafeBufferPointer<Cell>
  private let layers: UnsafeBufferPointer<RowLayer>
  private let insert: Statement
  private var rows: StoredStates
  private var tombstones: StoredStates
  private(set) var counts = ApplyCounts()
  private let bounds: RowMerge.Bounds

  // Scratch memory. It lies here and not in the writer, whose class would check every access.
  private var merge: RowMerge
  private var state: [UInt8] = []
  /// The cell that each column of the row at hand takes its value from; -1 for NULL.
  private var cellOfColumn: [Int]

  init(
    _ writer: CollectionWriter, _ mode: CollectionStore.ApplyMode, bytes: UnsafeRawBufferPointer,
    cells: UnsafeBufferPointer<Cell>, layers: UnsafeBufferPointer<RowLayer>
  ) throws {
    // All that may throw comes first: a value that cannot be copied is made whole or not at all.
    let insert = try writer.insert()
    let rows = StoredStates(try writer.seekRow(), of: writer.collection)
    let tombstones = StoredStates(try writer.seekTombstone(), of: writer.collection)
    self.writer = writer
    self.mode = mode
    self.bytes = bytes
    self.cells = cells
    self.layers = layers
    self.insert = insert
    self.rows = rows
    self.tombstones = tombstones
    bounds = RowMerge.Bounds(floor: writer.collection.floor, closed: writer.collection.closed)
    let columnCount = writer.collection.columns.count
    merge = RowMerge(columnCount: columnCount, idColumn: writer.idColumn)
    cellOfColumn = Array(repeating: -1, count: columnCount)
  }

  /// Writes the rows; quickest in the order of their keys.
  mutating func apply(_ deltas: UnsafeBufferPointer<RowDelta>) throws {
    var previous: UnsafeRawBufferPointer?
    for row in deltas {
      let id = text(row.id)
      if let previous, !previous.isBefore(id) { rewind() }
      previous = id
      // Reads what the row or its tombstone remembers, then merges.
      if let state = try rows.state(of: id) {
        try apply(row, id, stored: state, isRow: true)
      } else {
        try apply(row, id, stored: try tombstones.state(of: id), isRow: false)
      }
    }
  }

  private mutating func rewind() {
    rows.rewind()
    tombstones.rewind()
  }

  private func text(_ range: ByteRange) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: bytes[range.indices])
  }

  private mutating func apply(
    _ row: RowDelta, _ id: UnsafeRawBufferPointer, stored: RowState?, isRow: Bool
  ) throws {
    if mode == .replace, row.floor == nil, row.layers.isEmpty {
      if row.cause != 0, isRow { counts.countLate(row.cause, isRepair: true) }
      return try forget(id, isRow: isRow, isTombstone: stored != nil && !isRow)
    }
    if mode == .merge, let pruned = writer.collection.pruned, isClosed(row, by: pruned) {
      return counts.closed.append(Array(id))
    }
    let outcome = merge.merge(
      stored: mode == .merge ? stored : nil, delta: row, layers: layers, cells: cells,
      collection: bounds)
    if mode == .replace {
      try noteRefold(row, id, isKnown: stored != nil, isRow: isRow, outcome: outcome)
    } else if let stored {
      try compare(row, id, stored: stored, isRow: isRow, outcome: outcome)
    }
    guard case .parallel(let others) = merge.state.lineages, outcome != .unknowable else {
      return try write(id, stored: stored, isRow: isRow, outcome: outcome)
    }
    let storedFile = isRow ? try writer.file(id) : nil
    try write(id, stored: stored, isRow: isRow, outcome: outcome)
    try judge(row, id, others: others, storedFile: storedFile)
  }

  private func isClosed(_ row: RowDelta, by closed: Rank) -> Bool {
    if let floor = row.floor, floor.rank.isClosed(by: closed) { return true }
    return layers[row.layers].contains { $0.rank.isClosed(by: closed) }
  }

  private mutating func write(
    _ id: UnsafeRawBufferPointer, stored: RowState?, isRow: Bool, outcome: RowMerge.Outcome
  ) throws {
    switch outcome {
    case .unknowable: counts.needsRefold.append(Array(id))
    case .unchanged: counts.ignored += 1
    case .live:
      if isRow && mode == .replace {
        try write(id, with: writer.upsert())
        counts.updated += 1
      } else if isRow {
        try update(id)
        counts.updated += 1
      } else {
        try write(id, with: insert)
        if stored != nil { try remove(id, with: writer.deleteTombstone()) }
        counts.inserted += 1
      }
      try notePartial(id, stored: isRow ? stored : nil)
    case .dead: try bury(id, stored: stored, isRow: isRow)
    }
  }

  /// Writes a whole row.
  private mutating func write(_ id: UnsafeRawBufferPointer, with statement: Statement) throws {
    for written in merge.written { cellOfColumn[written.column] = written.cell }
    try statement.bindText(1, id)
    statement.bindTime(2, merge.eventTime)
    statement.bind(4, merge.file ?? 0)
    var parameter: Int32 = 5
    for column in cellOfColumn.indices where column != writer.idColumn {
      try bind(statement, parameter, cellOfColumn[column])
      parameter += 1
    }
    for written in merge.written { cellOfColumn[written.column] = -1 }
    try run(statement)
  }

  /// Sets the columns of a row that the merge gave new values.
  private mutating func update(_ id: UnsafeRawBufferPointer) throws {
    var shape = CollectionWriter.UpdateShape(
      columns: ColumnSet(), setsEventTime: merge.isFloorRaised)
    for written in merge.written {
      cellOfColumn[written.column] = written.cell
      shape.columns.insert(written.column)
    }
    if merge.isFloorRaised {
      for column in cellOfColumn.indices
      where column != writer.idColumn && !merge.kept.contains(column) {
        shape.columns.insert(column)
      }
    }
    let statement = try writer.update(shape)
    try statement.bindText(1, id)
    if shape.setsEventTime { statement.bindTime(2, merge.eventTime) }
    if let file = merge.file { statement.bind(4, file) } else { statement.bindNull(4) }
    var parameter: Int32 = 5
    for column in shape.columns.columns {
      try bind(statement, parameter, cellOfColumn[column])
      parameter += 1
    }
    for written in merge.written { cellOfColumn[written.column] = -1 }
    try run(statement)
  }

  private func bind(_ statement: Statement, _ parameter: Int32, _ index: Int) throws {
    guard index >= 0 else { return statement.bindNull(parameter) }
    try statement.bind(parameter, cells[index], bytes)
  }

  /// Binds the row's state as parameter 3 and runs the statement.
  private mutating func run(_ statement: Statement) throws {
    state.removeAll(keepingCapacity: true)
    merge.state.encode(into: &state)
    try state.withUnsafeBytes {
      try statement.bindBlob(3, $0)
      try statement.run()
    }
  }

  /// Removes a row and remembers when it ended.
  private mutating func bury(
    _ id: UnsafeRawBufferPointer, stored: RowState?, isRow: Bool
  ) throws {
    guard bounds.needsTombstone(merge.state) else {
      return try forget(id, isRow: isRow, isTombstone: stored != nil && !isRow)
    }
    let tombstone = try writer.insertTombstone()
    state.removeAll(keepingCapacity: true)
    merge.state.encode(into: &state)
    try tombstone.bindText(1, id)
    try state.withUnsafeBytes {
      try tombstone.bindBlob(2, $0)
      try tombstone.run()
    }
    if isRow {
      try remove(id, with: writer.delete())
      try removePartial(id, stored: stored)
      counts.deleted += 1
    } else {
      counts.ignored += 1
    }
  }

  /// Removes a row or a tombstone, and all memory of the key.
  private mutating func forget(
    _ id: UnsafeRawBufferPointer, isRow: Bool, isTombstone: Bool
  ) throws {
    if isTombstone { try remove(id, with: writer.deleteTombstone()) }
    if isRow {
      try remove(id, with: writer.delete())
      try remove(id, with: writer.deletePartial())
      counts.deleted += 1
    } else {
      counts.ignored += 1
    }
  }

  private func remove(_ id: UnsafeRawBufferPointer, with statement: Statement) throws {
    try statement.bindText(1, id)
    try statement.run()
  }

  // MARK: Late changes and conflicts

  /// Compares what came with what was stored of its row, before that is overwritten.
  private mutating func compare(
    _ row: RowDelta, _ id: UnsafeRawBufferPointer, stored: RowState, isRow: Bool,
    outcome: RowMerge.Outcome
  ) throws {
    guard outcome != .unknowable, let newest = row.newest(layers) else { return }
    if newest.rank.isBefore(stored.last, inParallel: merge.state.lineages.areParallel) {
      let isRepair = isRow && outcome != .unchanged && (outcome == .dead || merge.changesRow)
      counts.countLate(newest.file, isRepair: isRepair)
    }
    for double in DoubleChange.all(in: row, of: stored, layers: layers) {
      // Reading the row is dear, and doubles are rare.
      let known = isRow ? try writer.row(id) : nil
      guard
        double.differs(
          from: known, state: stored, cells: cells, bytes: bytes, idColumn: writer.idColumn)
      else {
        if double.kind == .position { counts.repeats += 1 }
        continue
      }
      let storedFile = double.storedRank == stored.last ? known?.file ?? 0 : 0
      let isNewer = double.storedRank < double.rank
      try record(
        id, double.kind, isNewer ? double.rank : double.storedRank,
        won: isNewer ? double.file : storedFile, lost: isNewer ? storedFile : double.file)
    }
  }

  /// Counts a refolded row, by whether it shows other values than it did.
  private mutating func noteRefold(
    _ row: RowDelta, _ id: UnsafeRawBufferPointer, isKnown: Bool, isRow: Bool,
    outcome: RowMerge.Outcome
  ) throws {
    guard row.cause != 0, isKnown || outcome == .live else { return }
    var isRepair = isRow || outcome == .live
    if isRow, outcome == .live, let known = try writer.row(id) { isRepair = isNews(known) }
    counts.countLate(row.cause, isRepair: isRepair)
  }

  private func isNews(_ known: StoredRow) -> Bool {
    var shown = known.values.cells.filter { $0.kind != .null }[...]
    for written in merge.written where cells[written.cell].kind != .null {
      guard let cell = shown.popFirst(), Int(cell.column) == written.column,
        cell.isSame(as: cells[written.cell], known.values.bytes, bytes)
      else { return true }
    }
    return !shown.isEmpty || known.eventTime ?? .min != merge.eventTime
  }

  /// Notes whether lineages that changed the row side by side agree; after it was written.
  ///
  /// They agree when the newest change of each has the same time and the same contents: replicas
  /// that emit each change once each. While one copy is missing they do not, so the verdict is
  /// given anew with every change, and depends only on the newest change of each lineage. Contents
  /// are compared when a copy comes, with the newest change at that time.
  private mutating func judge(
    _ row: RowDelta, _ id: UnsafeRawBufferPointer, others: [Rank], storedFile: Int64?
  ) throws {
    let last = merge.state.last
    let outdated = try writer.deleteLineageConflicts()
    try outdated.bindText(1, id)
    try last.encodedTime.withUnsafeBytes {
      try outdated.bindBlob(2, $0)
      try outdated.run()
    }
    guard last.isOfLog, others.contains(where: { $0.eventTime != last.eventTime }) else { return }
    let newest = row.newest(layers)
    let isNewest = newest?.rank == last
    let lost =
      isNewest
      ? layers[row.others].first { $0.rank.eventTime != last.eventTime }?.file ?? storedFile
      : newest?.file
    let won = isNewest ? newest?.file : storedFile
    try record(id, .lineages, nil, won: won ?? 0, lost: lost ?? 0)
  }

  /// Records the conflicts that were found among the batch's own changes; after its rows.
  mutating func record(_ conflicts: [RowConflict]) throws {
    for conflict in conflicts {
      let id = text(conflict.id)
      if conflict.kind == .lineages {
        // A newer change, stored before, makes what the batch disagrees about a thing of the past.
        rewind()
        let state = try rows.state(of: id) ?? tombstones.state(of: id)
        guard let state, state.last.phase == conflict.rank.phase,
          state.last.eventTime == conflict.rank.eventTime
        else { continue }
      }
      try record(
        id, conflict.kind, conflict.rank, won: conflict.wonFile, lost: conflict.lostFile)
    }
  }

  private mutating func record(
    _ id: UnsafeRawBufferPointer, _ kind: RowConflict.Kind, _ rank: Rank?, won: Int64, lost: Int64
  ) throws {
    let place = rank.map { kind == .position ? $0.encodedPlace : $0.encodedTime } ?? []
    let statement = try writer.insertConflict()
    try statement.bindText(1, id)
    try statement.bind(2, kind.rawValue)
    statement.bind(4, won)
    statement.bind(5, lost)
    try statement.bindCopy(3, blob: place)
    try statement.run()
    counts.conflicts += 1
  }

  // MARK: Rows of which columns are unknown

  /// Keeps the list of rows of which columns are unknown, after a row was written.
  private mutating func notePartial(_ id: UnsafeRawBufferPointer, stored: RowState?) throws {
    let state = merge.state
    guard state.isIncomplete else { return try removePartial(id, stored: stored) }
    try writer.notePartialRows()
    guard let known = PartialRow.known(state, of: writer.storedColumnCount) else {
      return try removePartial(id, stored: stored)
    }
    let statement = try writer.insertPartial()
    try statement.bindText(1, id)
    try known.utf8.withContiguousStorageIfAvailable {
      try statement.bindText(2, UnsafeRawBufferPointer($0))
      try statement.run()
    }
      ?? {
        try statement.bind(2, known)
        try statement.run()
      }()
  }

  private func removePartial(_ id: UnsafeRawBufferPointer, stored: RowState?) throws {
    guard let stored, PartialRow.known(stored, of: writer.storedColumnCount) != nil else { return }
    try remove(id, with: writer.deletePartial())
  }
}

/// Rows of which columns are unknown.
enum PartialRow {
  /// The indexes of the columns that are known, as a JSON array; nil when all are.
  static func known(_ state: RowState, of columnCount: Int) -> String? {
    guard state.isIncomplete,
      state.shape.count + state.columnRanks.count < columnCount
    else { return nil }
    let columns = state.shape.columns + state.columnRanks.map(\.column)
    return "[" + columns.sorted().map(String.init).joined(separator: ",") + "]"
  }
}

extension Statement {
  /// Binds a cell whose text lies in `bytes`, which must stay where they are.
  func bind(_ parameter: Int32, _ cell: Cell, _ bytes: UnsafeRawBufferPointer) throws {
    switch cell.kind {
    case .null: bindNull(parameter)
    case .text:
      try bindText(parameter, UnsafeRawBufferPointer(rebasing: bytes[cell.text.indices]))
    case .integer: bind(parameter, Int64(bitPattern: cell.bits))
    case .real: bind(parameter, Double(bitPattern: cell.bits))
    }
  }
}
