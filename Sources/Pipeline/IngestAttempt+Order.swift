import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// Order and completeness: what the files of a collection say together, which of its changes may go
/// on, and which wait for a file that is missing.
extension IngestAttempt {
  /// Judges the files of all collections that this call may change, while the manifest gets its new
  /// files.
  mutating func judgeCollections(whileRecording new: NewFiles) async throws {
    let writer = writer
    let unsettled = try await writer.perform { store in try store.unsettledCollections() }
    try await readSeries()
    async let recorded: Void = writer.perform { store in try new.record(in: store) }
    noteNumbers()
    noteTransactions()
    touchedCollections = collections(touchedBy: slotsByCollection(), unsettled)
    #if !PASS_THROUGH
      // Without evidence there is nothing to judge: every change goes on, in one epoch.
      summary.stages.begin(.order)
      for (index, slots) in touchedCollections { try await judge(index, slots: slots) }
    #endif
    try await recorded
  }

  /// - Parameter unsettled: the collections some of whose changes may wait.
  private func collections(
    touchedBy slots: [Int: [Int]], _ unsettled: Set<Int64>
  ) -> [(index: Int, slots: [Int])] {
    catalog.entries.indices.compactMap { index in
      guard catalog.entries[index].canBeRebuilt else { return nil }
      let isTouched =
        rebuilds.contains(index) || slots[index] != nil || hasChanges(index)
        || catalog.entries[index].storeID.map(unsettled.contains) ?? false
      return isTouched ? (index, slots[index] ?? []) : nil
    }
  }

  /// The files of this call by the collections that they hold changes of.
  private func slotsByCollection() -> [Int: [Int]] {
    var slots: [Int: [Int]] = [:]
    for slot in files.indices {
      for index in files[slot].tallies.keys { slots[index, default: []].append(slot) }
    }
    return slots
  }

  /// Judges a collection's files, those of this call among them.
  private mutating func judge(_ index: Int, slots: [Int]) async throws {
    let before = try await ledger(of: index)
    var ledger = before
    for slot in slots where !files[slot].isReread {
      guard let evidence = evidence(of: index, slot: slot) else { continue }
      ledger.put(evidence, of: files[slot].record.id)
    }
    ledger.verdict = book.judge(ledger.evidence)
    judged[index] = (before, ledger)
  }

  /// Prepares a collection's changes: each gets its epoch, those behind a gap are taken out, and those
  /// that waited for what has come are added.
  ///
  /// Where the new files show that the old ones were ranked wrongly (the log began anew in between),
  /// the collection is rebuilt from all of them.
  mutating func order(_ index: Int, slots: [Int]) async throws {
    guard let (before, judged) = judged.removeValue(forKey: index) else { return }
    var ledger = judged
    // What is made anew was read from all its files.
    var reread = rebuilds.contains(index) ? Set(files.indices.filter { files[$0].isReread }) : []
    let isStored = catalog.entries[index].storeID != nil
    if isStored, !rebuilds.contains(index) {
      let applied = before.appliedVerdict(by: book)
      let isMisplaced =
        ledger.verdict.reranks(applied)
        || floors(of: index, by: ledger.verdict).last ?? .lowest
          < floors(of: index, by: applied).last ?? .lowest
      var reason: String?
      if isMisplaced {
        reason = "new files show that the log began anew between the old ones"
      } else if try await displacesCopy(index, slots: slots) {
        reason = "rows are named by the first of the files with the same bytes, which came later"
      }
      if let reason {
        guard let slots = try await rebuildForOrder(index, ledger: ledger, because: reason) else {
          return
        }
        reread = slots
      }
    }
    ledger.gaps = try await gapRecords(of: ledger)
    ledger.open = openTransactions
    let hasFreed =
      ledger.mayHaveFreed || ledger.awaited != before.awaited || ledger.open != before.open
    if hasFreed, !rebuilds.contains(index) {
      reread = try await readWaiting(index, &ledger)
    }
    ledger.appliedCount = ledger.files.count
    try place(index, &ledger, reread: reread)
    notes += newNotes(index, before: before, after: ledger)
    orders[index] = ledger
  }

  /// Below what nothing counts, because a snapshot that came later holds every row: each time that
  /// one did, ascending.
  func floors(of index: Int, by verdict: OrderVerdict) -> [Rank] {
    verdict.floors(replaces: resnapshot(of: index) == .replace)
  }

  func resnapshot(of index: Int) -> Resnapshot? {
    configuration.collectionSettings(for: catalog.entries[index].source)?.settings.resnapshot
  }

  /// What about a collection's order a person must look at.
  func doubts(about index: Int, by verdict: OrderVerdict) -> [String] {
    guard resnapshot(of: index) == nil, verdict.resnapshots.contains(where: { !$0.isComplete })
    else { return verdict.suspicions }
    return verdict.suspicions + [
      "a snapshot came after changes and is not known to be complete, so it was merged: rows that "
        + "were deleted meanwhile may still be there; set resnapshot to replace or merge"
    ]
  }

  /// What was known of a collection's files before this call.
  private mutating func ledger(of index: Int) async throws -> OrderBook.Ledger {
    let entry = catalog.entries[index]
    guard let id = entry.storeID ?? entry.heldID else { return OrderBook.Ledger() }
    // A rebuild may be due because a file was superseded.
    if let known = book.ledgers[id], !rebuilds.contains(index) { return known }
    let empty = book
    let (loaded, ledger) = try await writer.perform { store in
      var book = empty
      let ledger = try book.readLedger(of: id, in: store)
      return (book, ledger)
    }
    book = loaded
    // What the store holds need not be written again.
    book.ledgers[id] = ledger
    return ledger
  }

