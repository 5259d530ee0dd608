import ChangeModel
import SQLiteKit

/// Names and columns of the table and the views that hold a collection's versions.
///
/// The collection's own columns are `c0`, `c1`, …, so that none is ever named like one of ours;
/// the views give them their names.
struct HistoryTable {
  /// The collection's number.
  let id: Int64
  /// The table's name.
  var name: String { "_resequel_versions_\(id)" }

  /// Our columns as the table and as the views name them, those of the collection behind
  /// ``leadingCount``.
  static let columns: [(table: String, view: String)] = [
    ("_id", "_id"), ("event_time", "_event_time"),
    ("valid_from", "_valid_from"), ("valid_to", "_valid_to"),
    ("valid_from_time", "_valid_from_time"), ("valid_to_time", "_valid_to_time"),
    ("known_from", "_known_from"), ("known_to", "_known_to"),
    ("operation", "_operation"), ("file", "_file"),
  ]
  /// How many of our columns stand before those of the collection in the views.
  static let leadingCount = 2
  /// How many columns a collection with a history may have: SQLite's 2,000, less ours.
  static let mostColumns = 2000 - columns.count - 2

  /// The statements that make the table.
  var creation: String {
    """
    CREATE TABLE \(name) (
      -- Versions of rows; see the view _resequel_history_… of the collection.
      _id TEXT NOT NULL,
      from_rank BLOB NOT NULL,        -- of the change that began the version, encoded
      to_rank BLOB,                   -- of the change that ended it; NULL: none did
      valid_from TEXT NOT NULL,       -- their positions in the source's log,
      valid_to TEXT,
      valid_from_time INTEGER,        -- and the source's times, microseconds since 1970
      valid_to_time INTEGER,
      known_from INTEGER NOT NULL,    -- since when this is known, microseconds since 1970,
      known_to INTEGER,               -- and until when it was; NULL: still
      operation TEXT NOT NULL,        -- insert, update, upsert, move
      file INTEGER NOT NULL,
      event_time INTEGER
    );
    CREATE INDEX \(name)_id ON \(name) (_id, known_to);
    """
  }

  /// The statements that make the views of a collection anew.
  func views(_ collection: Collection) -> String {
    let own = collection.columns.indices.filter { !collection.columns[$0].isID }
      .map { "c\($0) AS \(Identifier.quoted(collection.columns[$0].name))" }
    let ours = Self.columns.map { "\($0.table) AS \($0.view)" }
    let columns = ours.prefix(Self.leadingCount) + own + ours.dropFirst(Self.leadingCount)
    return [("history", ""), ("current_history", " WHERE known_to IS NULL")]
      .map { kind, condition in
        let view = Identifier.quoted("_resequel_\(kind)_\(collection.name)")
        return """
          DROP VIEW IF EXISTS \(view);
          CREATE VIEW \(view) AS SELECT \(columns.joined(separator: ", ")) FROM \(name)\(condition);
          """
      }.joined(separator: "\n")
  }

  /// Checks that a collection's columns leave room for ours.
  static func check(_ collection: Collection) throws(IngestError) {
    if collection.columns.count > mostColumns {
      throw IngestError(
        .fatal,
        cause: "\(collection.name): \(collection.columns.count) columns are more than the "
          + "\(mostColumns) that a collection with a history can have",
        hint: "Set history: false for it in the configuration file.")
    }
    let names = Set(columns.dropFirst(leadingCount).map(\.view))
    for column in collection.columns where names.contains(Identifier.folded(column.name)) {
      throw IngestError(
        .fatal,
        cause: "\(collection.name): column \"\(column.name)\" is named like one of its history's",
        hint: "Give it another name in the configuration file (rename), or set history: false.")
    }
  }
}
