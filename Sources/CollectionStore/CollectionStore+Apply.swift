package import ChangeModel
import SQLiteKit

extension CollectionStore {
  /// What a batch's rows are to what is stored.
  package enum ApplyMode: Sendable {
    /// Some more changes: they are merged with what is stored, in whatever order they come.
    case merge
    /// All that is known of these keys: what is stored of them is overwritten. A row without floor
    /// and layers forgets the key, tombstone and all.
    case replace
  }

  /// Writes what a batch does to the rows of its collection; between ``begin()`` and ``commit()``.
  ///
  /// Rows ascending by id are fastest, and where they lie behind all that is stored nothing is
  /// looked up; any other order gives the same result.
  ///
  /// - Precondition: the collection exists, and has every column that a cell names.
  /// - Returns: what became of the rows.
  /// - Throws: a fatal error; the transaction must then be rolled back.
  @discardableResult
  package func apply(_ batch: RowBatch, mode: ApplyMode) throws -> ApplyCounts {
    let writer = try writer(batch.collection)
    defer { writer.clear() }
    return try batch.buffer.bytes.withUnsafeBytes { bytes in
      try batch.buffer.cells.withUnsafeBufferPointer { cells in
        try batch.layers.withUnsafeBufferPointer { layers in
          try batch.rows.withUnsafeBufferPointer { rows in
            var applier = try RowApplier(writer, mode, bytes: bytes, cells: cells, layers: layers)
            try applier.apply(rows)
            if !batch.conflicts.isEmpty { try applier.record(batch.conflicts) }
            return applier.counts
          }
        }
      }
    }
  }

  static func unreadableState(of collection: Collection) -> IngestError {
    IngestError(
      .fatal, cause: "\(collection.name): the _position of a row cannot be read",
      hint: "Build the collection anew: resequel replay --rebuild \(collection.name).")
  }
}

extension CollectionWriter {
  /// Remembers, once, that the collection has had rows without their insert.
  func notePartialRows() throws {
    if knowsPartialRows { return }
    let statement = try statement(
      "UPDATE _resequel_collections SET has_partial_rows = 1 WHERE id = \(collection.id)",
      "notePartialRows")
    try statement.run()
    knowsPartialRows = true
  }
}