  /// Notes the last transaction of each log, before any of this call's changes go on.
  private mutating func noteTransactions() {
    guard waits, !book.lineagesWithTransactions.isEmpty else { return }
    for slot in files.indices where !files[slot].isReread {
      for tally in files[slot].tallies.values { book.noteTails(of: tally.evidence, seen: now) }
    }
    openTransactions = book.openTransactions(
      now: now, settle: configuration.settle.microseconds)
  }

  /// What a file of this call says of a collection.
  private func evidence(of index: Int, slot: Int) -> FileEvidence? {
    guard var evidence = files[slot].tallies[index]?.evidence else { return nil }
    evidence.content = files[slot].record.hash.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    let source = catalog.entries[index].source
    evidence.quarantined = files[slot].quarantined.count { $0.table == nil || $0.table == source }
    return evidence
  }

  /// Gives the collection's changes their epochs, and takes out those that wait.
  ///
  /// - Parameter reread: the slots of files that were read again for this collection.
  private mutating func place(
    _ index: Int, _ ledger: inout OrderBook.Ledger, reread: Set<Int>
  ) throws {
    var placement = ledger.placement(of: files)
    placement.gathered = book.lineagesWithTransactions
    var placed = sequencer.place(collection: index, by: placement)
    for (slot, more) in try spill.outcomes(of: index, in: sequencer, by: placement) {
      placed[slot, default: .init()] += more
    }
    for slot in files.indices {
      let file = files[slot].record.id
      let isRead = reread.contains(slot) || placed[UInt32(slot)] != nil
      guard isRead || files[slot].tallies[index] != nil, ledger.indexes[file] != nil else {
        continue
      }
      let outcome = placed[UInt32(slot)] ?? .init()
      var counts = outcome.counts
      if !files[slot].isWhole, let earlier = ledger.counts[file] {
        counts.waiting += earlier.waiting
        counts.provisional += earlier.provisional
      }
      if !placement.gathered.isEmpty {
        transactions.note(outcome, of: index, in: files[slot])
      }
      // Of most files nothing waits, and nothing did.
      if counts != Placement.Counts() || ledger.counts[file] != nil {
        ledger.counts[file] = counts
      }
    }
    if placement.waived.isEmpty { ledger.forgetProvisional() }
    ledger.countWaiting(placement.awaited)
  }

  /// Reads the files again whose changes waited, where some of them may go on now.
  ///
  /// - Returns: their slots.
  private mutating func readWaiting(
    _ index: Int, _ ledger: inout OrderBook.Ledger
  ) async throws -> Set<Int> {
    let wanted = ledger.freed()
    ledger.mayHaveFreed = false
    if wanted.isEmpty { return [] }
    do {
      return Set(try await readAgain(wanted, for: index))
    } catch let error as IngestError where error.severity == .file {
      summary.failedFiles.append(error)
      ledger.mayHaveFreed = true
      return []
    }
  }

  /// Reads files of the manifest again, for one collection.
  ///
  /// - Returns: their slots.
  /// - Throws: an ``IngestError`` of severity `file` when one is gone or cannot be read; then none
  ///   of their changes are there.
  private mutating func readAgain(_ wanted: Set<Int64>, for index: Int) async throws -> [Int] {
    try await addManifestFiles(of: index, only: wanted)
    let slots = files.indices.filter {
      files[$0].isWhole && files[$0].isReread && wanted.contains(files[$0].record.id)
    }
    let name = catalog.entries[index].name
    try await readFiles(slots, counting: false) { $0.name == name }
    if let error = rereadErrors(slots).first { throw error }
    return slots
  }

  /// Prepares a rebuild, because the order of changes that are stored turned out otherwise.
  ///
  /// - Parameter reason: how it turned out, as the beginning of a sentence.
  /// - Returns: the slots of the files that were read again; nil where files are gone: the
  ///   collection stays as it is, and this call's changes of it wait.
  private mutating func rebuildForOrder(
    _ index: Int, ledger: OrderBook.Ledger, because reason: String
  ) async throws -> Set<Int>? {
    do {
      let slots = try await readAgain(Set(ledger.files), for: index)
      catalog.update(index) {
        $0.beginRebuild()
        $0.releasesHeldFiles = true
      }
      rebuilds.insert(index)
      return Set(slots)
    } catch let error as IngestError where error.severity == .file {
      _ = sequencer.release(collection: index)
      spill.drop(index)
      let name = catalog.entries[index].name
      blocked[index] = HeldTable(
        table: name, reason: .filesMissing, changes: 0,
        cause: "\(reason), so all must be read again, and one is gone or changed: "
          + (error.file ?? error.cause), evidence: [],
        hint: "Put the file back and run again, or make the table anew from what is there: "
          + "replay --rebuild \(name).")
      return nil
    }
  }
}

extension OrderVerdict {
  /// Below what nothing counts, because a snapshot that came later holds every row: each time that
  /// one did, ascending.
  ///
  /// - Parameter replaces: whether every later snapshot is taken to be complete.
  func floors(replaces: Bool) -> [Rank] {
    resnapshots.filter { $0.isComplete || replaces }.map { snapshot in
      var floor = Rank.lowest
      floor.phase = 2 * snapshot.epoch
      return floor
    }
  }

  /// The number of the last epoch.
  var newestEpoch: UInt32 { epochs.joined().max() ?? 0 }

  /// Whether changes that an earlier verdict ranked have another epoch now.
  func reranks(_ earlier: OrderVerdict) -> Bool {
    zip(earlier.epochs, epochs).contains { old, new in zip(old, new).contains { $0 != $1 } }
  }
}

extension OrderVerdict.Counters {
  /// The verdict as it is kept and shown.
  var text: String {
    switch self {
    case .absent: "absent"
    case .dense: "dense"
    case .demoted(let reason): reason
    }
  }
}
