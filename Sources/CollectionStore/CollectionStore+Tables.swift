package import ChangeModel
import SQLiteKit

/// A source table that the store knows of: a collection, or one that is held.
package struct StoredTable: Sendable, Hashable {
  /// The store's number for it.
  package var id: Int64
  /// The table at the source.
  package var source: SourceTable
  /// Its collection; nil while it has none.
  package var collection: Collection?
  /// Whether files in the manifest hold changes of it that wait.
  package var hasHeldFiles: Bool
  /// Why they wait, in one word; nil where they do not.
  package var heldReason: String?
  /// How many changes wait.
  package var heldChanges: Int
}

extension CollectionStore {
  /// Every source table that the store knows of, in the order in which it came to know them.
  package func allTables() throws -> [StoredTable] {
    let statement = try connection.cached(
      """
      SELECT id, catalog, schema, source, EXISTS (
          SELECT 1 FROM _resequel_file_collections AS f WHERE f.collection = c.id AND f.is_held),
          held_reason, held_changes
        FROM _resequel_collections AS c ORDER BY id
      """)
    var tables: [StoredTable] = []
    while try statement.step() {
      tables.append(
        StoredTable(
          id: statement.integer(0),
          source: SourceTable(
            catalog: statement.text(1), schema: statement.text(2), name: statement.text(3) ?? ""),
          collection: nil, hasHeldFiles: statement.integer(4) != 0,
          heldReason: statement.text(5), heldChanges: Int(statement.integer(6))))
    }
    statement.clear()
    for index in tables.indices { tables[index].collection = try collection(tables[index].id) }
    return tables
  }

  /// Ends the hold of a table, and notes that no changes of it in any file wait any longer.
  package func release(table id: Int64) throws {
    try connection.execute(
      """
      UPDATE _resequel_collections SET held_reason = NULL, held_changes = 0, held_cause = NULL,
        held_evidence = NULL, held_hint = NULL WHERE id = \(id);
      """)
    let statement = try connection.cached(
      "UPDATE _resequel_file_collections SET is_held = 0 WHERE collection = ? AND is_held")
    defer { statement.clear() }
    statement.bind(1, id)
    try statement.run()
  }
}
