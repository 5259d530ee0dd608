package import ChangeModel
import SQLiteKit

/// A change of a row's key.
package struct KeyMove: Sendable, Hashable {
  /// The key that the row had.
  package var oldID: [UInt8]
  /// The change's rank.
  package var rank: Rank
  /// The key that it has since.
  package var newID: [UInt8]

  /// Makes one of its parts.
  package init(oldID: [UInt8], rank: Rank, newID: [UInt8]) {
    self.oldID = oldID
    self.rank = rank
    self.newID = newID
  }
}

extension CollectionStore {
  /// Remembers a change of a key; once, however often it is told.
  package func insert(_ move: KeyMove, collection: Int64) throws {
    let statement = try connection.cached(
      "INSERT OR IGNORE INTO _resequel_moves (collection, old_id, rank, new_id) VALUES (?, ?, ?, ?)"
    )
    defer { statement.clear() }
    statement.bind(1, companion(collection))
    try statement.bindCopy(2, text: move.oldID)
    try statement.bindCopy(3, blob: move.rank.encoded)
    try statement.bindCopy(4, text: move.newID)
    try statement.run()
  }

  /// Whether any key of a collection ever changed.
  package func hasMoves(_ collection: Int64) throws -> Bool {
    let statement = try connection.cached(
      "SELECT 1 FROM _resequel_moves WHERE collection = ? LIMIT 1")
    defer { statement.clear() }
    statement.bind(1, companion(collection))
    return try statement.step()
  }

  /// The moves that lead away from a key.
  package func moves(from id: [UInt8], collection: Int64) throws -> [KeyMove] {
    try moves("collection = ?1 AND old_id = ?2", id, collection)
  }

  /// The moves that lead to a key.
  package func moves(to id: [UInt8], collection: Int64) throws -> [KeyMove] {
    try moves("collection = ?1 AND new_id = ?2", id, collection)
  }

  /// Every move of a collection.
  package func allMoves(collection: Int64) throws -> [KeyMove] {
    try moves("collection = ?1", nil, collection)
  }

  /// All keys that moves connect with the given ones, those included, in no particular order.
  ///
  /// A change to one of them may touch each of the others, so they are recomputed together.
  package func family(of ids: some Sequence<[UInt8]>, collection: Int64) throws -> Set<[UInt8]> {
    var family = Set<[UInt8]>()
    var rest = Array(ids)
    while let id = rest.popLast() {
      guard family.insert(id).inserted else { continue }
      rest += try moves(from: id, collection: collection).map(\.newID)
      rest += try moves(to: id, collection: collection).map(\.oldID)
    }
    return family
  }

  private func moves(_ condition: String, _ id: [UInt8]?, _ collection: Int64) throws -> [KeyMove] {
    let statement = try connection.cached(
      "SELECT old_id, rank, new_id FROM _resequel_moves WHERE \(condition)")
    defer { statement.clear() }
    statement.bind(1, companion(collection))
    if let id { try statement.bindCopy(2, text: id) }
    var moves: [KeyMove] = []
    while try statement.step() {
      guard let rank = statement.rank(1) else {
        throw IngestError(.fatal, cause: "the rank of a key move cannot be read")
      }
      moves.append(KeyMove(oldID: statement.copy(0), rank: rank, newID: statement.copy(2)))
    }
    return moves
  }
}
