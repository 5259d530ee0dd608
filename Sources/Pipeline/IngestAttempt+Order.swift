import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// Order and completeness: what the files of a collection say together, which of its changes may go
/// on, and which wait for a file that is missing.
extension IngestAttempt {
  /// Judges a collection's files, those of this call among them, and prepares its changes: each gets
  /// its epoch, those behind a gap are taken out, and those that waited for what has come are added.
  ///
  /// Where the new files show that the old ones were ranked wrongly (the log began anew in between),
  /// the collection is rebuilt from all of them.
  mutating func order(_ index: Int, slots: [Int]) async throws {
    var ledger = try await ledger(of: index)
    let before = ledger
    for slot in slots where !files[slot].isReread {
      guard let evidence = evidence(of: index, slot: slot) else { continue }
      ledger.put(evidence, of: files[slot].record.id)
    }
    ledger.verdict = book.judge(ledger.evidence)
    var reread: Set<Int> = []
    let isStored = catalog.entries[index].storeID != nil
    let isMisplaced =
      ledger.verdict.reranks(before.verdict)
      || floors(of: index, by: ledger.verdict).last ?? .lowest
        < floors(of: index, by: before.verdict).last ?? .lowest
    if isStored, !rebuilds.contains(index), isMisplaced {
      guard let slots = try await rebuildForOrder(index, ledger: ledger) else { return }
      reread = slots
    }
    ledger.gaps = try await gapRecords(of: ledger)
    ledger.open = openTransactions
    let hasFreed =
      ledger.mayHaveFreed || ledger.awaited != before.awaited || ledger.open != before.open
    if hasFreed, !rebuilds.contains(index) {
      reread = try await readWaiting(index, &ledger)
    }
    place(index, &ledger, reread: reread)
    notes += newNotes(index, before: before, after: ledger)
    orders[index] = ledger
  }

  /// Below what nothing counts, because a snapshot that came later holds every row: each time that
  /// one did, ascending.
  func floors(of index: Int, by verdict: OrderVerdict) -> [Rank] {
    let replaces = resnapshot(of: index) == .replace
    return verdict.resnapshots.filter { $0.isComplete || replaces }.map { snapshot in
      var floor = Rank.lowest
      floor.phase = 2 * snapshot.epoch
      return floor
    }
  }

  private func resnapshot(of index: Int) -> Resnapshot? {
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
    return ledger
  }

