import BatchSource
import ChangeModel
import CollectionStore
import Hashing
import RecordFormats
import Sequencing

/// Files that are decoded one after another by one worker, so that small ones cost little.
struct DecodeUnit: Sendable {
  /// The slots of its files.
  var slots: [Int]

  /// Cuts slots into units of some megabytes.
  static func units(of slots: [Int], files: [RunFile]) -> [DecodeUnit] {
    let unitBytes: UInt64 = 8 << 20
    let unitFiles = 256
    var units: [DecodeUnit] = []
    var current: [Int] = []
    var bytes: UInt64 = 0
    for slot in slots {
      current.append(slot)
      bytes += files[slot].file.identity.size
      if bytes >= unitBytes || current.count >= unitFiles {
        units.append(DecodeUnit(slots: current))
        current = []
        bytes = 0
      }
    }
    if !current.isEmpty { units.append(DecodeUnit(slots: current)) }
    return units
  }
}

/// Reads files, on every core, and gathers what decides: keys and ranks; values are put aside.
///
/// In: the run's files. Out: their changes in the sequencer, and each file's outcome. A broken
/// record or file stops only itself.
struct DecodePass {
  /// The collections; new tables and columns are added.
  var catalog: Catalog
  /// The files, by slot.
  var files: [RunFile]
  /// Where the changes go.
  var sequencer: Sequencer
  /// Where they go on to when they are too many; nil: they are kept, all of them.
  var spill: ChangeSpill?
  /// Where their values go.
  var values: ValueStore
  /// Where values go that are too many to be held.
  let spillDirectory: BatchPath
  /// Whether this is the first time that these files are read in this run.
  let counting: Bool
  /// The one collection whose evidence is gathered all the same; nil for none.
  let gathering: Int?
  /// Which collections' changes are wanted.
  let takes: @Sendable (Catalog.Entry) -> Bool
  /// The names of the lineages that were met, by the hash that ranks hold.
  var lineages: [UInt32: String]
  /// The transactions of the files' changes.
  var transactions: FileTransactions
  var progress: ProgressMeter

  /// Reads the files at these slots, `width` at a time.
  ///
  /// - Throws: `CancellationError` when the task is cancelled; nothing is lost by that.
  mutating func read(slots: [Int], width: Int) async throws {
    var waiting = DecodeUnit.units(of: slots, files: files)[...]
    var routes = Array(repeating: DecoderRoutes(), count: width)
    let plans = catalog
    let firstDecoder = values.addDecoders(width)
    var spare: [ChangeBatch] = []
    let byteCount = slots.reduce(0) { $0 + files[$1].file.identity.size }
    var readByteCount: UInt64 = 0
    let heldBefore = sequencer.byteCount
    try await withThrowingTaskGroup(of: DecodeWorker.Step.self) { group in
      for index in 0..<width {
        guard let unit = waiting.popFirst() else { break }
        let worker = DecodeWorker(
          index: index, decoder: RecordDecoder(plan: { plans.plan(for: $0) }),
          pool: values.pool, spillDirectory: spillDirectory)
        worker.begin(unit, files: files)
        group.addTask { try worker.step() }
      }
      while let step = try await group.next() {
        let worker = step.worker
        // It goes on while its last step is admitted.
        if worker.isDone, let unit = waiting.popFirst() { worker.begin(unit, files: files) }
        if !worker.isDone {
          worker.recycle(&spare)
          group.addTask { try worker.step() }
        }
        admit(step, of: firstDecoder + worker.index, routes: &routes[worker.index])
        keep(step.stretches, in: &spare)
        readByteCount += step.stretches.reduce(0) { $0 + $1.bytesRead }
        try spill?.relieve(
          &sequencer, &values, before: heldBefore,
          readShare: Double(readByteCount) / Double(max(1, byteCount)))
      }
    }
    try spill?.finish(&sequencer, &values)
    for route in routes {
      for (name, hash) in zip(route.lineageNames, route.lineages) { lineages[hash] = name }
    }
  }

  private static let noValues = ValueBlock()
  /// Batches with room for so many changes are kept to be filled again.
  private static let spareRoom = 1 << 16

  /// Keeps batches whose changes were admitted, to be filled again.
  private func keep(_ stretches: [DecodeWorker.Stretch], in spare: inout [ChangeBatch]) {
    var room = spare.reduce(0) { $0 + $1.changes.capacity }
    for stretch in stretches {
      room += stretch.batch.changes.capacity
      if room > Self.spareRoom { return }
      spare.append(stretch.batch)
      // Its memory is wanted for others.
      spare[spare.count - 1].values = Self.noValues
    }
  }

