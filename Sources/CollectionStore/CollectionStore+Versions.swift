import ChangeModel
import SQLiteKit

/// What became of the versions of rows.
package struct VersionCounts: Sendable, Hashable {
  /// Versions that were added.
  package var opened = 0
  /// Versions that turned out not to be true, or not so long.
  package var closed = 0

  /// Makes zeros.
  package init() {}
}

extension CollectionStore {
  /// Brings the stored versions of rows up to date: those that are true stay as they are, those
  /// that are not were known until now, and what is true in their place is known from now on.
  ///
  /// - Precondition: the collection's history is kept, with every column that a cell names.
  @discardableResult
  package func apply(_ batch: VersionBatch) throws -> VersionCounts {
    guard let collection = try collection(batch.collection) else { return VersionCounts() }
    var writer = try VersionWriter(batch, collection, connection)
    try writer.write()
    return writer.counts
  }
}
