import CollectionStore
import Hashing
import SQLiteKit

/// All that a database says and that may decide how it goes on: no call that follows tells two
/// databases of one state apart.
///
/// That is the schema and every row of every table. What a file's number says is when it came:
/// wherever one stands, the file's path counts instead, and rows count in the order of their values.
/// What is only told, and never read to decide anything, is left out.
struct StoreState: Hashable, Sendable {
  private let content: ContentHash

  /// The columns that are only told, by table, besides the events: how many changes were applied
  /// behind a gap, and in which files those are that contradict each other.
  private static let toldColumns: [String: Set<String>] = [
    "_resequel_file_collections": ["provisional"],
    "_resequel_conflicts": ["won_file", "lost_file"],
  ]

  /// Reads the state of a store.
  init(_ store: CollectionStore) throws {
    let hasher = ContentHasher()
    try Self.add("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2", store, hasher)
    let tables = try Self.texts(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> '_resequel_events'", store)
    for table in tables.sorted() { try Self.add(try Self.query(table, store), store, hasher) }
    content = hasher.finish()
  }

  /// What reads the rows of a table.
  private static func query(_ table: String, _ store: CollectionStore) throws -> String {
    let isOurs = table.hasPrefix("_resequel_")
    let fileColumn = table == "_resequel_files" ? "id" : isOurs ? "file" : "_file"
    let names = try texts(
      "SELECT name FROM pragma_table_info(\(Identifier.literal(table)))", store)
    let values = names.filter { !(toldColumns[table]?.contains($0) ?? false) }.map { name in
      let column = "t." + Identifier.quoted(name)
      guard name == fileColumn else { return column }
      return "coalesce((SELECT path || ' ' || version FROM _resequel_files WHERE id = \(column)), "
        + "\(column))"
    }
    return "SELECT \(values.joined(separator: ", ")) FROM \(Identifier.quoted(table)) AS t "
      + "ORDER BY \(values.indices.map { "\($0 + 1)" }.joined(separator: ", "))"
  }

  /// Adds a query and its rows: of each value its type, its length, and its bytes.
  private static func add(
    _ query: String, _ store: CollectionStore, _ hasher: ContentHasher
  ) throws {
    var bytes = Array(query.utf8)
    let statement = try store.connection.prepare(query)
    while try statement.step() {
      for column in 0..<Int32(statement.columnCount) {
        let type = statement.type(column)
        let value =
          type == ValueType.real
          ? Array("\(statement.real(column).bitPattern)".utf8) : statement.copy(column)
        withUnsafeBytes(of: (type, Int32(value.count))) { bytes += $0 }
        bytes += value
      }
    }
    bytes.withUnsafeBytes { hasher.update($0) }
  }

  private static func texts(_ query: String, _ store: CollectionStore) throws -> [String] {
    let statement = try store.connection.prepare(query)
    var texts: [String] = []
    while try statement.step() { texts.append(statement.text(0) ?? "") }
    return texts
  }
}