  /// Takes in what a worker decoded.
  private mutating func admit(
    _ step: DecodeWorker.Step, of decoder: Int, routes: inout DecoderRoutes
  ) {
    let block = values.add(step.values)
    let start = ValuePlace(decoder: UInt32(decoder), block: block)
    var taken = 0
    for stretch in step.stretches {
      let slot = stretch.slot
      let batch = stretch.batch
      routes.follow(
        tables: batch.tables, lineages: batch.lineages, catalog: &catalog, takes: takes)
      values.follow(decoder, tables: batch.tables, routes: routes)
      if counting {
        tally(batch, slot: slot, routes: routes)
        #if !PASS_THROUGH
          // Only late changes need to know which files hold a key.
          gatherKeys(of: batch, slot: slot, routes: routes, isEnd: stretch.outcome != nil)
          if routes.haveTransactions {
            transactions.gather(batch, slot: slot, routes, isEnd: stretch.outcome != nil)
          }
        #endif
      }
      taken += sequencer.admit(
        batch, from: UInt32(slot), values: start, routes: &routes.routes,
        lineages: routes.lineages)
      files[slot].quarantined += batch.quarantined
      if counting { progress.read(records: batch.recordCount, bytes: stretch.bytesRead) }
      guard let outcome = stretch.outcome else { continue }
      files[slot].outcome = outcome
      if counting { progress.finishedFile() }
    }
    if step.endsFile, let last = step.stretches.last {
      gatherEvidence(of: last.batch, routes: routes)
    }
    if taken == 0 { values.removeLast() }
  }

  private mutating func tally(_ batch: ChangeBatch, slot: Int, routes: DecoderRoutes) {
    files[slot].records += batch.recordCount
    // Opened once a batch: the loop runs for every record.
    var places = Array(repeating: -1, count: batch.tables.count)
    var open: [(collection: Int, tally: RunFile.Tally)] = []
    batch.keyBytes.withUnsafeBytes { keys in
      for change in batch.changes {
        let table = Int(change.table)
        if places[table] < 0 {
          places[table] = openTally(of: table, in: batch, slot: slot, routes: routes, &open)
        }
        #if PASS_THROUGH
          // What the benchmark measures ordering against counts changes, and learns nothing of them.
          open[places[table]].tally.changes += 1
        #else
          let key = UnsafeRawBufferPointer(rebasing: keys[change.key.indices])
          open[places[table]].tally.add(
            change, lineage: routes.lineages[Int(change.lineage)], keyHash: StableHash.hash64(key))
        #endif
        if change.flags.contains(.unreadableCursor) {
          catalog.update(routes.collections[table]) { $0.hasUnreadableCursor = true }
        }
      }
    }
    for (collection, tally) in open { files[slot].tallies[collection] = tally }
  }

  /// Begins, or goes on with, what a file holds of one of the batch's tables.
  private mutating func openTally(
    of table: Int, in batch: ChangeBatch, slot: Int, routes: DecoderRoutes,
    _ open: inout [(collection: Int, tally: RunFile.Tally)]
  ) -> Int {
    let collection = routes.collections[table]
    if batch.tables[table].key == nil {
      catalog.update(collection) { $0.hasUnadmitted = true }
    }
    // Two names may mean one table: one of a path, one of the records.
    if let place = open.firstIndex(where: { $0.collection == collection }) { return place }
    let entry = catalog.entries[collection]
    let tally = files[slot].openTally(
      of: collection, storedAs: entry.storeID ?? entry.heldID)
    open.append((collection, tally))
    return open.count - 1
  }

  /// Adds what files that were read to their end say about keys and cursors.
  private mutating func gatherEvidence(of batch: ChangeBatch, routes: DecoderRoutes) {
    for (table, collection) in zip(batch.tables, routes.collections) {
      guard counting || gathering == collection else { continue }
      catalog.update(collection) { entry in
        entry.evidence.merge(table.evidence)
        entry.proposals = nil
        entry.cursorEvidence.append(table.cursorEvidence)
        if entry.key == nil, let key = table.key {
          entry.key = key
          entry.keyOrigin = entry.plan.key == nil ? .schema : .flag
        }
      }
    }
  }
}
