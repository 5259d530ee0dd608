import BatchSource
import ChangeModel
import RecordFormats
import Sequencing

/// Reads files once, on every core, and gathers what decides: keys, ranks, and where records are.
///
/// In: the run's files. Out: their changes in the sequencer, and each file's outcome. A broken
/// record or file stops only itself.
struct FirstPass {
  /// The collections; new tables and columns are added.
  var catalog: Catalog
  /// The files, by slot.
  var files: [RunFile]
  /// Where the changes go.
  var sequencer: Sequencer
  /// Which collections' changes are taken, and from which files tallies are kept.
  let takes: @Sendable (Catalog.Entry) -> Bool
  /// Where compressed files are spilled for the second pass.
  let fetcher: RecordFetcher
  /// Told now and then how many bytes and records were read.
  let onProgress: (_ bytes: UInt64, _ records: Int, _ finishedFile: Int?) -> Void

  /// Reads the files at these slots, `width` at a time.
  ///
  /// - Throws: `CancellationError` when the task is cancelled; nothing is lost by that.
  mutating func read(slots: [Int], width: Int) async throws {
    var waiting = DecodeUnit.units(of: slots, files: files)[...]
    var routes = Array(repeating: DecoderRoutes(), count: width)
    let plans = catalog
    try await withThrowingTaskGroup(of: DecodeWorker.Step.self) { group in
      for index in 0..<width {
        guard let unit = waiting.popFirst() else { break }
        let worker = DecodeWorker(
          index: index, decoder: RecordDecoder(plan: { plans.plan(for: $0) }), fetcher: fetcher)
        worker.begin(unit, files: files)
        group.addTask { try worker.step() }
      }
      while let step = try await group.next() {
        admit(step, routes: &routes[step.worker.index])
        let worker = step.worker
        worker.recycle(step)
        if worker.isDone {
          guard let unit = waiting.popFirst() else { continue }
          worker.begin(unit, files: files)
        }
        group.addTask { try worker.step() }
      }
    }
  }

  /// Takes in what a worker decoded.
  private mutating func admit(_ step: DecodeWorker.Step, routes: inout DecoderRoutes) {
    for stretch in step.stretches {
      let batch = stretch.batch
      routes.follow(
        tables: batch.tables, lineages: batch.lineages, catalog: &catalog, takes: takes)
      tally(batch, slot: stretch.slot, routes: routes)
      _ = sequencer.admit(
        batch, from: UInt32(stretch.slot), routes: &routes.routes, lineages: routes.lineages)
      files[stretch.slot].records += batch.recordCount
      files[stretch.slot].quarantined += batch.quarantined
      onProgress(stretch.bytesRead, batch.recordCount, stretch.outcome == nil ? nil : stretch.slot)
      guard let outcome = stretch.outcome else { continue }
      files[stretch.slot].outcome = outcome
      files[stretch.slot].layout = stretch.layout
    }
    gatherEvidence(step, routes: routes)
  }

  private mutating func tally(_ batch: ChangeBatch, slot: Int, routes: DecoderRoutes) {
    for change in batch.changes {
      let collection = routes.collections[Int(change.table)]
      files[slot].tallies[collection, default: RunFile.Tally()].add(change)
      if routes.routes[Int(change.table)].collection != nil {
        files[slot].tallies[collection]?.taken += 1
      }
      if change.flags.contains(.unreadableCursor) {
        catalog.update(collection) { $0.hasUnreadableCursor = true }
      }
    }
  }

  /// Adds what the worker's tables say about keys and cursors to the collections.
  private mutating func gatherEvidence(_ step: DecodeWorker.Step, routes: DecoderRoutes) {
    guard let batch = step.stretches.last?.batch else { return }
    for (table, collection) in zip(batch.tables, routes.collections) {
      catalog.update(collection) { entry in
        entry.evidenceByWorker[step.worker.index] = table.evidence
        if entry.key == nil, let key = table.key {
          entry.key = key
          entry.keyOrigin = entry.plan.key == nil ? .schemas : .flag
        }
      }
    }
  }
}