  /// Notes the last transaction of each log, before any of this call's changes go on.
  mutating func noteTransactions() {
    guard waits else { return }
    for file in files where !file.isReread {
      for tally in file.tallies.values { book.noteTails(of: tally.evidence, seen: now) }
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
  ) {
    let placement = ledger.placement(of: files)
    let placed = sequencer.place(collection: index, by: placement)
    for slot in files.indices {
      let file = files[slot].record.id
      let isRead = reread.contains(slot) || placed[UInt32(slot)] != nil
      guard isRead || files[slot].tallies[index] != nil, ledger.indexes[file] != nil else {
        continue
      }
      var counts = placed[UInt32(slot)] ?? Placement.Counts()
      if !files[slot].isWhole, let earlier = ledger.counts[file] {
        counts.waiting += earlier.waiting
        counts.provisional += earlier.provisional
      }
      ledger.counts[file] = counts
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
  /// - Returns: the slots of the files that were read again; nil where files are gone: the
  ///   collection stays as it is, and this call's changes of it wait.
  private mutating func rebuildForOrder(
    _ index: Int, ledger: OrderBook.Ledger
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
      let name = catalog.entries[index].name
      blocked[index] = HeldTable(
        table: name, reason: .filesMissing, changes: 0,
        cause: "new files show that the log began anew between the old ones, so all must be read "
          + "again, and one is gone or changed: \(error.file ?? error.cause)", evidence: [],
        hint: "Put the file back and run again, or make the table anew from what is there: "
          + "replay --rebuild \(name).")
      return nil
    }
  }

  /// The gaps of a verdict as they are kept: since when, until when, and whether they are waited for.
  private func gapRecords(
    of ledger: OrderBook.Ledger
  ) async throws -> [GapRecord] {
    var records: [GapRecord] = []
    for gap in ledger.verdict.gaps {
      let path = try await neighbor(of: gap, in: ledger)
      let numbers = gap.ordinals ?? (gap.incompleteFile ?? 0)...(gap.incompleteFile ?? 0)
      var record = GapRecord(
        series: path.series, afterOrdinal: numbers.lowerBound &- 1,
        beforeOrdinal: numbers.upperBound &+ 1, kind: gap.isProven ? .proven : .suspected,
        counters: gap.counters.map {
          Int64(clamping: $0.lowerBound)...Int64(clamping: $0.upperBound)
        },
        likelyFile: path.file.renumbered(numbers.lowerBound).bytes, since: now, deadline: nil,
        isWaived: false)
      if let known = ledger.gaps.first(where: { $0.overlaps(record) }) {
        record.since = known.since
        record.isWaived = known.isWaived
      }
      if let wait = configuration.gapWait {
        record.deadline = record.since.addingClamped(wait.microseconds)
      }
      record.isWaived = record.isWaived || !waits || record.deadline.map { $0 <= now } ?? false
      records.append(record)
    }
    return records
  }

  /// A file of the series that a gap is in, and that series.
  private func neighbor(
    of gap: OrderVerdict.Gap, in ledger: OrderBook.Ledger
  ) async throws -> (file: BatchPath, series: [UInt8]) {
    let index = ledger.evidence.indices.filter { ledger.evidence[$0].series == gap.series }
      .max { left, right in
        let number = gap.ordinals?.lowerBound ?? gap.incompleteFile ?? 0
        return ledger.evidence[left].distance(to: number)
          > ledger.evidence[right].distance(to: number)
      }
    guard let index else { return (BatchPath(""), []) }
    let id = ledger.files[index]
    if let file = files.first(where: { $0.record.id == id }) {
      return (file.file.path, file.record.series)
    }
    let record = try await writer.perform { store in try store.file(id) }
    return (BatchPath(record?.path ?? []), record?.series ?? [])
  }

  /// What of a new verdict is worth telling.
  private func newNotes(
    _ index: Int, before: OrderBook.Ledger, after: OrderBook.Ledger
  ) -> [StoreEvent] {
    let name = catalog.entries[index].name
    let id = catalog.entries[index].storeID
    var events: [(String, String)] = []
    for gap in after.gaps {
      let known = before.gaps.first { $0.overlaps(gap) }
      if known == nil { events.append(("gapFound", "\(name): \(gap.text)")) }
      if gap.isWaived, known?.isWaived == false {
        events.append(("gapWaived", "\(name): goes on without \(BatchPath(gap.likelyFile))"))
      }
    }
    for gap in before.gaps where !after.gaps.contains(where: { $0.overlaps(gap) }) {
      events.append(
        ("gapClosed", "\(name): \(BatchPath(gap.likelyFile)) is not missing any longer"))
    }
    for doubt in doubts(about: index, by: after.verdict) where !before.note.doubts.contains(doubt) {
      events.append(("epochSuspected", "\(name): \(doubt)"))
    }
    let counters = after.verdict.counters.text
    if let known = before.note.counters, known != counters {
      events.append(
        ("counters", "\(name): the running counts are now \(counters), and were \(known)"))
    }
    if rebuilds.contains(index), after.verdict.reranks(before.verdict) {
      events.append(("refold", "\(name): made anew, because the log began anew between its files"))
    }
    return events.map { StoreEvent(at: now, kind: $0, collection: id, text: $1) }
  }
}

extension OrderVerdict {
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

extension OrderBook.Ledger {
  /// The gaps that are waited for.
  var awaited: [OrderVerdict.Gap] {
    zip(verdict.gaps, gaps).filter { !$1.isWaived }.map(\.0)
  }

  /// What the verdict means for the changes of a call's files.
  func placement(of files: [RunFile]) -> Placement {
    let gaps = zip(verdict.gaps, gaps)
    return Placement(
      verdict: verdict, evidence: evidence, indexes: files.map { indexes[$0.record.id] },
      awaited: gaps.filter { !$1.isWaived }.map(\.0), waived: gaps.filter { $1.isWaived }.map(\.0),
      open: open)
  }

  /// Up to where nothing can be missing, and so many changes have come since; nil where that is not
  /// known. A resume may repeat what is newer.
  func closedRank(behind lag: UInt64) -> Rank? {
    guard let closed = verdict.closed, closed.counter > lag,
      !counts.contains(where: { $1.waiting > 0 })
    else { return nil }
    var highest: Position?
    for (file, evidence) in evidence.enumerated() {
      for (segment, epoch) in zip(evidence.segments, verdict.epochs[file]) {
        guard epoch == closed.epoch, segment.lineage == closed.lineage, !segment.isSnapshot,
          let counter = segment.counterAtHighest, counter <= closed.counter - lag,
          segment.highest <= closed.position
        else { continue }
        highest = max(highest ?? segment.highest, segment.highest)
      }
    }
    return highest.map { position in
      Rank(
        phase: 2 * closed.epoch + 1, lineage: closed.lineage, position: position, eventTime: .max,
        ordinal: .max, series: .max, recordIndex: .max)
    }
  }

  /// The files some of whose changes wait, and may go on now.
  func freed() -> Set<Int64> {
    let awaited = awaited
    return Set(
      counts.filter { file, counts in
        guard counts.waiting > 0, let index = indexes[file] else { return false }
        return evidence[index].segments.indices.contains { segment in
          let lowest = evidence[index].segments[segment].counters?.lowerBound
          return !awaited.contains { gap in
            verdict.isBehind(
              gap, evidence: evidence[index], file: index, segment: segment, counter: lowest)
          }
        }
      }.keys)
  }

  /// Forgets which changes were applied behind a gap: there is none any longer.
  mutating func forgetProvisional() {
    for (file, counts) in counts where counts.provisional > 0 { self.counts[file]?.provisional = 0 }
  }

  /// Counts for each gap that is waited for what waits behind it.
  mutating func countWaiting(_ awaited: [OrderVerdict.Gap]) {
    for place in gaps.indices where !gaps[place].isWaived {
      let gap = verdict.gaps[place]
      gaps[place].waiting = counts.reduce(0) { sum, entry in
        guard entry.value.waiting > 0, let index = indexes[entry.key] else { return sum }
        let isBehind = evidence[index].segments.indices.contains { segment in
          verdict.isBehind(
            gap, evidence: evidence[index], file: index, segment: segment,
            counter: evidence[index].segments[segment].counters?.upperBound)
        }
        return isBehind ? sum + entry.value.waiting : sum
      }
    }
  }
}

extension GapRecord {
  /// Whether both speak of one hole, or of what is left of it.
  func overlaps(_ other: GapRecord) -> Bool {
    if series == other.series, afterOrdinal < other.beforeOrdinal &- 1,
      other.afterOrdinal < beforeOrdinal &- 1
    {
      return true
    }
    guard let counters, let others = other.counters else { return false }
    return counters.overlaps(others)
  }

  /// The gap in words.
  package var text: String {
    let file = BatchPath(likelyFile).description
    let more =
      beforeOrdinal &- afterOrdinal > 2 ? " and \(beforeOrdinal - afterOrdinal - 2) more" : ""
    switch kind {
    case .proven:
      let range = counters.map {
        " (\($0.count) changes, counts \($0.lowerBound) to \($0.upperBound))"
      }
      return "\(file)\(more) is missing\(range ?? ""): the running counts prove it"
    case .suspected:
      return "\(file)\(more) may be missing: the numbers skip"
    }
  }
}

extension FileEvidence {
  /// How far the file's number is from another.
  fileprivate func distance(to number: UInt64) -> UInt64 {
    let ordinal = ordinal ?? 0
    return ordinal > number ? ordinal - number : number - ordinal
  }
}

extension BatchPath {
  /// The path with another number in its name, as wide as the one that it has.
  fileprivate func renumbered(_ number: UInt64) -> BatchPath {
    let name = BatchFileName(lastComponent)
    guard !name.numberRange.isEmpty else { return self }
    var digits = Array(String(number).utf8)
    if name.bytes[name.numberRange.lowerBound] == UInt8(ascii: "0") {
      while digits.count < name.numberRange.count { digits.insert(UInt8(ascii: "0"), at: 0) }
    }
    var bytes = name.bytes
    bytes.replaceSubrange(name.numberRange, with: digits)
    return parent.appending(bytes)
  }
}

extension Duration {
  /// The whole microseconds of it.
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let whole = seconds.multipliedReportingOverflow(by: 1_000_000)
    return whole.overflow ? .max : whole.partialValue.addingClamped(attoseconds / 1_000_000_000_000)
  }
}

extension Int64 {
  /// The sum, or the greatest number where it is too great.
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
