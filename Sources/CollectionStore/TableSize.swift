import SQLiteKit

/// A collection and how many rows it has.
package struct TableSize: Sendable, Hashable {
  /// The table's name.
  package var name: String
  /// How many rows are live.
  package var rows: Int
}

extension CollectionStore {
  /// The collections and how many rows they have, by name, all at one moment.
  package func tableSizes() throws -> [TableSize] {
    try snapshot {
      try allCollections().map { TableSize(name: $0.name, rows: try rowCount(of: $0)) }
    }
  }

  /// How many rows a collection has.
  func rowCount(of collection: Collection) throws -> Int {
    if let count = loadedCounts[collection.id] { return count }
    return try number("SELECT count(*) FROM \(Identifier.quoted(collection.name))")
  }
}
