import BatchSource
import ChangeModel
import CollectionStore
import Hashing
import Sequencing

/// What a session knows about the order of its collections: the evidence of every file that was
/// read, by it or by earlier ones. Read from the store when it is first needed.
struct OrderBook: Sendable {
  /// One collection's part.
  struct Ledger: Sendable {
    /// The manifest's numbers of the files that hold changes of the collection.
    private(set) var files: [Int64] = []
    /// What each says.
    private(set) var evidence: [FileEvidence] = []
    /// Where each is in these lists.
    private(set) var indexes: [Int64: Int] = [:]
    /// The files some of whose changes wait behind a gap, or did not wait any longer.
    var counts: [Int64: Placement.Counts] = [:]
    /// The gaps as they were at last.
    var gaps: [GapRecord] = []
    /// The transactions whose changes waited because more of them might come.
    var open: [UInt32: UInt64] = [:]
    /// How many of the files, from the first, have changes in rows: the others are held.
    var appliedCount = 0
    /// Whether files that may go on must be looked for, though the gaps are as they were.
    var mayHaveFreed = true
    /// What the files were found to say together.
    var verdict = OrderVerdict()
    /// What of that was noted.
    var note = CollectionStore.OrderNote()
    /// How far each log was known when that was noted.
    var lineages: [LineageRecord] = []

    /// What a file says; nil for one that holds no changes of the collection.
    func evidence(of file: Int64) -> FileEvidence? { indexes[file].map { evidence[$0] } }

    /// Adds a file, or overwrites what it says.
    mutating func put(_ evidence: FileEvidence, of file: Int64) {
      if let known = indexes[file] {
        self.evidence[known] = evidence
      } else {
        indexes[file] = files.count
        files.append(file)
        self.evidence.append(evidence)
      }
    }
  }

  /// The names of lineages, by the hash that ranks hold.
  var lineages: [UInt32: String] = [:]
  /// The last transaction of each log that names them, by the lineage's hash.
  private(set) var tails: [UInt32: TransactionTail] = [:]
  /// By the collection's number in the store.
  var ledgers: [Int64: Ledger] = [:]
  /// The numbered files of each series, by its hash; nil until they are read.
  private var series: [UInt32: SeriesFiles]?

  fileprivate struct SeriesFiles: Sendable {
    var whole = CounterSet()
    var incomplete: Set<UInt64> = []
    /// Those of the whole ones that have no record.
    var empty: Set<UInt64> = []
  }

  /// The hashes of the lineages whose positions name transactions.
  var lineagesWithTransactions: Set<UInt32> {
    Set(lineages.filter { TransactionTail.isNamed(in: $0.value) }.keys)
  }

  /// Whether the manifest was looked through for numbers.
  var hasSeries: Bool { series != nil }

  /// Reads the numbers of the manifest's files.
  mutating func readSeries(of store: CollectionStore) throws {
    var found: [UInt32: SeriesFiles] = [:]
    var hashes = SeriesHash()
    try store.visitSeries { series, ordinal, state, isEmpty in
      found[hashes.hash(of: series), default: SeriesFiles()]
        .note(ordinal, state, isEmpty: isEmpty)
    }
    series = found
  }

  /// Notes a file that was read.
  ///
  /// - Parameter hash: that of its series.
  mutating func note(_ file: FileRecord, series hash: UInt32) {
    guard let ordinal = file.ordinal else { return }
    series?[hash, default: SeriesFiles()]
      .note(ordinal, file.state, isEmpty: file.records == 0)
  }

  /// Reads what the store knows of a collection's files, and judges it.
  mutating func readLedger(of id: Int64, in store: CollectionStore) throws -> Ledger {
    var ledger = Ledger()
    let superseded = Set(try store.files(in: [.superseded]).map(\.id))
    let shares = try store.shares(ofCollection: id).filter { !superseded.contains($0.file) }
    // The changes of held files are in no row yet: what they say is news to the others.
    for share in shares.filter({ !$0.isHeld }) {
      if let evidence = share.orderEvidence { ledger.put(evidence, of: share.file) }
      if share.waiting > 0 || share.provisional > 0 {
        ledger.counts[share.file] = Placement.Counts(
          waiting: share.waiting, provisional: share.provisional)
      }
    }
    ledger.lineages = try store.lineages(ofCollection: id)
    for lineage in ledger.lineages { lineages[lineage.hash] = lineage.name }
    ledger.gaps = try store.gaps(ofCollection: id)
    ledger.note = try store.orderNote(ofCollection: id)
    ledger.appliedCount = ledger.files.count
    for share in shares.filter(\.isHeld) {
      if let evidence = share.orderEvidence { ledger.put(evidence, of: share.file) }
    }
    ledger.verdict = judge(ledger.evidence)
    return ledger
  }

