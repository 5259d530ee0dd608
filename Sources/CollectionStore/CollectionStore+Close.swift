package import ChangeModel
import SQLiteKit

/// The closed watermark: what rows need not remember, because no change can come before it.
extension CollectionStore {
  /// Says up to where nothing can be missing. Tombstones and moves at or below it are forgotten, and
  /// columns lose their ranks as their rows are written; from now on ``apply(_:mode:)`` merges no
  /// change at or below it, but names the row in ``ApplyCounts/closed``. Such a row is refolded.
  ///
  /// The rank speaks for its own lineage. Where the collection has others in the same phase it must
  /// not be closed; should one appear, its changes are not merged.
  ///
  /// - Parameter rank: only ever rises, until nil takes it back: the evidence has changed. What was
  ///   forgotten stays forgotten, so changes below the old rank are still not merged.
  package func close(upTo rank: Rank?, collection id: Int64) throws {
    let old = try existing(id)
    if old.closed == rank { return }
    if let rank, let closed = old.closed, rank <= closed { return }
    var new = old
    new.closed = rank
    if let rank, new.pruned.map({ $0 < rank }) ?? true { new.pruned = rank }
    if rebuilds[id] == nil { try writeClosed(new) } else { rebuilds[id] = new }
    collections[id] = nil
    guard let rank else { return }
    // A state begins with its rank, whose bytes are the beginning of no other's.
    if loadedAbove.removeValue(forKey: id) != rank {
      try prune("_resequel_tombstones", "_position", below: rank.encoded + [.max], of: id)
    }
    if try hasMoves(id) {
      try prune("_resequel_moves", "rank", below: rank.encoded + [.max], of: id)
    }
  }

  /// The rank up to which nothing can be missing; nil where that is not known.
  package func closedRank(of collection: Int64) throws -> Rank? {
    try self.collection(collection)?.closed
  }

  private func writeClosed(_ collection: Collection) throws {
    let statement = try connection.cached(
      "UPDATE _resequel_collections SET closed = ?, pruned = ? WHERE id = ?")
    defer { statement.clear() }
    if let closed = collection.closed { try statement.bindCopy(1, blob: closed.encoded) }
    if let pruned = collection.pruned { try statement.bindCopy(2, blob: pruned.encoded) }
    statement.bind(3, collection.id)
    try statement.run()
  }

  /// Deletes a range of ranks. The first time it looks at every row, and then makes an index over
  /// those that stay, which are few; so databases that close nothing never pay for one.
  private func prune(
    _ table: String, _ column: String, below bound: [UInt8], of id: Int64
  ) throws {
    let statement = try connection.cached(
      "DELETE FROM \(table) WHERE collection = ? AND \(column) < ?")
    statement.bind(1, companion(id))
    try statement.bindCopy(2, blob: bound)
    try statement.run()
    statement.clear()
    try connection.execute(
      "CREATE INDEX IF NOT EXISTS \(table)_rank ON \(table) (collection, \(column))")
  }
}
