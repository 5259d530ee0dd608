import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// What goes into the store besides rows: the manifest, what each file held for whom, the
/// quarantine, and what is held.
extension IngestAttempt {
  /// Begins the commit, records in it what is news of known files, and gives the others the numbers
  /// by which rows name them.
  ///
  /// - Returns: those others; they are to be added to the manifest.
  mutating func beginCommit() async throws -> NewFiles {
    var known = touched
    var again: [Int64] = []
    var new: [Int] = []
    for slot in files.indices where !files[slot].isReread {
      files[slot].describe()
      if files[slot].record.id == 0 {
        new.append(slot)
        continue
      }
      known.append(files[slot].record)
      // What an earlier reading of the same file put into quarantine is judged anew.
      if files[slot].isWhole, files[slot].outcome?.isPartial == false {
        again.append(files[slot].record.id)
      }
    }
    let (records, reread) = (known, again)
    let firstID = try await writer.perform { store in
      try store.begin()
      for record in records {
        try store.update(record)
        if record.state == .superseded { try store.resolveQuarantined(ofFile: record.id) }
      }
      for file in reread { try store.dropQuarantined(ofFile: file) }
      return try store.nextFileID()
    }
    for (slot, id) in zip(new, firstID...) { files[slot].record.id = id }
    return NewFiles(records: new.map { files[$0].record }, firstID: firstID)
  }

  /// Records what is known only after the rows were written.
  mutating func recordRest() async throws {
    let held = heldTables()
    for index in catalog.entries.indices {
      // What is left out now may be wanted later: it is read again then.
      let isLeftOut = catalog.entries[index].isLeftOut
      let isHeld = held[index] != nil || isLeftOut
      if isLeftOut { try await leaveOut(index) }
      if let table = held[index] {
        let source = catalog.entries[index].source
        let name = catalog.entries[index].name
        let known = catalog.entries[index].storeID ?? catalog.entries[index].heldID
        let id = try await writer.perform { store in
          try store.hold(table.hold(of: source, name: name), id: known)
        }
        catalog.update(index) { $0.heldID = id }
        summary.held.append(table)
      }
      guard let id = catalog.entries[index].storeID ?? catalog.entries[index].heldID else {
        continue
      }
      if !isHeld, catalog.entries[index].releasesHeldFiles {
        try await writer.perform { store in try store.release(table: id) }
      }
      if isHeld || !haveRecordedShares.contains(index) {
        try await shares(of: index, id, isHeld: isHeld).record(by: writer)
      }
      catalog.update(index) {
        $0.hasHeldFiles = isHeld || ($0.hasHeldFiles && !$0.releasesHeldFiles)
        $0.heldChanges = held[index]?.changes ?? 0
        $0.releasesHeldFiles = false
        $0.hasUnadmitted = false
      }
    }
    // All at once: each turn of the writer costs as much as several statements.
    let transactions = transactionUpdates()
    let (quarantined, ordered, events) = (quarantineEntries(), orderUpdates(), notes)
    // What is held is in no row: which files hold it is read from the store when it is released.
    for index in held.keys {
      if let id = storedID(of: index) { book.ledgers[id] = nil }
    }
    try await writer.perform { store in
      for entry in quarantined { try store.quarantine(entry) }
      for update in ordered { try update.record(in: store) }
      for update in transactions { try update.record(in: store) }
      for event in events { try store.insert(event) }
    }
    try await endQuarantine()
  }

  /// What this call's files held for a collection.
  private func shares(of index: Int, _ id: Int64, isHeld: Bool) -> CollectionShares {
    CollectionShares(
      files: files, index: index, collection: id, order: orders[index], isHeld: isHeld)
  }

  /// What this call's files held for a collection, where that can be recorded while the collection
  /// is loaded, and was not yet: the store has time then, and afterwards nobody else has anything to
  /// do. Nil where it cannot, or was.
  mutating func sharesToRecordWhileLoading(_ index: Int) async -> CollectionShares? {
    guard loaded != nil, let id = catalog.entries[index].storeID,
      await writer.perform({ store in store.isWritableWhileLoading }),
      haveRecordedShares.insert(index).inserted
    else { return nil }
    return shares(of: index, id, isHeld: false)
  }

  /// What the files of collections say together now.
  private mutating func orderUpdates() -> [OrderUpdate] {
    var updates: [OrderUpdate] = []
    for (index, ledger) in orders {
      guard let id = catalog.entries[index].storeID else { continue }
      let known = book.ledgers[id] ?? OrderBook.Ledger()
      var ledger = ledger
      ledger.note = CollectionStore.OrderNote(
        counters: ledger.verdict.counters.text, doubts: doubts(about: index, by: ledger.verdict))
      ledger.lineages = ledger.lineageRecords(of: id, names: book.lineages)
      updates.append(
        OrderUpdate(
          collection: id, known: known, ledger: ledger,
          counts: newCounts(ledger.counts, known: known.counts, of: index),
          closed: closedRank(of: index, ledger)))
      book.ledgers[id] = ledger
    }
    return updates
  }

  /// How many changes of files wait where that is news, and is not recorded with the files of this
  /// call.
  private func newCounts(
    _ counts: [Int64: Placement.Counts], known: [Int64: Placement.Counts], of index: Int
  ) -> [Int64: Placement.Counts] {
    var new = counts.filter { $1 != known[$0] ?? Placement.Counts() }
    if new.isEmpty { return new }
    for slot in files.indices where !files[slot].isReread && files[slot].tallies[index] != nil {
      new[files[slot].record.id] = nil
    }
    return new
  }