  /// Notes which transactions a file's evidence ends with.
  mutating func noteTails(of evidence: FileEvidence, seen: Int64) {
    for segment in evidence.segments where !segment.isSnapshot {
      guard let name = lineages[segment.lineage],
        let tail = TransactionTail(of: segment, lineage: name, seen: seen)
      else { continue }
      tails[segment.lineage, default: tail].take(tail)
    }
  }

  /// The transactions that the files some of whose changes wait end with, by the lineage's hash.
  func waitingTransactions(of ledger: Ledger) -> [UInt32: UInt64] {
    var book = self
    book.tails = [:]
    for (file, evidence) in zip(ledger.files, ledger.evidence)
    where ledger.counts[file]?.waiting ?? 0 > 0 {
      book.noteTails(of: evidence, seen: 0)
    }
    return book.tails.mapValues(\.transaction)
  }

  /// The transactions of which more may come, by the lineage's hash.
  ///
  /// - Parameters:
  ///   - now: microseconds since 1970.
  ///   - settle: how long nothing of one must have come for it to be over, in microseconds.
  func openTransactions(now: Int64, settle: Int64) -> [UInt32: UInt64] {
    tails.filter { now - $1.seen < settle }.mapValues(\.transaction)
  }

  /// When the first of them is over; nil where there is none.
  func transactionDeadline(now: Int64, settle: Int64) -> Int64? {
    tails.values.filter { now - $0.seen < settle }.map { $0.seen + settle }.min()
  }

  /// Judges the evidence of a collection's files.
  func judge(_ evidence: [FileEvidence]) -> OrderVerdict {
    var judge = OrderJudge()
    judge.lineages = lineages.mapValues { OrderJudge.LineageKind(name: $0) }
    for hash in Set(evidence.map(\.series)) {
      guard let files = series?[hash] else { continue }
      judge.series[hash] = files.forJudge
    }
    return judge.judge(evidence)
  }
}

extension OrderBook.SeriesFiles {
  mutating func note(_ ordinal: UInt64, _ state: FileRecord.State, isEmpty: Bool) {
    switch state {
    case .torn, .failed: if !whole.contains(ordinal) { incomplete.insert(ordinal) }
    case .pending, .applied, .superseded:
      if !isEmpty {
        empty.remove(ordinal)
      } else if !whole.contains(ordinal) {
        empty.insert(ordinal)
      }
      whole.insert(ordinal)
      incomplete.remove(ordinal)
    }
  }

  var forJudge: OrderJudge.Series {
    var series = OrderJudge.Series()
    series.ordinals = whole
    for ordinal in incomplete.sorted() { series.incomplete.insert(ordinal) }
    for ordinal in empty.sorted() { series.empty.insert(ordinal) }
    return series
  }
}

extension OrderBook.Ledger {
  /// How far each log of the collection is known.
  func lineageRecords(of id: Int64, names: [UInt32: String]) -> [LineageRecord] {
    var records: [[UInt64]: LineageRecord] = [:]
    for (file, evidence) in evidence.enumerated() {
      for (segment, epoch) in zip(evidence.segments, verdict.epochs[file])
      where !segment.isSnapshot {
        let place = [UInt64(epoch), UInt64(segment.lineage)]
        var record =
          records[place]
          ?? LineageRecord(
            collection: id, name: names[segment.lineage] ?? "", hash: segment.lineage,
            epoch: epoch)
        record.take(segment, ordinal: evidence.ordinal)
        records[place] = record
      }
    }
    return records.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value)
  }
}

extension LineageRecord {
  fileprivate mutating func take(_ segment: FileEvidence.Segment, ordinal: UInt64?) {
    if let ordinal { firstOrdinal = min(firstOrdinal ?? ordinal, ordinal) }
    let rank = Rank(
      phase: 2 * epoch + 1, lineage: hash, position: segment.highest, eventTime: .min,
      ordinal: ordinal ?? 0, series: 0, recordIndex: 0)
    let counter = segment.counterAtHighest.map { Int64(clamping: $0) }
    // Of copies the last by number and count, whichever came first.
    if let last, (last, lastCounter ?? -1) >= (rank, counter ?? -1) { return }
    last = rank
    lastCounter = counter
  }
}
