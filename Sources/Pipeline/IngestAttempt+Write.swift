import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// Writing: what the released changes leave of each row goes to the store.
extension IngestAttempt {
  /// Writes every collection's rows.
  mutating func writeCollections() async throws {
    for (place, (index, slots)) in touchedCollections.enumerated() {
      summary.stages.begin(.order)
      try await order(index, slots: slots)
      let isRebuilt = rebuilds.contains(index)
      // A new collection whose changes all wait is made, and is empty.
      let isNew = catalog.entries[index].storeID == nil
      guard isRebuilt || isNew || hasChanges(index) else { continue }
      if isRebuilt { try await beginRebuild(index) }
      late = [:]
      guard try await writeParts(of: index) else { continue }
      if loaded != nil {
        // Both take a while.
        let writer = writer
        async let ended: Void = writer.perform { store in try store.endLoad() }
        if place == touchedCollections.count - 1 { await giveValuesBack() }
        try await ended
        loaded = nil
      }
      if !isRebuilt { try await noteRepairs(of: index) }
      if isRebuilt, let id = catalog.entries[index].storeID {
        try await writer.perform { store in try store.finishRebuild(id) }
      }
    }
    summary.stages.begin(.write)
  }

  func hasChanges(_ index: Int) -> Bool {
    sequencer.count(collection: index) > 0 || spill.holds(index)
  }

  /// Writes a collection's changes: all at once where they were held in memory, else those of some
  /// keys after those of others.
  ///
  /// - Returns: false where the table cannot be made: the collection is held.
  private mutating func writeParts(of index: Int) async throws -> Bool {
    guard var spilled = try spill.take(index, of: &sequencer, &values) else {
      let ordered = sequencer.release(collection: index)
      summary.stages.begin(.write)
      guard try await prepare(index, sample: ordered, isPart: false) else { return false }
      try await write(ordered, of: index)
      return true
    }
    let placement = orders[index]?.placement(of: files)
    let model = sequencer
    var part = try Self.takePart(of: &spilled, by: placement, ordering: model)
    summary.stages.begin(.write)
    var isPrepared = false
    while let now = part {
      values.move(now.block, to: now.values)
      // Readers know where values were when they were made.
      readings += 1
      if !isPrepared {
        isPrepared = try await prepare(index, sample: now.changes, isPart: true)
        if !isPrepared { return false }
      }
      // The next is put into order while the rows of this one are written.
      let rest = spilled
      async let next = Self.part(behind: rest, by: placement, ordering: model)
      try await write(now.changes, of: index)
      values.move(now.block, to: .nowhere)
      (part, spilled) = try await next
    }
    return true
  }

  /// Some keys' changes that come back, ordered, and their values.
  private struct OrderedPart {
    let changes: OrderedChanges
    let block: UInt32
    let values: ValueStore.Place
  }

  private static func part(
    behind spilled: ChangeSpill.SpilledChanges, by placement: Placement?,
    ordering sequencer: Sequencer
  ) async throws -> (OrderedPart?, ChangeSpill.SpilledChanges) {
    var spilled = spilled
    return (try takePart(of: &spilled, by: placement, ordering: sequencer), spilled)
  }

  /// Takes the changes of the keys that come next of those that were put aside.
  private static func takePart(
    of spilled: inout ChangeSpill.SpilledChanges, by placement: Placement?,
    ordering sequencer: Sequencer
  ) throws -> OrderedPart? {
    guard var part = try spilled.next() else { return nil }
    if let placement { _ = part.changes.place(by: placement) }
    return OrderedPart(
      changes: sequencer.order(part.changes), block: part.block, values: part.values)
  }

  /// Makes the table ready for changes; false where that cannot be: the collection is held.
  private mutating func prepare(
    _ index: Int, sample: OrderedChanges, isPart: Bool
  ) async throws -> Bool {
    do {
      try await prepareTable(index, sample: sample, isPart: isPart)
    } catch let problem as NameProblem {
      catalog.update(index) {
        $0.held = HeldTable(problem, table: $0.name, changes: sample.queue.count)
      }
      return false
    }
    try await raiseFloor(of: index)
    return true
  }

  private mutating func write(_ ordered: OrderedChanges, of index: Int) async throws {
    try Task.checkCancellation()
    summary.changes += ordered.queue.count
    guard let key = catalog.entries[index].key else {
      preconditionFailure("changes were admitted for a collection without a key")
    }
    switch key {
    case .columns: try await writeKeyed(index, ordered, key: key)
    case .wholeRow: try await writeBag(index, ordered)
    case .append: try await writeAppended(index, ordered)
    }
  }

