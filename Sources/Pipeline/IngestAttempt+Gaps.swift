import BatchSource
import ChangeModel
import CollectionStore
import Sequencing

/// Gaps as they are kept and told: which file is likely to be missing, since when, until when.
extension IngestAttempt {
  /// The gaps of a verdict as they are kept: since when, until when, and whether they are waited for.
  func gapRecords(
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
      let known = ledger.gaps.first { $0.overlaps(record) }
      if let known {
        record.since = known.since
        record.isWaived = known.isWaived
      }
      if isArriving(gap, known: known) { record.kind = .arriving }
      if let wait = configuration.gapWait {
        // What is there is given the time to be complete, also where nothing is waited for.
        let least = record.kind == .arriving ? configuration.settle * 3 : .zero
        record.deadline = record.since.addingClamped(max(wait, least).microseconds)
      }
      // Whether it is complete by now only a listing tells.
      let isOver = record.deadline.map { $0 <= now } ?? false
      let isUnseen = record.kind == .arriving && arriving == nil
      record.isWaived = record.isWaived || !waits || isOver && !isUnseen
      records.append(record)
    }
    return records
  }

  /// Whether all that is missing is there, in files that are not complete yet.
  private func isArriving(_ gap: OrderVerdict.Gap, known: GapRecord?) -> Bool {
    guard waits else { return false }
    // Before the drop was listed it is as it was.
    guard let arriving else { return known?.kind == .arriving }
    guard let numbers = gap.ordinals ?? gap.incompleteFile.map({ $0...$0 }) else { return false }
    let found = arriving.filter { file in
      file.ordinal.map(numbers.contains) ?? false
        && SeriesHash.of(file.series.bytes) == gap.series
    }
    return Set(found.map(\.ordinal)).count > numbers.upperBound - numbers.lowerBound
  }

  /// A file of the series that a gap is in, and that series: of the nearest the first by its path.
  private func neighbor(
    of gap: OrderVerdict.Gap, in ledger: OrderBook.Ledger
  ) async throws -> (file: BatchPath, series: [UInt8]) {
    let number = gap.ordinals?.lowerBound ?? gap.incompleteFile ?? 0
    let distances = ledger.evidence.indices.filter { ledger.evidence[$0].series == gap.series }
      .map { (index: $0, distance: ledger.evidence[$0].distance(to: number)) }
    let least = distances.map(\.distance).min()
    var nearest: [FileRecord] = []
    for (index, distance) in distances where distance == least {
      let id = ledger.files[index]
      if let file = files.first(where: { $0.record.id == id }) {
        nearest.append(file.record)
      } else if let record = try await writer.perform({ store in try store.file(id) }) {
        nearest.append(record)
      }
    }
    let first = nearest.min { $0.path.lexicographicallyPrecedes($1.path) }
    return (BatchPath(first?.path ?? []), first?.series ?? [])
  }

  /// What of a new verdict is worth telling.
  func newNotes(
    _ index: Int, before: OrderBook.Ledger, after: OrderBook.Ledger
  ) -> [StoreEvent] {
    let name = catalog.entries[index].name
    let id = catalog.entries[index].storeID
    var events: [(String, String)] = []
    for gap in after.gaps {
      let known = before.gaps.first { $0.overlaps(gap) }
      if gap.kind != .arriving, known?.kind ?? .arriving == .arriving {
        events.append(("gapFound", "\(name): \(gap.text)"))
      }
      if gap.isWaived, known?.isWaived == false {
        events.append(
          ("gapWaived", "\(name): goes on without \(gap.fileText); what follows is provisional"))
      }
    }
    for gap in before.gaps
    where gap.kind != .arriving && !after.gaps.contains(where: { $0.overlaps(gap) }) {
      events.append(
        ("gapClosed", "\(name): \(gap.fileText) \(gap.verb) not missing any longer"))
    }
    for doubt in doubts(about: index, by: after.verdict) where !before.note.doubts.contains(doubt) {
      events.append(("epochSuspected", "\(name): \(doubt)"))
    }
    if after.verdict.newestEpoch > before.verdict.newestEpoch {
      let cause =
        after.verdict.resnapshots.count > before.verdict.resnapshots.count
        ? "a snapshot came after changes" : "the log began anew"
      events.append(
        ("epochBegan", "\(name): \(cause); epoch \(after.verdict.newestEpoch) begins"))
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
