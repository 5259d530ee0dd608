import ChangeModel
import SQLiteKit

/// The statements that write one collection's rows, compiled once.
final class CollectionWriter {
  let collection: Collection
  /// The number under which tombstones and other companions of the rows are kept; that of a shadow
  /// table is negative.
  let companion: Int64
  /// The table's name, quoted.
  let table: String
  /// The column that repeats the key, and is not stored; -1 for none.
  let idColumn: Int
  /// How many columns are stored.
  let storedColumnCount: Int
  /// Whether the collections table says already that rows may be partial.
  var knowsPartialRows = false

  private let connection: Connection
  private var updates: [UpdateShape: Statement] = [:]
  private var statements: [String: Statement] = [:]

  /// Which columns an UPDATE sets.
  struct UpdateShape: Hashable {
    var columns: ColumnSet
    var setsEventTime: Bool
  }

  init(_ collection: Collection, table: String, companion: Int64, _ connection: Connection) {
    self.collection = collection
    self.companion = companion
    self.table = Identifier.quoted(table)
    self.connection = connection
    idColumn = collection.columns.firstIndex { $0.isID } ?? -1
    storedColumnCount = collection.columns.count - (idColumn < 0 ? 0 : 1)
  }

  /// Forgets everything that is bound: the batch's bytes are about to go.
  func clear() {
    for statement in statements.values { statement.clear() }
    for statement in updates.values { statement.clear() }
  }

  /// Returns a statement of this collection, compiled once.
  func statement(_ sql: @autoclosure () -> String, _ name: String) throws -> Statement {
    if let statement = statements[name] { return statement }
    let statement = try connection.prepare(sql())
    statements[name] = statement
    return statement
  }

  /// Parameters: 1 `_id`, 2 `_event_time`, 3 `_position`, 4 `_file`, then every column.
  func insert() throws -> Statement {
    try statement(insertSQL(), "insert")
  }

  /// The same, over a row that may be there.
  func upsert() throws -> Statement {
    try statement(
      insertSQL() + " ON CONFLICT (_id) DO UPDATE SET _event_time = excluded._event_time, "
        + "_position = excluded._position, _file = excluded._file"
        + storedColumns.map { ", \($0) = excluded.\($0)" }.joined(), "upsert")
  }

  private func insertSQL() -> String {
    let columns = ["_id", "_event_time", "_position", "_file"] + storedColumns
    let parameters = columns.indices.map { "?\($0 + 1)" }
    return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) "
      + "VALUES (\(parameters.joined(separator: ", ")))"
  }

  var storedColumns: [String] {
    collection.columns.indices.filter { $0 != idColumn }
      .map { Identifier.quoted(collection.columns[$0].name) }
  }

  /// Parameters: 1 `_id`, 2 `_event_time`, 3 `_position`, 4 `_file` (NULL: as it was), then the
  /// columns that are set, ascending.
  func update(_ shape: UpdateShape) throws -> Statement {
    if let statement = updates[shape] { return statement }
    // Rows may be touched in as many ways as there are sets of columns.
    if updates.count >= 256 { updates.removeAll() }
    var sql = "UPDATE \(table) SET _position = ?3, _file = coalesce(?4, _file)"
    if shape.setsEventTime { sql += ", _event_time = ?2" }
    for (index, column) in shape.columns.columns.enumerated() {
      sql += ", \(Identifier.quoted(collection.columns[column].name)) = ?\(index + 5)"
    }
    let statement = try connection.prepare(sql + " WHERE _id = ?1")
    updates[shape] = statement
    return statement
  }

  /// The first row at an `_id` or behind it: its `_id` and its state.
  func seekRow() throws -> Statement {
    try statement(
      "SELECT _id, _position FROM \(table) WHERE _id >= ? ORDER BY _id LIMIT 1", "seekRow")
  }

  func delete() throws -> Statement {
    try statement("DELETE FROM \(table) WHERE _id = ?", "delete")
  }

  /// The first tombstone at an `_id` or behind it, likewise.
  func seekTombstone() throws -> Statement {
    try statement(
      "SELECT _id, _position FROM _resequel_tombstones WHERE collection = \(companion) "
        + "AND _id >= ? ORDER BY _id LIMIT 1", "seekTombstone")
  }

  func insertTombstone() throws -> Statement {
    try statement(
      "INSERT OR REPLACE INTO _resequel_tombstones VALUES (\(companion), ?, ?)", "insertTombstone")
  }

  func deleteTombstone() throws -> Statement {
    try statement(
      "DELETE FROM _resequel_tombstones WHERE collection = \(companion) AND _id = ?",
      "deleteTombstone")
  }

  func insertPartial() throws -> Statement {
    try statement(
      "INSERT OR REPLACE INTO _resequel_partial_rows VALUES (\(companion), ?, ?)", "insertPartial")
  }

  func deletePartial() throws -> Statement {
    try statement(
      "DELETE FROM _resequel_partial_rows WHERE collection = \(companion) AND _id = ?",
      "deletePartial")
  }

  /// Parameters: 1 `_id`, 2 kind, 3 place, 4 and 5 the files.
  func insertConflict() throws -> Statement {
    try statement(
      "INSERT OR REPLACE INTO _resequel_conflicts (collection, _id, kind, place, won_file, "
        + "lost_file) VALUES (\(companion), ?, ?, ?, ?, ?)", "insertConflict")
  }

  /// Parameters: 1 `_id`, 2 the time whose conflict stays.
  func deleteLineageConflicts() throws -> Statement {
    try statement(
      "DELETE FROM _resequel_conflicts WHERE collection = \(companion) AND _id = ? "
        + "AND kind = 'lineages' AND place <> ?", "deleteLineageConflicts")
  }

  /// Whether there are neither rows nor tombstones.
  func isEmpty() throws -> Bool {
    let statement = try statement(
      "SELECT EXISTS (SELECT * FROM \(table)) OR EXISTS (SELECT * FROM _resequel_tombstones "
        + "WHERE collection = \(companion))", "isEmpty")
    defer { statement.reset() }
    return try statement.step() && statement.integer(0) == 0
  }
}