  /// Lets what a complete snapshot has replaced vanish.
  private func raiseFloor(of index: Int) async throws {
    guard let id = catalog.entries[index].storeID, let floor = floor(of: index) else { return }
    try await writer.perform { store in try store.raiseFloor(of: id, to: floor) }
  }

  /// Below what nothing of a collection counts; nil for nothing.
  func floor(of index: Int) -> Rank? {
    orders[index].flatMap { floors(of: index, by: $0.verdict).last }
  }

  /// Makes the collection's table, or adds the columns that are new.
  ///
  /// - Parameter isPart: whether the rows of these changes are only some of the table's.
  private mutating func prepareTable(
    _ index: Int, sample ordered: OrderedChanges, isPart: Bool
  ) async throws {
    let entry = catalog.entries[index]
    let columns = entry.columns[entry.storedColumnCount...].map { $0 }
    if let id = entry.storeID {
      if columns.isEmpty { return }
      _ = try await writer.perform { store in try store.addColumns(columns, to: id) }
    } else {
      guard let key = entry.key, let origin = entry.keyOrigin else { return }
      // The parts of a table with hashed keys do not follow each other in the order of `_id`.
      let layout =
        isPart && RowIDs.isHashed(key)
        ? .rowid : Collection.layout(forRowWidth: try sampledRowWidth(ordered))
      let made = try await writer.perform { store in
        try store.createCollection(
          name: entry.name, source: entry.source, key: key, keyOrigin: origin, columns: columns,
          layout: layout, heldID: entry.heldID)
      }
      catalog.update(index) { $0.storeID = made.id }
    }
    catalog.update(index) { $0.storedColumnCount = $0.columns.count }
  }

  /// The mean width of some of the rows, in bytes of their values; beyond all where there is none.
  private mutating func sampledRowWidth(_ ordered: OrderedChanges) throws -> Int {
    let reader = takeReader()
    var buffer = CellBuffer()
    let sample = (0..<ordered.queue.count).lazy.map { ordered.queue[$0] }
      .filter { $0.operation != .delete }.prefix(32)
    var rows = 0
    for change in sample {
      _ = try reader.appendValues(of: change, to: &buffer)
      rows += 1
    }
    return rows == 0 ? .max : buffer.cells.reduce(0) { $0 + Int($1.text.count) } / rows
  }

  var fileIDs: [Int64] { files.map(\.record.id) }

  /// Rows with a key: linked ones first, then all others, merged in the order of `_id`.
  private mutating func writeKeyed(
    _ index: Int, _ ordered: OrderedChanges, key: KeyRule
  ) async throws {
    let entry = catalog.entries[index]
    guard let collection = entry.storeID else { return }
    let history = try await recordHistory(index, ordered, key: key)
    let handled = try await writeLinked(index, ordered, key: key)
    try await prepareLoad(of: index, ordered, key: key)
    // What is loaded into a table with rowids may come in any order.
    let rowIDs = RowIDs(ordered, key: key, isSorted: loaded?.layout != .rowid)
    let keyCount = ordered.groups.count
    let workers = takeReaders(AssemblyLine.workerCount(keys: keyCount, cores: width)).map {
      AssemblyWorker(
        RowAssembler(
          ordered, rowIDs: rowIDs, collection: collection, columnCount: entry.columns.count,
          fileIDs: fileIDs, excluded: handled, for: loaded),
        reading: $0)
    }
    progress.beginWriting(rows: keyCount)
    var total = ApplyCounts()
    var line = AssemblyLine(workers, keyCount: keyCount, writer: writer)
    let (shares, writer) = (await sharesToRecordWhileLoading(index), writer)
    async let recorded: Void? = shares?.record(by: writer)
    try await line.run { rows, counts in
      total += counts
      progress.wrote(rows: rows)
    }
    _ = try await recorded
    if loaded != nil, await writer.perform({ store in !store.isLoading }) { loaded = nil }
    count(total)
    summary.duplicates += total.repeats
    let refused = Set(total.needsRefold + total.closed)
    if !refused.isEmpty {
      var linked = LinkedRows(collection: collection, key: key, fileIDs: fileIDs)
      try await refold(refused, of: index, key: key, into: &linked)
      try await write(linked, to: collection)
    }
    if let history { try await writeVersions(history, ordered, key: key) }
  }

