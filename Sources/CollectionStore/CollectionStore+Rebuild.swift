import ChangeModel
import SQLiteKit

/// Building a collection anew beside the old one, and swapping them in one transaction.
extension CollectionStore {
  /// Begins to build a collection anew: until ``finishRebuild(_:)``, whatever is applied to it, and
  /// the columns, moves and floor it gets, go to a shadow; readers and the files' shares see the old
  /// one. May span transactions; what a crash leaves is removed when the store is opened next.
  ///
  /// - Parameter collection: its new definition (key, layout, columns), under the old id and name.
  package func beginRebuild(_ collection: Collection) throws {
    let old = try self.collection(collection.id)
    precondition(old?.name == collection.name, "a rebuild keeps the id and the name")
    if rebuilds[collection.id] != nil { try abandonRebuild(collection.id) }
    try connection.execute(Self.tableSQL(collection, name: Self.shadowName(collection.id)))
    var shadow = collection
    shadow.closed = nil
    shadow.pruned = nil
    rebuilds[collection.id] = shadow
    collections[collection.id] = nil
  }

  /// Puts the shadow in the collection's place, with the indexes and triggers that the user made.
  /// Views that name the collection see the new rows. To be called in a transaction, whose commit
  /// makes the swap.
  ///
  /// - Throws: a fatal error when an index or trigger of the user cannot be made on the new table;
  ///   the transaction must then be rolled back, and the old collection stays.
  package func finishRebuild(_ id: Int64) throws {
    guard let collection = rebuilds[id] else { return }
    let extras = try userObjects(on: collection.name)
    let table = Identifier.quoted(collection.name)
    collections[id] = nil
    // Renaming must not rewrite, or stumble over, the user's views.
    try connection.execute("PRAGMA legacy_alter_table = ON")
    defer { try? connection.execute("PRAGMA legacy_alter_table = OFF") }
    try connection.execute(
      """
      DROP TABLE \(table);
      ALTER TABLE \(Identifier.quoted(Self.shadowName(id))) RENAME TO \(table);
      """)
    for companion in Self.companions {
      try connection.execute(
        """
        DELETE FROM \(companion) WHERE collection = \(id);
        UPDATE \(companion) SET collection = \(id) WHERE collection = -\(id);
        """)
    }
    for sql in extras { try connection.execute(sql) }
    try write(collection)
    rebuilds[id] = nil
  }

  /// Removes the shadow; the old collection stays.
  package func abandonRebuild(_ id: Int64) throws {
    guard rebuilds.removeValue(forKey: id) != nil else { return }
    collections[id] = nil
    try removeShadow(id)
  }

  // MARK: Parts

  /// The tables whose rows go with a collection's.
  static let companions = [
    "_resequel_tombstones", "_resequel_partial_rows", "_resequel_moves", "_resequel_bag",
    "_resequel_conflicts",
  ]

  /// The number that a collection's companions have at the moment: negative while it is rebuilt.
  func companion(_ id: Int64) -> Int64 { rebuilds[id] == nil ? id : -id }

  static func shadowName(_ id: Int64) -> String { "_resequel_shadow_\(id)" }

  /// Removes what rebuilds that never ended have left.
  func removeUnfinishedRebuilds() throws {
    let statement = try connection.prepare(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '_resequel_shadow_*'")
    var ids: [Int64] = []
    while try statement.step() {
      if let id = statement.text(0).flatMap({ Int64($0.dropFirst("_resequel_shadow_".count)) }) {
        ids.append(id)
      }
    }
    statement.reset()
    if ids.isEmpty { return }
    try transaction { for id in ids { try removeShadow(id) } }
  }

  /// Forgets the rebuilds whose shadow an undone transaction took with it.
  func forgetUndoneRebuilds() throws {
    for id in rebuilds.keys {
      let statement = try connection.cached("SELECT 1 FROM sqlite_master WHERE name = ?")
      defer { statement.clear() }
      try statement.bind(1, Self.shadowName(id))
      if try !statement.step() { rebuilds[id] = nil }
    }
  }

  private func removeShadow(_ id: Int64) throws {
    try connection.execute("DROP TABLE IF EXISTS \(Identifier.quoted(Self.shadowName(id)))")
    for companion in Self.companions {
      try connection.execute("DELETE FROM \(companion) WHERE collection = -\(id)")
    }
  }

  /// The statements that make the user's indexes and triggers on a table.
  private func userObjects(on table: String) throws -> [String] {
    let statement = try connection.cached(
      """
      SELECT sql FROM sqlite_master WHERE tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL
        AND type IN ('index', 'trigger') ORDER BY rowid
      """)
    defer { statement.clear() }
    try statement.bind(1, table)
    var statements: [String] = []
    while try statement.step() { statements.append(statement.text(0) ?? "") }
    return statements
  }
}