  /// Below what a collection may forget how its rows came about; nil where it must remember all.
  func closedRank(of index: Int, _ ledger: OrderBook.Ledger) -> Rank? {
    let entry = catalog.entries[index]
    // What a person has held back is not known to be nothing. Without keys there is no row that
    // could be recomputed alone.
    guard !entry.hasHeldFiles, case .columns? = entry.key else { return nil }
    return ledger.closedRank(behind: configuration.closingLag)
  }

  /// Reads the numbers of earlier calls' files, once a session.
  mutating func readSeries() async throws {
    if book.hasSeries { return }
    let empty = book
    book = try await writer.perform { store in
      var book = empty
      try book.readSeries(of: store)
      return book
    }
  }

  /// Notes the numbers of this call's.
  mutating func noteNumbers() {
    for slot in files.indices where !files[slot].isReread {
      book.note(files[slot].record, series: files[slot].stamp.series)
    }
  }

  /// Makes a table known that is left out, so that its files can be found again.
  private mutating func leaveOut(_ index: Int) async throws {
    let entry = catalog.entries[index]
    guard entry.storeID == nil, entry.heldID == nil,
      files.contains(where: { $0.tallies[index] != nil })
    else { return }
    let id = try await writer.perform { store in
      let id = try store.hold(
        Hold(
          source: entry.source, name: entry.name, reason: "leftOut", changes: 0, cause: "",
          evidence: [], hint: ""))
      try store.release(table: id)
      return id
    }
    catalog.update(index) { $0.heldID = id }
  }

  private func quarantineEntries() -> [QuarantineEntry] {
    var entries: [QuarantineEntry] = []
    for slot in files.indices where !files[slot].quarantined.isEmpty {
      let file = files[slot]
      // A table whose key was found has been read twice, and tells of a broken record twice.
      let records = Dictionary(file.quarantined.map { ($0.byteOffset, $0) }) { $1 }
      entries += records.values.sorted { $0.byteOffset < $1.byteOffset }
        .map { QuarantineEntry(file: file.record.id, record: $0) }
    }
    return entries
  }

  /// The tables whose changes wait, by the catalog's index; only those that this run met.
  private func heldTables() -> [Int: HeldTable] {
    var held: [Int: HeldTable] = [:]
    for index in catalog.entries.indices where !catalog.entries[index].plan.isSkipped {
      let entry = catalog.entries[index]
      let waiting = entry.hasHeldFiles ? entry.heldChanges : 0
      let changes = files.indices.reduce(waiting) {
        $0 + (files[$1].tallies[index]?.newChanges ?? 0)
      }
      guard changes > 0, var table = blocked[index] ?? catalog.entries[index].reasonToHold else {
        continue
      }
      table.changes = changes
      held[index] = table
    }
    return held
  }

  /// Fills in what the files' outcomes say.
  mutating func summarize() {
    summary.bytes = progress.current.bytesDone
    for slot in files.indices where !files[slot].isReread {
      summary.files += 1
      summary.records += files[slot].records
      // By their parts: a file that is taken out of the list is copied.
      let (tallies, outcome) = (files[slot].tallies, files[slot].outcome)
      for (index, tally) in tallies {
        guard catalog.entries[index].plan.isSkipped, tally.newChanges > 0 else { continue }
        summary.skippedChanges += tally.newChanges
        let name = catalog.entries[index].name
        if !summary.skippedTables.contains(name) { summary.skippedTables.append(name) }
      }
      if let error = outcome?.error { summary.failedFiles.append(error) }
      if outcome?.isPartial == true {
        summary.unreadFiles[files[slot].file.path] = files[slot].file
      }
      if outcome?.tornReason != nil {
        summary.tornFiles.append(files[slot].file.path.description)
      }
    }
    summary.skippedTables.sort()
    summary.failedFiles += contexts.errors.values
    summary.tables = catalog.entries.filter { $0.storeID != nil }.map(\.name)
  }
}

/// The files of a call that the manifest does not have yet.
struct NewFiles: Sendable {
  var records: [FileRecord]
  /// The number of the first; each of the others has the next.
  var firstID: Int64

  /// Adds them to the manifest.
  func record(in store: CollectionStore) throws {
    try store.insert(records, from: firstID)
  }
}

/// What a call makes known of the order of one collection.
private struct OrderUpdate: Sendable {
  var collection: Int64
  /// What the store holds already.
  var known: OrderBook.Ledger
  var ledger: OrderBook.Ledger
  /// How many changes of files wait, where that is to be recorded.
  var counts: [Int64: Placement.Counts]
  var closed: Rank?

  /// Records what is new of it.
  func record(in store: CollectionStore) throws {
    if ledger.gaps != known.gaps { try store.setGaps(ledger.gaps, ofCollection: collection) }
    if ledger.note != known.note { try store.setOrderNote(ledger.note, ofCollection: collection) }
    for (file, counts) in counts {
      try store.setWaiting(
        counts.waiting, provisional: counts.provisional, file: file, collection: collection)
    }
    if ledger.lineages != known.lineages {
      try store.setLineages(ledger.lineages, ofCollection: collection)
    }
    try store.close(upTo: closed, collection: collection)
  }
}

extension RunFile {
  /// Takes over into the record what reading showed.
  mutating func describe() {
    guard let outcome else { return }
    record.state = .applied
    record.reason = nil
    if let torn = outcome.tornReason {
      record.state = .torn
      record.reason = torn
    }
    if let error = outcome.error {
      record.state = .failed
      record.reason = [error.cause, error.hint].compactMap(\.self).joined(separator: "\n")
    }
    // What was used of it before counts on.
    if outcome.isPartial { return }
    if let identity = outcome.identity { record.take(identity) }
    record.hash = outcome.hash
    record.consumed = outcome.consumedBytes
    record.records = context.recordIndex + records
  }
}
