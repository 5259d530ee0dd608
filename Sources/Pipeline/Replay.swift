import BatchSource
import ChangeModel
import CollectionStore

/// Reads a finished dump once: every file that is there, in one commit.
package struct Replay: Sendable {
  private let configuration: Configuration
  private let rebuild: String?

  /// Makes a replay.
  ///
  /// - Parameter rebuild: a collection that is made anew from the files; nil for none.
  package init(_ configuration: Configuration, rebuild: String? = nil) {
    self.configuration = configuration
    self.rebuild = rebuild
  }

  /// Applies what lies at the paths.
  ///
  /// A database that does not exist yet is built aside and appears whole; one that exists changes
  /// in one transaction.
  ///
  /// - Parameters:
  ///   - paths: files and directories, in any order.
  ///   - onEvent: told how it goes.
  /// - Returns: what was done, and what was left undone.
  /// - Throws: a fatal ``IngestError``, or `CancellationError`; the database is then as it was.
  // Off the caller's actor: on the main one every hop of the pipeline costs 200 times as much.
  @concurrent
  package func run(
    paths: [String], onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> RunSummary {
    var stages = StageTimes()
    stages.begin(.takeIn)
    let scanner = try DropScanner(paths: paths.map { BatchPath($0) })
    let listing = try scanner.scan()
    try DatabasePlace.check(configuration.database)
    let isNew = !DatabasePlace.exists(configuration.database)
    let store = try CollectionStore(
      opening: .file(configuration.database), mode: isNew ? .bulkBuild : .readWrite)
    var session = try await IngestSession(
      configuration, store: store, width: Cores.count)
    do {
      var summary = try await session.ingest(
        listing, rebuild: rebuild, stages: stages, onEvent: onEvent)
      summary.stages.begin(.finish)
      if listing.files.isEmpty && listing.unchangedCount == 0 {
        // Nobody replays nothing on purpose: the bucket may not be mounted.
        summary.warnings.append(RunSummary.noFiles)
      }
      try await session.complete(&summary)
      try await session.finish()
      summary.stages.stop()
      return summary
    } catch {
      await session.abandon()
      throw error
    }
  }
}
