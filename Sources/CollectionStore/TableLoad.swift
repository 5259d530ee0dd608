import ChangeModel
import SQLiteKit

/// A bulk load of one collection's empty table: rows come packed and go into the pages of the table
/// and of its index; deletes into those of the tombstones, while there are no others.
///
/// They come ascending by `_id`, or else, into a table with rowids, in any order: then what the index
/// and the tombstones get is kept and sorted at the end.
final class TableLoad {
  let collection: Collection
  let pages: PageWriter
  /// In a value of its own: a class checks every access to a property.
  private var trees: RowTrees
  private var tombstones: TreeBuilder?
  private(set) var notes = LoadNotes()
  private var lastID: [UInt8]?
  private let isAscending: Bool
  private var unsortedTombstones = UnsortedRecords()

  /// How many rows there are.
  var rowCount: Int { Int(trees.rowID) }
  /// Whether SQLite is to make the index of the table.
  var needsIndex: Bool { trees.needsIndex }

  /// Where SQLite put the empty trees.
  struct Roots {
    var table: Int64
    var index: Int64?
    /// Of the tombstones; nil where there are some already.
    var tombstones: Int64?
  }

  /// Notes may take so much memory.
  private static let notesByteLimit = 16 << 20
  /// Tombstones that are kept to be sorted likewise.
  private static let unsortedByteLimit = 24 << 20

  init(_ collection: Collection, roots: Roots, pages: PageWriter, isAscending: Bool) {
    self.collection = collection
    self.pages = pages
    self.isAscending = isAscending
    trees = RowTrees(collection.layout, roots: roots, pages: pages, isAscending: isAscending)
    if let root = roots.tombstones {
      tombstones = TreeBuilder(.index, root: root, pages: pages)
    }
  }

  /// Whether rows may be loaded after those that were: they ascend and lie behind them, where they
  /// must, and what is left for ordinary statements is not too much to be kept.
  func takes(_ packed: borrowing PackedRows) -> Bool {
    guard notes.byteCount + packed.notes.byteCount < Self.notesByteLimit,
      unsortedTombstones.byteCount < Self.unsortedByteLimit
    else { return false }
    if !isAscending { return true }
    guard packed.isAscending else { return false }
    guard let lastID else { return true }
    return [packed.rows.first, packed.tombstones.first].allSatisfy { first in
      first.map { first in lastID.withUnsafeBytes { $0.isBefore(packed.bytes(first.id)) } } ?? true
    }
  }

  /// Loads rows.
  func append(_ packed: borrowing PackedRows) throws(IngestError) {
    try trees.append(packed)
    for row in packed.tombstones {
      if tombstones != nil, isAscending {
        try tombstones?.append(record: packed.bytes(row.record))
      } else if tombstones != nil {
        let start = row.id.lowerBound - row.record.lowerBound
        unsortedTombstones.append(packed.bytes(row.record), id: start..<start + row.id.count)
      } else {
        notes.add(
          LoadNotes.Tombstone(
            id: Array(packed.bytes(row.id)),
            state: Array(packed.bytes(row.id.upperBound..<row.record.upperBound))))
      }
    }
    notes.add(packed.notes)
    for last in [packed.rows.last, packed.tombstones.last] {
      guard let id = last.map({ packed.bytes($0.id) }) else { continue }
      if lastID?.withUnsafeBytes({ $0.isBefore(id) }) ?? true { lastID = Array(id) }
    }
  }

  /// Writes what is open, and lets the trees appear.
  func finish() throws(IngestError) {
    try unsortedTombstones.removeAll { record throws(IngestError) in
      try tombstones?.append(record: record)
    }
    try trees.finish()
    try tombstones?.finish()
    try pages.finish()
  }
}
