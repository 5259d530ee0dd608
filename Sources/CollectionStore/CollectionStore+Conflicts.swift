import ChangeModel
import SQLiteKit

/// Rows about which two files disagree.
extension CollectionStore {
  /// Remembers a disagreement; over what was remembered of the same one.
  package func record(_ conflict: ConflictRecord, collection: Int64) throws {
    let statement = try writer(collection).insertConflict()
    defer { statement.clear() }
    try statement.bindCopy(1, text: conflict.id)
    try statement.bind(2, conflict.kind.rawValue)
    try statement.bindCopy(3, blob: conflict.place)
    statement.bind(4, conflict.wonFile)
    statement.bind(5, conflict.lostFile)
    try statement.run()
  }

  /// The disagreements of a collection, by `_id`.
  ///
  /// - Parameter limit: how many at most.
  package func conflicts(ofCollection id: Int64, limit: Int) throws -> [ConflictRecord] {
    let statement = try connection.cached(
      """
      SELECT _id, kind, place, won_file, lost_file FROM _resequel_conflicts
        WHERE collection = ? ORDER BY _id, kind, place LIMIT ?
      """)
    defer { statement.clear() }
    statement.bind(1, companion(id))
    statement.bind(2, limit)
    var conflicts: [ConflictRecord] = []
    while try statement.step() {
      conflicts.append(
        ConflictRecord(
          id: statement.copy(0),
          kind: RowConflict.Kind(rawValue: statement.text(1) ?? "") ?? .position,
          place: statement.copy(2), wonFile: statement.integer(3), lostFile: statement.integer(4)))
    }
    return conflicts
  }

  /// How many disagreements a collection has, and the first of their rows.
  package func conflictOverview(ofCollection id: Int64) throws -> ConflictOverview {
    let statement = try connection.cached(
      "SELECT count(*) FROM _resequel_conflicts WHERE collection = ?")
    defer { statement.clear() }
    statement.bind(1, companion(id))
    var overview = ConflictOverview()
    if try statement.step() { overview.count = Int(statement.integer(0)) }
    guard overview.count > 0 else { return overview }
    for conflict in try conflicts(ofCollection: id, limit: 16)
    where !overview.ids.contains(conflict.id) && overview.ids.count < 5 {
      overview.ids.append(conflict.id)
    }
    return overview
  }
}

/// The disagreements of a collection, in short.
package struct ConflictOverview: Sendable, Hashable {
  /// Rows about which two files disagree, once for each disagreement.
  package var count = 0
  /// The `_id`s of the first of them.
  package var ids: [[UInt8]] = []

  /// Makes one of none.
  package init() {}
}
