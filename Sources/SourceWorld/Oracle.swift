/// What is right: folds the records that are present, in the log's true order, one after the other.
///
/// It knows each record's sequence number from the world itself and reads neither positions nor
/// files, and it shares no code with the live database of the world nor with what it checks.
package struct Oracle: Sendable {
  /// The world whose records it knows.
  package let world: World
  /// All its records, by sequence number.
  package let events: [LogEvent]
  /// Whether the second snapshot stands for the whole table: what it does not hold is gone.
  package var resnapshotReplaces = false
  /// The tables, by index, of which that is known though it does not hold for all.
  package var replacedTables: Set<Int> = []

  private struct Row {
    var cells: [Cell]
    var eventTime: Int64?
  }

  /// Remembers all records of a world.
  package init(world: World) { self.init(world: world, events: world.events()) }

  /// Remembers these records, which need not be the world's own.
  package init(world: World, events: [LogEvent]) {
    self.world = world
    self.events = events
  }

  /// The tables that the present records give, by name, without the replicator's own.
  ///
  /// - Parameter present: sequence numbers in any order; repeats count once.
  package func tables(present: some Sequence<Int>) -> [String: ExpectedTable] {
    var rows: [[Int: Row]] = world.tables.map { _ in [:] }
    // Only a change of the log before it tells a second snapshot from the first.
    var hasLog = world.tables.map { _ in false }
    for event in inOrder(present) {
      let replaces = resnapshotReplaces || replacedTables.contains(event.table)
      if replaces && event.isSnapshot && hasLog[event.table] {
        rows[event.table] = [:]
      }
      hasLog[event.table] = !event.isSnapshot
      apply(event, to: &rows[event.table])
    }
    var expected: [String: ExpectedTable] = [:]
    for table in world.tables.indices where !world.tables[table].isHousekeeping {
      var result = world.emptyTable(table)
      for row in rows[table].values {
        let (key, row) = world.expectedRow(table, { row.cells[$0] }, eventTime: row.eventTime)
        precondition(result.rows.updateValue(row, forKey: key) == nil, "two rows have one key")
      }
      expected[world.tables[table].name] = result
    }
    return expected
  }

  /// The tables that whole files of a bucket give.
  ///
  /// - Parameter files: the files' indices; a test of all orders keeps the answer for each set.
  package func tables(
    files: some Sequence<Int>, of bucket: Bucket
  ) -> [String: ExpectedTable] {
    tables(present: files.flatMap { bucket.files[$0].events })
  }

  /// The present records, each once, in the order in which they count.
  private func inOrder(_ present: some Sequence<Int>) -> [LogEvent] {
    let inOrder = Set(present).sorted().map { events[$0] }
    guard world.plan.nodesShareKeys else { return inOrder }
    // Logs that go on side by side are ordered by their own times, of which no two are equal.
    return inOrder.sorted {
      ($0.time, $0.position.node, $0.index) < ($1.time, $1.position.node, $1.index)
    }
  }

  private func apply(_ event: LogEvent, to rows: inout [Int: Row]) {
    switch event.operation {
    case .insert:
      var row = emptyRow(event)
      row.eventTime = event.isSnapshot ? nil : event.time * 1000
      rows[event.newKey] = assigning(event, to: row)
    case .delete:
      rows[event.key] = nil
    case .update where event.key == event.newKey:
      rows[event.key] = assigning(event, to: rows[event.key] ?? emptyRow(event))
    case .update:
      // Of a key that is not there nothing can be inherited: what is at the new key stays.
      let old = rows.removeValue(forKey: event.key)
      let base = old ?? rows[event.newKey] ?? emptyRow(event)
      rows[event.newKey] = assigning(event, to: base)
    }
  }

  private func emptyRow(_ event: LogEvent) -> Row {
    Row(cells: world.tables[event.table].columns.map { _ in 0 }, eventTime: nil)
  }

  private func assigning(_ event: LogEvent, to row: Row) -> Row {
    var result = row
    for column in event.exists.indices {
      switch event.exists[column] {
      case 1, 3: result.cells[column] = event.after[column]
      case 2: result.cells[column] = event.before[column]
      default: break
      }
    }
    let table = world.tables[event.table]
    for (part, column) in table.keyColumns.enumerated() {
      result.cells[column] = table.keyCell(event.newKey, part: part)
    }
    return result
  }
}
