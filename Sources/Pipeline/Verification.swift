import BatchSource
import ChangeModel
import CollectionStore

/// Recomputes, by a slow road of its own, what batch files determine, and compares it with what a
/// database holds.
///
/// It shares with ingestion how records are decoded, what the store says of files and keys, and the
/// judgement on where logs began anew and what is missing; not how changes are put in order, folded,
/// merged and written. Only reads; needs memory for the values of
/// one collection in all its files.
package struct Verification: Sendable {
  private let configuration: Configuration

  /// Makes a verification of `configuration.database`; the rest of the configuration must be what
  /// the files were ingested with.
  package init(_ configuration: Configuration) {
    self.configuration = configuration
  }

  /// Compares.
  ///
  /// - Parameters:
  ///   - paths: the batch files, or directories that hold them. Those of the manifest are known by
  ///     their content, wherever they lie.
  ///   - onEvent: told how it goes.
  /// - Throws: a fatal ``IngestError`` when the database or a path cannot be read, or
  ///   `CancellationError`.
  @concurrent
  package func run(
    paths: [String], onEvent: @escaping @Sendable (PipelineEvent) -> Void
  ) async throws -> VerifyReport {
    let store = try CollectionStore(opening: .file(configuration.database), mode: .readOnly)
    return try store.snapshot { try verify(store, paths: paths, ProgressMeter(onEvent)) }
  }

  private func verify(
    _ store: CollectionStore, paths: [String], _ meter: ProgressMeter
  ) throws -> VerifyReport {
    let present = try PresentFiles(paths: paths, manifest: store.allFiles())
    let catalog = try Catalog(configuration, asStoredIn: store)
    var report = VerifyReport()
    report.extraFiles = present.extra.map(\.path.description)
    report.troubles = present.errors.map(\.description)
    var book = OrderBook()
    try book.readSeries(of: store)
    var meter = meter
    for collection in try store.allCollections() {
      var recomputation = try Recomputation(
        of: collection, in: store, book: book, present: present, catalog: catalog)
      try recomputation.read(telling: &meter)
      let moves = try store.allMoves(collection: collection.id)
      let rows = recomputation.rows(linkedBy: moves)
      var comparison = RowComparison(recomputation, rows: rows)
      try store.readRows(collection) { row in
        try Task.checkCancellation()
        comparison.see(row)
      }
      var check = comparison.finish()
      check.quarantined = try store.quarantinedCount(of: collection)
      check.gaps = try store.gaps(ofCollection: collection.id)
      report.collections.append(check)
    }
    for hold in try store.holds()
    where !report.collections.contains(where: { $0.name == hold.name }) {
      var check = CollectionCheck(name: hold.name)
      check.incomparable = "it is held: \(hold.cause)"
      report.collections.append(check)
    }
    return report
  }
}
