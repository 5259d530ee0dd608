import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// One call's road from files to a commit: read, find keys, order, write.
struct IngestAttempt {
  let configuration: Configuration
  let writer: StoreWriter
  /// What is known of the collections; the session keeps it when the attempt succeeds.
  var catalog: Catalog
  let width: Int
  let onEvent: @Sendable (PipelineEvent) -> Void

  var summary = RunSummary()
  var files: [RunFile] = []
  var sequencer = Sequencer()
  let fetcher: RecordFetcher
  var progress: ProgressMeter

  init(
    configuration: Configuration, writer: StoreWriter, catalog: Catalog, width: Int,
    onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) {
    self.configuration = configuration
    self.writer = writer
    self.catalog = catalog
    self.width = width
    self.onEvent = onEvent
    fetcher = RecordFetcher(spillDirectory: configuration.spillDirectory)
    progress = ProgressMeter(onEvent)
  }

  /// The whole road.
  ///
  /// - Parameter failed: files that are not read this time, and why.
  mutating func run(
    _ listing: DropListing, leavingOut failed: [BatchPath: IngestError]
  ) async throws -> RunSummary {
    try await takeIn(listing, leavingOut: failed)
    try await readFiles()
    try await writer.perform { store in try store.begin() }
    do {
      try await write()
      try Task.checkCancellation()
      try await writer.perform { store in try store.commit() }
    } catch {
      try await writer.perform { store in try store.rollback() }
      throw error
    }
    tell()
    return summary
  }
}
