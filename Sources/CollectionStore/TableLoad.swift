import ChangeModel
import Glibc
import SQLiteKit

/// A bulk load of one collection's empty table: rows come packed, ascending by `_id`, and go into
/// the pages of the table and of its index; deletes into those of the tombstones, while there are no
/// others.
final class TableLoad {
  let collection: Collection
  let pages: PageWriter
  private var rows: TreeBuilder
  /// The index over `_id`; nil for a table WITHOUT ROWID.
  private var ids: TreeBuilder?
  private var tombstones: TreeBuilder?
  private(set) var notes = LoadNotes()
  private var lastID: [UInt8]?
  private var rowID: Int64 = 0
  private var entry = RecordEncoder()

  /// Where SQLite put the empty trees.
  struct Roots {
    var table: Int64
    var index: Int64?
    /// Of the tombstones; nil where there are some already.
    var tombstones: Int64?
  }

  /// Notes may take so much memory.
  private static let notesByteLimit = 16 << 20

  init(_ collection: Collection, roots: Roots, pages: PageWriter) {
    self.collection = collection
    self.pages = pages
    let kind: TreeBuilder.Kind = collection.layout == .clustered ? .index : .table
    rows = TreeBuilder(kind, root: roots.table, pages: pages)
    if let index = roots.index { ids = TreeBuilder(.index, root: index, pages: pages) }
    if let root = roots.tombstones {
      tombstones = TreeBuilder(.index, root: root, pages: pages)
    }
  }

  /// Whether rows may be loaded after those that were: they lie behind them, and what is left for
  /// ordinary statements is not too much to be kept.
  func takes(_ packed: PackedRows) -> Bool {
    guard notes.byteCount + packed.notes.byteCount < Self.notesByteLimit else { return false }
    guard let lastID else { return true }
    return [packed.rows.first, packed.tombstones.first].allSatisfy { first in
      first.map { packed.bytes($0.id).isAfter(lastID) } ?? true
    }
  }

  /// Loads rows.
  func append(_ packed: PackedRows) throws(IngestError) {
    for row in packed.rows {
      rowID += 1
      let record = packed.bytes(row.record)
      if collection.layout == .clustered {
        try rows.append(record: record)
      } else {
        try rows.append(rowID: rowID, record: record)
        entry.removeAll()
        entry.begin()
        entry.add(text: packed.bytes(row.id))
        entry.add(rowID)
        _ = entry.end()
        try ids?.append(record: entry.records.bytes)
      }
    }
    for row in packed.tombstones {
      if tombstones != nil {
        try tombstones?.append(record: packed.bytes(row.record))
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
      if lastID.map({ id.isAfter($0) }) ?? true { lastID = Array(id) }
    }
  }

  /// Writes what is open, and lets the trees appear.
  func finish() throws(IngestError) {
    try rows.finish()
    try ids?.finish()
    try tombstones?.finish()
    try pages.finish()
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes come behind others, as SQLite compares texts.
  fileprivate func isAfter(_ other: [UInt8]) -> Bool {
    other.withUnsafeBytes { other in
      let shared = Swift.min(count, other.count)
      if shared > 0, let left = baseAddress, let right = other.baseAddress {
        let order = memcmp(left, right, shared)
        if order != 0 { return order > 0 }
      }
      return count > other.count
    }
  }
}
