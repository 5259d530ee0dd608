package import ChangeModel
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
}
