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
  /// What earlier attempts of the call found to be unusable.
  let unusable: Unusable

  var summary = RunSummary()
  /// The files that are read, by slot.
  var files: [RunFile] = []
  /// Manifest rows of files that were only touched.
  var touched: [FileRecord] = []
  var contexts = FileContexts(SideFiles())
  var mounts = RemoteRoots()
  var sequencer = Sequencer()
  /// The changes that are too many to be held.
  var spill: ChangeSpill
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
  /// What the files of this call's collections say together, by the catalog's index.
  var orders: [Int: OrderBook.Ledger] = [:]
  /// The transactions of which more may come, by the lineage's hash.
  var openTransactions: [UInt32: UInt64] = [:]
  /// The transactions of this call's changes, of logs that name them.
  var transactions = FileTransactions()
  /// What is worth remembering, and telling.
  var notes: [StoreEvent] = []
  /// What late changes did to the rows of the collection that is being written, by file.
  var late: [Int64: LateCounts] = [:]
  /// The collection whose rows are being loaded as whole pages, if one's are.
  var loaded: Collection?
  /// Whether changes behind a gap wait.
  let waits: Bool
  /// The files of the drop that are not complete yet; nil where it was not listed.
  let arriving: [BatchFile]?
  /// When the call began, microseconds since 1970: files that came together have it in common.
  let now: Int64
  /// How often files were read: what was learned of them may be news.
  var readings = 0
  /// What records were read again with; a new one when files were added.
  private var readers: [RecordReader] = []

  init(
    configuration: Configuration, writer: StoreWriter, catalog: Catalog, book: OrderBook,
    width: Int, waits: Bool, arriving: [BatchFile]?, now: Int64, unusable: Unusable,
    rebuild: String?,
    onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) {
    spill = ChangeSpill(
      directory: configuration.spillDirectory, heldByteCount: configuration.heldByteCount)
    self.book = book
    self.waits = waits
    self.arriving = arriving
    self.now = now
    self.configuration = configuration
    self.writer = writer
    self.catalog = catalog
    self.width = width
    self.unusable = unusable
    self.rebuild = rebuild
    progress = ProgressMeter(onEvent)
  }

  /// The whole road.
  mutating func run(_ listing: ScanResult) async throws -> RunSummary {
    summary.stages.begin(.takeIn)
    try await takeIn(listing)
    try await takeInForHistories()
    try await takeInForRebuilds()
    summary.stages.begin(.read)
    try await readFiles()
    try await readForRebuilds()
    try refusePartial()
    try refuseChanged()
    summary.stages.begin(.write)
    do {
      try await beginCommit()
      try await readNumbers()
      noteTransactions()
      try await writeCollections()
      try await settleHistories()
      for reader in readers { try reader.verify() }
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
    for file in files where file.refusal == nil {
      guard var outcome = file.outcome, outcome.isPartial, outcome.layout != nil else { continue }
      outcome.spill = nil
      outcomes[file.file.path] = outcome
    }
    if !outcomes.isEmpty { throw UnusableInput.partial(outcomes) }
  }

  /// A file that changed while it was read may be of two versions: the call goes on without it.
  private func refuseChanged() throws {
    for file in files where file.outcome?.hasChanged == true {
      throw UnusableInput.file(
        file.file.path,
        IngestError(
          .file, file: file.file.path.description, cause: "the file changed while it was read",
          hint: "Run again when it is complete."))
    }
  }

  /// A reader of the run's files, as they are known by now.
  mutating func takeReader() -> RecordReader { takeReaders(1)[0] }

  /// As many readers, for one worker each.
  mutating func takeReaders(_ count: Int) -> [RecordReader] {
    var taken = Array(readers.filter { $0.readings == readings }.prefix(count))
    while taken.count < count {
      let reader = RecordReader(files: files, catalog: catalog, readings: readings)
      readers.append(reader)
      taken.append(reader)
    }
    return taken
  }
}

/// What attempts of one call found to be unusable, so that the next leaves it out.
struct Unusable: Sendable {
  /// Files that changed between the passes.
  private(set) var files: [BatchPath: IngestError] = [:]
  /// Files that were not read to their ends, and how that ended: nothing of them is used.
  private(set) var partial: [BatchPath: RunFile.Outcome] = [:]
  private var records: [BatchPath: [UInt64: QuarantinedRecord]] = [:]

  /// Adds what an attempt found.
  mutating func insert(_ input: UnusableInput) {
    switch input {
    case .file(let path, let error): files[path] = error
    case .record(let path, let record): records[path, default: [:]][record.byteOffset] = record
    case .partial(let outcomes): partial.merge(outcomes) { _, newer in newer }
    }
  }

  /// Moves unusable records of a file from a batch's changes to its quarantine.
  func remove(from batch: inout ChangeBatch, path: BatchPath) {
    guard !records.isEmpty, let bad = records[path] else { return }
    let found = batch.changes.compactMap { bad[$0.recordOffset] }
    if found.isEmpty { return }
    batch.changes.removeAll { bad[$0.recordOffset] != nil }
    batch.quarantined += found
  }
}