  /// Sees to it that the changes' rows are loaded as whole pages, where that can be; else not.
  private mutating func prepareLoad(
    of index: Int, _ ordered: OrderedChanges, key: KeyRule
  ) async throws {
    // The rest needs to look rows up: of keys that changed side by side, and for the history.
    let canLoad =
      !ordered.hasParallelKeys && !ordered.queue.hasMoves && keptHistory(index) == nil
    if loaded != nil {
      if !canLoad {
        try await writer.perform { store in try store.endLoad() }
        loaded = nil
      }
    } else if canLoad, ordered.groups.count >= configuration.loadedKeyCount,
      let id = catalog.entries[index].storeID
    {
      let closed = orders[index].flatMap { closedRank(of: index, $0) }
      loaded = try await writer.perform { store in
        try store.beginLoad(of: id, closed: closed, inAnyOrder: RowIDs.isHashed(key))
      }
    }
  }

  mutating func count(_ counts: ApplyCounts) {
    summary.rowsWritten += counts.inserted + counts.updated
    summary.rowsDeleted += counts.deleted
    late.merge(counts.late) { $0 + $1 }
  }

  /// Notes which rows of a collection the late changes of each file altered.
  private mutating func noteRepairs(of index: Int) async throws {
    let name = catalog.entries[index].name
    for (file, counts) in late.sorted(by: { $0.key < $1.key }) where counts.repaired > 0 {
      summary.rowsRepaired += counts.repaired
      guard let path = files.first(where: { $0.record.id == file })?.file.path else { continue }
      let rows = counts.repaired == 1 ? "1 row" : "\(counts.repaired) rows"
      notes.append(
        StoreEvent(
          at: now, kind: "repair", collection: catalog.entries[index].storeID, file: file,
          text: "\(name): \(path) came late and repaired \(rows)"))
    }
  }

  /// Rows whose keys moves link. Returns the `_id`s that were dealt with.
  private mutating func writeLinked(
    _ index: Int, _ ordered: OrderedChanges, key: KeyRule
  ) async throws -> Set<[UInt8]> {
    guard let collection = catalog.entries[index].storeID else { return [] }
    let stored = try await movesAbove(ordered, key: key, collection: collection)
    let components = LinkedRows.components(
      of: ordered, above: floor(of: index), key: key, stored: stored)
    guard !components.isEmpty else { return [] }
    var linked = LinkedRows(collection: collection, key: key, fileIDs: fileIDs)
    var late: Set<[UInt8]> = []
    let reader = takeReader()
    let pruned = try await writer.perform { store in try store.collection(collection)?.pruned }
    for component in components {
      let ids = component.ids
      let rows = try await writer.perform { store in
        try ids.compactMap { id in try KnownKey(id, collection: collection, in: store) }
      }
      // What was forgotten below the closed rank cannot be folded upon.
      let isRemembered = pruned.map { pruned in component.entries.allSatisfy { $0.rank > pruned } }
      if component.isInOrder(after: rows.map(\.state)), isRemembered ?? true {
        try linked.fold(component, upon: rows, reading: reader)
      } else {
        late.formUnion(ids)
      }
    }
    if !late.isEmpty {
      try await refold(late, of: index, key: key, into: &linked)
    }
    try await write(linked, to: collection)
    return linked.handled
  }

  private mutating func write(_ linked: LinkedRows, to collection: Int64) async throws {
    let batch = linked.batch
    let moves = linked.moves
    count(
      try await writer.perform { store in
        for move in moves { try store.insert(move, collection: collection) }
        return try store.apply(batch, mode: .replace)
      })
  }

  /// The moves in the store that some change of this call comes before: it must go along.
  private func movesAbove(
    _ ordered: OrderedChanges, key: KeyRule, collection: Int64
  ) async throws -> [KeyMove] {
    let hasMoves = try await writer.perform { store in try store.hasMoves(collection) }
    guard hasMoves else { return [] }
    let oldest = ordered.groups.compactMap { group in
      ordered.changes(of: group).first.map { first in
        (id: RowIDs.id(ofKey: ordered.key(of: group), rule: key), rank: ordered.rank(of: first))
      }
    }
    return try await writer.perform { store in
      var moves: [KeyMove] = []
      for (id, rank) in oldest {
        moves += try store.moves(from: id, collection: collection).filter { rank < $0.rank }
      }
      return moves
    }
  }
}
