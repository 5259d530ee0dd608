package import BatchSource
import ChangeModel
package import CollectionStore

/// A database and what is known about it, fed with files: each call of ``ingest(_:onEvent:)`` is one
/// commit. `Replay` makes one call of everything, `Sync` a call whenever files are ready.
package struct IngestSession: Sendable {
  private let configuration: Configuration
  private let writer: StoreWriter
  private var catalog: Catalog
  private var book = OrderBook()
  private let width: Int
  private let waits: Bool
  private let clock: @Sendable () -> Int64
  /// When the last call began.
  private var lastCall = Int64.min

  /// Takes over an open store, and closes it when the session cannot begin.
  ///
  /// - Parameters:
  ///   - store: nobody else may use it from now on.
  ///   - width: how many files are decoded at a time, at least 1.
  ///   - waits: whether changes behind a gap wait for what is missing, as long as the configuration
  ///     says.
  ///   - clock: microseconds since 1970: when a gap was found, and whether its wait is over.
  package init(
    _ configuration: Configuration, store: sending CollectionStore, width: Int,
    waits: Bool = false,
    clock: @escaping @Sendable () -> Int64 = { WallClock.microseconds() }
  ) async throws {
    self.configuration = configuration
    self.width = width
    self.waits = waits
    self.clock = clock
    writer = StoreWriter(store)
    do {
      let stored = try await writer.perform { store in try store.allTables() }
      catalog = Catalog(configuration, stored: stored)
      try await keepWarnings()
    } catch {
      await writer.abandon()
      throw error
    }
  }

  /// Reads files and commits what they change, together with the fact that they were read.
  ///
  /// - Parameters:
  ///   - listing: the files to look at; known ones that did not change are passed over.
  ///   - arriving: the files of the drop that are not complete yet; nil where it was not listed.
  ///   - rebuild: a collection that is made anew from all its files; nil for none.
  ///   - stages: a stopwatch to go on with; it is in what is returned.
  ///   - onEvent: told how it goes, by one task at a time.
  /// - Returns: what was done and what was left. Broken records and files are in there; they do
  ///   not throw.
  /// - Throws: a fatal ``IngestError``, or `CancellationError`. Nothing is committed then.
  package mutating func ingest(
    _ listing: ScanResult, arriving: [BatchFile]? = nil, rebuild: String? = nil,
    stages: StageTimes = StageTimes(), onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    try await ingest(
      listing, arriving: arriving, of: nil, rebuild: rebuild, stages: stages, onEvent: onEvent)
  }

  /// Reads what a drop has to tell, and what comes while that is read, and commits it likewise.
  mutating func ingest(
    _ news: DropFollower.News, of follower: DropFollower,
    onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    try await ingest(
      news.listing, arriving: news.arriving, of: follower, rebuild: nil, stages: StageTimes(),
      onEvent: onEvent)
  }

  private mutating func ingest(
    _ listing: ScanResult, arriving: [BatchFile]?, of follower: DropFollower?, rebuild: String?,
    stages: StageTimes, onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    var (listing, arriving) = (listing, arriving)
    var refused: [BatchPath: RunFile.Outcome] = [:]
    var stages = stages
    while true {
      var attempt = IngestAttempt(
        configuration: configuration, writer: writer, catalog: catalog, book: book, width: width,
        waits: waits, arriving: arriving, follower: follower, clock: clock, refused: refused,
        rebuild: rebuild, onEvent: onEvent)
      attempt.summary.stages = stages
      do {
        let summary = try await attempt.run(listing)
        catalog = attempt.catalog
        book = attempt.book
        lastCall = attempt.now
        return summary
      } catch let restart as Restart {
        refused.merge(restart.refused) { $1 }
        (listing, arriving) = (attempt.listing, attempt.arriving)
        stages = attempt.summary.stages
      } catch let missing as FileIsMissing {
        guard let news = try await follower?.nextSoon() else { throw missing.error }
        listing = attempt.listing
        listing.replace(by: news.listing)
        arriving = news.arriving
      }
    }
  }

  /// Runs a piece of work on the store, outside a commit.
  package func withStore<Result: Sendable>(
    _ work: @Sendable (CollectionStore) throws -> Result
  ) async throws -> Result {
    try await writer.perform(work)
  }

  /// How long until something that waits may go on though nothing comes: because a gap is not
  /// waited for any longer, or a transaction is taken to be over. Nil where nothing will.
  package func timeToDeadline() async throws -> Duration? {
    guard waits else { return nil }
    let (now, lastCall) = (clock(), lastCall)
    // What was over when the last call began was judged in it, or cannot be: its table is held, or
    // left out.
    let gap = try await writer.perform { store in try store.nextDeadline(after: lastCall) }
    let transaction = book.transactionDeadline(
      now: lastCall, settle: configuration.settle.microseconds)
    return [gap, transaction].compactMap(\.self).min().map { .microseconds(max(0, $0 - now)) }
  }

  /// Adds what is left undone in the database, by this run or an earlier one.
  package func complete(_ summary: inout RunSummary) async throws {
    let (files, quarantined, holds) = try await writer.perform { store in
      (
        try store.files(in: [.torn, .failed]), try store.quarantineOverview(),
        try store.holds()
      )
    }
    (summary.gaps, summary.conflicts, summary.doubts) = try await writer.perform { store in
      var gaps: [CollectionGap] = []
      var conflicts: [CollectionConflicts] = []
      var doubts: [String] = []
      for collection in try store.allCollections() {
        gaps += try store.gaps(ofCollection: collection.id).map {
          CollectionGap(table: collection.name, gap: $0)
        }
        let overview = try store.conflictOverview(ofCollection: collection.id)
        if overview.count > 0 {
          conflicts.append(CollectionConflicts(table: collection.name, overview: overview))
        }
        doubts += try store.orderNote(ofCollection: collection.id).doubts.map {
          "\(collection.name): \($0)"
        }
      }
      return (gaps, conflicts, doubts)
    }
    summary.sizes = try await writer.perform { store in try store.tableSizes() }
    let unread = summary.unreadFiles.keys.map(\.bytes)
    summary.dropMended(try await writer.perform { store in try store.files(atPaths: unread) })
    summary.setTroubled(files)
    summary.quarantined = quarantined.count
    summary.quarantinedRecords = quarantined.first
    let told = Set(summary.held.map(\.table))
    summary.held += holds.map { HeldTable($0) }.filter { !told.contains($0.table) }
    summary.warnings += try await keepWarnings()
    summary.remarks += catalog.unknownNames(in: configuration)
  }

  /// Has the database tell, until a run does not ask for them any longer, which keys are ignored.
  @discardableResult
  private func keepWarnings() async throws -> [String] {
    let ignored = catalog.entries.compactMap(\.ignoredKey)
    try await writer.perform { store in
      if try store.keptWarnings() != ignored { try store.keepWarnings(ignored) }
    }
    return ignored
  }

  /// Ends the session: a database that was built aside gets its name, and the file alone is
  /// complete.
  package func finish() async throws {
    try await writer.perform { store in
      try store.finishBuild()
      do {
        try store.close()
      } catch var error as IngestError {
        error.cause = "all is committed, but its log cannot be merged into the file: \(error.cause)"
        error.hint = "Mend that; the database is whole, and the next run merges its log."
        throw error
      }
    }
  }

  /// Ends the session after a failure: a database that was built aside goes.
  package func abandon() async { await writer.abandon() }
}
