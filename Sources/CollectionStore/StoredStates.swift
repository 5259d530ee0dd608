import ChangeModel
import SQLiteKit

/// What is stored of keys, of the rows or of the tombstones: each is looked for by its `_id`.
///
/// Whoever looks for ascending keys reads only where there is something: what is read is the key, or
/// else the next one behind it, and up to that nothing is stored.
struct StoredStates {
  /// What lies behind the key that was looked for last.
  private enum Ahead { case unknown, key, nothing }

  private let statement: Statement
  private let collection: Collection
  private var ahead = Ahead.unknown
  /// The next key that is stored.
  private var next: [UInt8] = []

  /// Makes what has looked for nothing.
  ///
  /// - Parameter statement: of a parameter, the first `_id` at it or behind it, and its state.
  init(_ statement: Statement, of collection: Collection) {
    self.statement = statement
    self.collection = collection
  }

  /// Forgets what is known to lie ahead: before a key that is not behind the last one.
  mutating func rewind() { ahead = .unknown }

  /// What is stored of a key, nil for nothing.
  ///
  /// - Throws: also where a damaged database holds what is no state.
  mutating func state(of id: UnsafeRawBufferPointer) throws -> RowState? {
    switch ahead {
    case .nothing: return nil
    case .key where next.withUnsafeBytes({ id.isBefore($0) }): return nil
    case .key, .unknown: break
    }
    try statement.bindText(1, id)
    defer { statement.reset() }
    guard try statement.step() else {
      ahead = .nothing
      return nil
    }
    let found = statement.bytes(0)
    guard !id.isBefore(found) else {
      next.removeAll(keepingCapacity: true)
      next.append(contentsOf: found)
      ahead = .key
      return nil
    }
    ahead = .unknown
    // A damaged database may name columns that do not exist.
    guard let state = RowState(decoding: statement.bytes(1)),
      state.columnLimit <= collection.columns.count
    else {
      throw CollectionStore.unreadableState(of: collection)
    }
    return state
  }
}

extension RowState {
  /// A number above the index of every column that the state names.
  fileprivate var columnLimit: Int {
    let shape = shape.words.last.map {
      self.shape.words.count * 64 - $0.leadingZeroBitCount
    }
    return max(shape ?? 0, (columnRanks.map(\.column).max() ?? -1) + 1)
  }
}
