import ChangeModel
import CollectionStore

/// What the commands read of a database.
struct StoreReader {
  /// Opens a database for reading.
  init(path: String) throws {
    throw IngestError(.fatal, cause: "\(path): reading is not built yet")
  }

  /// The collections, by name.
  func collections() throws -> [TableSize] { [] }

  /// The columns of a collection's rows that are shown.
  func columns(of collection: String) throws -> [String] { [] }

  /// Calls `body` for rows of a collection, by `_id`; with an id for that one alone.
  func rows(
    of collection: String, id: String?, limit: Int?, _ body: ([StoredValue]) throws -> Void
  ) throws {}
}
