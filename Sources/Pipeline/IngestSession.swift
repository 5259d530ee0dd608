package import BatchSource
package import ChangeModel
package import CollectionStore

/// A database and what is known about it, fed with files: each call of ``ingest(_:onEvent:)`` is one
/// commit. `Replay` makes one call of everything, `Sync` a call whenever files are ready.
package struct IngestSession: Sendable {
  private let configuration: Configuration
  private let writer: StoreWriter
  private var catalog: Catalog
  /// How many files are decoded at a time.
  private let width: Int

  /// Takes over an open store.
  ///
  /// - Parameters:
  ///   - store: nobody else may use it from now on.
  ///   - width: how many files are decoded at a time, at least 1.
  package init(
    _ configuration: Configuration, store: sending CollectionStore, width: Int
  ) async throws {
    self.configuration = configuration
    self.width = width
    let writer = StoreWriter(store)
    self.writer = writer
    let stored = try await writer.perform { store in try store.allCollections() }
    catalog = Catalog(configuration, stored: stored)
  }

  /// Reads files and commits what they change, together with the fact that they were read.
  ///
  /// - Parameters:
  ///   - listing: the files to look at; known ones that did not change are passed over.
  ///   - onEvent: told how it goes, from one task at a time.
  /// - Returns: what was done and what was left. Broken records and files are in there; they do
  ///   not throw.
  /// - Throws: a fatal ``IngestError``, or `CancellationError`. Nothing is committed then.
  package mutating func ingest(
    _ listing: ScanResult, onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    var unusable = Unusable()
    while true {
      var attempt = IngestAttempt(
        configuration: configuration, writer: writer, catalog: catalog, width: width,
        unusable: unusable, onEvent: onEvent)
      do {
        let summary = try await attempt.run(listing)
        catalog = attempt.catalog
        return summary
      } catch let input as UnusableInput {
        unusable.insert(input)
      }
    }
  }

  /// Runs a piece of work on the store, outside a commit.
  package func withStore<Result: Sendable>(
    _ work: @Sendable (CollectionStore) throws -> Result
  ) async throws -> Result {
    try await writer.perform(work)
  }
}
