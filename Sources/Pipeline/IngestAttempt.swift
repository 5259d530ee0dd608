import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// One call's road from files to a commit: take in, read, order, write.
struct IngestAttempt {
  let configuration: Configuration
  let writer: StoreWriter
  /// What is known of the collections; the session keeps it when the attempt succeeds.
  var catalog: Catalog
  let width: Int
  /// The files that earlier attempts of the call did not read to their ends, and how that ended.
  let refused: [BatchPath: RunFile.Outcome]

  /// The files that were found for it.
  var listing = ScanResult()
  var summary = RunSummary()
  /// The files that are read, by slot.
  var files: [RunFile] = []
  /// Manifest rows of files that were only touched.
  var touched: [FileRecord] = []
  var contexts = FileContexts(SideFiles())
  var seriesHash = SeriesHash()
  var sequencer = Sequencer()
  /// The changes that are too many to be held.
  var spill: ChangeSpill
  /// The changes' values.
  var values: ValueStore
  var progress: ProgressMeter
  /// Collections some of whose keys could not be refolded: their changes of this call wait.
  var blocked: [Int: HeldTable] = [:]
  /// The collection that is to be made anew, if any; and all that are.
  let rebuild: String?
  var rebuilds: Set<Int> = []
  /// Collections that should have a history, and can have none before a file is put back.
  var lacksHistory: Set<Int> = []
  /// What is known of the order of collections; the session keeps it when the attempt succeeds.
  var book: OrderBook
  /// The collections that this call may change, by the catalog's index, and the slots of the files
  /// that hold changes of them.
  var touchedCollections: [(index: Int, slots: [Int])] = []
  /// What the files of those collections said before this call, and what they say with its own.
  var judged: [Int: (before: OrderBook.Ledger, after: OrderBook.Ledger)] = [:]
  /// What they say together when the changes that may go on are known, by the catalog's index.
  var orders: [Int: OrderBook.Ledger] = [:]
  /// The transactions of which more may come, by the lineage's hash.
  var openTransactions: [UInt32: UInt64] = [:]
  /// The transactions of this call's changes, of logs that name them.
  var transactions = FileTransactions()
  /// What is worth remembering, and telling.
  var notes: [StoreEvent] = []
  /// What late changes did to the rows of the collection that is being written, by file.
  var late: [Int64: LateCounts] = [:]
  /// The collections of which the store knows already what this call's files held for them, by the
  /// catalog's index.
  var haveRecordedShares: Set<Int> = []
  /// The collection whose rows are being loaded as whole pages, if one's are.
  var loaded: Collection?
  /// Whether changes behind a gap wait.
  let waits: Bool
  /// The files of the drop that are not complete yet; nil where it was not listed.
  var arriving: [BatchFile]?
  /// Where more files may come from while some are read; nil for none.
  let follower: DropFollower?
  /// When the call began, microseconds since 1970: files that came together have it in common.
  let began: Int64
  /// When the last of its files were found.
  var now: Int64
  let clock: @Sendable () -> Int64
  /// How often files were read: what was learned of them may be news.
  var readings = 0
  /// What values are read with; new ones when more files were read.
  private var readers: [ValueReader] = []

  init(
    configuration: Configuration, writer: StoreWriter, catalog: Catalog, book: OrderBook,
    width: Int, waits: Bool, arriving: [BatchFile]?, follower: DropFollower?,
    clock: @escaping @Sendable () -> Int64, refused: [BatchPath: RunFile.Outcome], rebuild: String?,
    onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) {
    spill = ChangeSpill(
      directory: configuration.spillDirectory, heldByteCount: configuration.heldByteCount,
      heldValueByteCount: configuration.heldValueByteCount)
    values = ValueStore(heldByteCount: configuration.heldValueByteCount)
    self.book = book
    self.waits = waits
    self.arriving = arriving
    self.follower = follower
    began = clock()
    now = began
    self.clock = clock
    self.configuration = configuration
    self.writer = writer
    self.catalog = catalog
    self.width = width
    self.refused = refused
    self.rebuild = rebuild
    progress = ProgressMeter(onEvent)
  }

  /// The whole road.
  mutating func run(_ listing: ScanResult) async throws -> RunSummary {
    summary.stages.begin(.takeIn)
    contexts.renew(listing.sideFiles)
    try await takeIn(listing)
    try await takeInForHistories()
    try await takeInForRebuilds()
    summary.stages.begin(.read)
    try await readFiles()
    try await readForRebuilds()
    try refusePartial()
    summary.stages.begin(.write)
    do {
      let new = try await beginCommit()
      try await judgeCollections(whileRecording: new)
      try await writeCollections()
      try await settleHistories()
      await giveValuesBack()
      try await recordRest()
      try Task.checkCancellation()
      try await writer.perform { store in try store.commit() }
    } catch {
      // What failed first is the cause; the failure of going back would only hide it.
      try? await writer.perform { store in try store.rollback() }
      throw error
    }
    summary.stages.stop()
    for note in notes { progress.tell(note) }
    summarize()
    return summary
  }

  /// What was read before a fault, or before the end of what is compressed, may be wrong: the call
  /// goes on without it.
  private func refusePartial() throws {
    var outcomes: [BatchPath: RunFile.Outcome] = [:]
    for slot in files.indices where !files[slot].isRefused {
      guard let outcome = files[slot].outcome, outcome.isPartial, outcome.hasBegun else { continue }
      outcomes[files[slot].file.path] = outcome
    }
    if !outcomes.isEmpty { throw Restart(refused: outcomes) }
  }

  /// Gives the memory back that values were held in: nobody asks for any more.
  mutating func giveValuesBack() async {
    readers = []
    await values.removeAll()
  }

  /// A reader of the values that were put aside by now.
  mutating func takeReader() -> ValueReader { takeReaders(1)[0] }

  /// As many readers, for one worker each.
  mutating func takeReaders(_ count: Int) -> [ValueReader] {
    readers.removeAll { $0.readings != readings }
    while readers.count < count { readers.append(ValueReader(values, readings: readings)) }
    return Array(readers.prefix(count))
  }
}

/// A file that a table is to be made anew from is gone, or is not what it was: of a drop that is
/// followed it may be on its way.
struct FileIsMissing: Error {
  /// What to tell if nothing comes.
  let error: IngestError
}

/// A call is done again, with all files that were found for it.
struct Restart: Error {
  /// The files that were not read to their ends: without these.
  let refused: [BatchPath: RunFile.Outcome]
}
