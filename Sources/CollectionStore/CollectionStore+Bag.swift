import ChangeModel
import SQLiteKit

extension CollectionStore {
  /// Writes what a batch does to a table without a key; between ``begin()`` and ``commit()``.
  ///
  /// Each change counts once per content and place, and the rows are those that the changes known so
  /// far leave when they happen in the order of the log: so neither order nor repeats matter. Equal
  /// rows have the ids `id`, `id#2`, `id#3` and so on.
  ///
  /// - Returns: what became of the rows; contents that did not change are ignored ones.
  @discardableResult
  package func applyBag(_ batch: BagBatch) throws -> ApplyCounts {
    let writer = try writer(batch.collection)
    defer { writer.clear() }
    return try batch.buffer.bytes.withUnsafeBytes { bytes in
      var applier = try BagApplier(writer, batch.buffer.cells, bytes)
      var start = 0
      while start < batch.changes.count {
        let id = UnsafeRawBufferPointer(rebasing: bytes[batch.changes[start].id.indices])
        var end = start + 1
        while end < batch.changes.count, id.elementsEqual(bytes[batch.changes[end].id.indices]) {
          end += 1
        }
        try applier.apply(batch.changes[start..<end], id)
        start = end
      }
      return applier.counts
    }
  }
}

extension CollectionStore {
  /// Takes away what a raised floor of the collection leaves no longer.
  func settleBags(_ writer: CollectionWriter, raisedFrom floor: Rank?) throws {
    defer { writer.clear() }
    let select = try connection.prepare(
      """
      SELECT DISTINCT _id FROM _resequel_bag WHERE collection = \(writer.companion) AND _id > ?
        ORDER BY _id LIMIT 1
      """)
    var id: [UInt8] = []
    var applier = try BagApplier(writer, [], UnsafeRawBufferPointer(start: nil, count: 0))
    while true {
      try select.bindCopy(1, text: id)
      guard try select.step() else { return }
      id = select.copy(0)
      select.reset()
      try id.withUnsafeBytes { bytes in
        let facts = try applier.facts(bytes)
        try applier.settle(
          bytes, facts.rows(above: floor), facts.rows(above: writer.collection.floor), 0..<0)
      }
    }
  }
}

/// Writes the changes of a batch, one content after the other.
private struct BagApplier {
  let writer: CollectionWriter
  let cells: [Cell]
  let bytes: UnsafeRawBufferPointer
  let select: Statement
  let upsertFact: Statement
  var counts = ApplyCounts()

  init(_ writer: CollectionWriter, _ cells: [Cell], _ bytes: UnsafeRawBufferPointer) throws {
    self.writer = writer
    self.cells = cells
    self.bytes = bytes
    select = try writer.statement(
      """
      SELECT place, delta, rank, event_time, file FROM _resequel_bag
        WHERE collection = \(writer.companion) AND _id = ?
      """, "selectBag")
    upsertFact = try writer.statement(
      "INSERT OR REPLACE INTO _resequel_bag VALUES (\(writer.companion), ?, ?, ?, ?, ?, ?)",
      "upsertBag")
  }

  mutating func apply(_ changes: ArraySlice<BagChange>, _ id: UnsafeRawBufferPointer) throws {
    var facts = try facts(id)
    let before = facts.rows(above: writer.collection.floor)
    var content: Range<Int>?
    for change in changes {
      let key = BagFacts.Key(place: Array(bytes[change.place.indices]), delta: change.delta)
      let fact = BagFacts.Fact(
        rank: change.rank, eventTime: change.eventTime, file: change.file)
      if change.delta == .insert { content = change.cells }
      if facts.insert(fact, key) { try store(fact, key, id) }
    }
    let after = facts.rows(above: writer.collection.floor)
    try settle(id, before, after, content ?? changes[changes.startIndex].cells)
  }

  /// Makes the rows that are what they ought to be.
  ///
  /// - Parameter content: the cells of all of them; needed where there are more rows than before.
  mutating func settle(
    _ id: UnsafeRawBufferPointer, _ before: [BagFacts.Fact], _ after: [BagFacts.Fact],
    _ content: Range<Int>
  ) throws {
    if before == after { counts.ignored += 1 }
    for index in 0..<max(before.count, after.count) {
      if index >= after.count {
        try delete(rowID(id, index))
      } else if index >= before.count {
        try insert(rowID(id, index), after[index], content)
      } else if before[index] != after[index] {
        try update(rowID(id, index), after[index])
      }
    }
  }

  private func rowID(_ id: UnsafeRawBufferPointer, _ index: Int) -> [UInt8] {
    index == 0 ? Array(id) : Array(id) + Array("#\(index + 1)".utf8)
  }

  func facts(_ id: UnsafeRawBufferPointer) throws -> BagFacts {
    var facts = BagFacts()
    defer { select.reset() }
    try select.bindText(1, id)
    while try select.step() {
      guard let delta = BagChange.Delta(rawValue: select.integer(1)), let rank = select.rank(2)
      else { throw CollectionStore.unreadableState(of: writer.collection) }
      _ = facts.insert(
        BagFacts.Fact(
          rank: rank, eventTime: select.isNull(3) ? .min : select.integer(3),
          file: select.integer(4)), BagFacts.Key(place: select.copy(0), delta: delta))
    }
    return facts
  }

  private func store(
    _ fact: BagFacts.Fact, _ key: BagFacts.Key, _ id: UnsafeRawBufferPointer
  ) throws {
    try upsertFact.bindText(1, id)
    try upsertFact.bindCopy(2, blob: key.place)
    upsertFact.bind(3, key.delta.rawValue)
    try upsertFact.bindCopy(4, blob: fact.rank.encoded)
    upsertFact.bindTime(5, fact.eventTime)
    upsertFact.bind(6, fact.file)
    try upsertFact.run()
  }

  private mutating func insert(
    _ id: [UInt8], _ fact: BagFacts.Fact, _ content: Range<Int>
  ) throws {
    let statement = try writer.insert()
    statement.clear()
    try bind(id, fact, to: statement)
    var parameters = [Int32](repeating: 0, count: writer.collection.columns.count)
    var next: Int32 = 5
    for column in parameters.indices where column != writer.idColumn {
      parameters[column] = next
      next += 1
    }
    for cell in cells[content] where parameters[Int(cell.column)] > 0 {
      try statement.bind(parameters[Int(cell.column)], cell, bytes)
    }
    try statement.run()
    counts.inserted += 1
  }

  private mutating func update(_ id: [UInt8], _ fact: BagFacts.Fact) throws {
    let statement = try writer.update(
      CollectionWriter.UpdateShape(columns: ColumnSet(), setsEventTime: true))
    try bind(id, fact, to: statement)
    try statement.run()
    counts.updated += 1
  }

  private mutating func delete(_ id: [UInt8]) throws {
    let statement = try writer.delete()
    try statement.bindCopy(1, text: id)
    try statement.run()
    counts.deleted += 1
  }

  private func bind(_ id: [UInt8], _ fact: BagFacts.Fact, to statement: Statement) throws {
    var state: [UInt8] = []
    RowState(
      last: fact.rank, floor: RowState.Floor(kind: .insert, rank: fact.rank), shape: ColumnSet()
    ).encode(into: &state)
    try statement.bindCopy(1, text: id)
    statement.bindTime(2, fact.eventTime)
    try statement.bindCopy(3, blob: state)
    statement.bind(4, fact.file)
  }
}
