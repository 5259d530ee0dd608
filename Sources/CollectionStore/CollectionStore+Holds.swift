import ChangeModel
import SQLiteKit

/// Tables that wait.
extension CollectionStore {
  /// Holds a table: its changes wait. What was said of it before is overwritten. A table that has a
  /// collection keeps it as it is.
  ///
  /// - Parameter id: its number, where it is known; nil to look for it by its source.
  /// - Returns: the number under which its files' shares are recorded, and which its collection
  ///   will have.
  @discardableResult
  package func hold(_ hold: Hold, id known: Int64? = nil) throws -> Int64 {
    let id =
      try known ?? collection(of: hold.source)?.id ?? heldID(of: hold.source) ?? insertHeld(hold)
    let statement = try connection.cached(
      """
      UPDATE _resequel_collections SET held_reason = ?, held_changes = ?, held_cause = ?,
        held_evidence = ?, held_hint = ?, name = iif(state = 'held', ?, name) WHERE id = ?
      """)
    defer { statement.clear() }
    try statement.bind(1, hold.reason)
    statement.bind(2, hold.changes)
    try statement.bind(3, hold.cause)
    try statement.bind(4, JSONText.array(hold.evidence))
    try statement.bind(5, hold.hint)
    try statement.bind(6, hold.name)
    statement.bind(7, id)
    try statement.run()
    return id
  }

  /// The tables that are held, by name.
  package func holds() throws -> [Hold] {
    let statement = try connection.prepare(
      """
      SELECT catalog, schema, source, name, held_reason, held_changes, held_cause, held_evidence,
        held_hint FROM _resequel_collections WHERE held_reason IS NOT NULL
        ORDER BY name, catalog, schema
      """)
    var holds: [Hold] = []
    while try statement.step() {
      holds.append(
        Hold(
          source: SourceTable(
            catalog: statement.text(0), schema: statement.text(1), name: statement.text(2) ?? ""),
          name: statement.text(3) ?? "", reason: statement.text(4) ?? "",
          changes: Int(statement.integer(5)), cause: statement.text(6) ?? "",
          evidence: try JSONText.strings(statement.text(7) ?? "[]", connection),
          hint: statement.text(8) ?? ""))
    }
    return holds
  }

  private func insertHeld(_ hold: Hold) throws -> Int64 {
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_collections (name, catalog, schema, source, state)
        VALUES (?, ?, ?, ?, 'held')
      """)
    defer { statement.clear() }
    try statement.bind(1, hold.name)
    try statement.bind(2, hold.source.catalog)
    try statement.bind(3, hold.source.schema)
    try statement.bind(4, hold.source.name)
    try statement.run()
    return connection.lastInsertedRowID
  }
}
