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
  private var rows: TreeBuilder
  /// The index over `_id`; nil for a table WITHOUT ROWID.
  private var ids: TreeBuilder?
  private var tombstones: TreeBuilder?
  private(set) var notes = LoadNotes()
  private var lastID: [UInt8]?
  /// The number of the last row; how many there are.
  private(set) var rowID: Int64 = 0
  private var entry = RecordEncoder()
  private let isAscending: Bool
  private var unsortedIDs = UnsortedRecords()
  private var unsortedTombstones = UnsortedRecords()
  /// Whether the index was left empty, because its entries are too many to be kept: SQLite is to make
  /// it of the table.
  private(set) var needsIndex = false

  /// Where SQLite put the empty trees.
  struct Roots {
    var table: Int64
    var index: Int64?
    /// Of the tombstones; nil where there are some already.
    var tombstones: Int64?
  }

  /// Notes may take so much memory.
  private static let notesByteLimit = 16 << 20
  /// What is kept to be sorted likewise, of each kind.
  private static let unsortedByteLimit = 24 << 20

  init(_ collection: Collection, roots: Roots, pages: PageWriter, isAscending: Bool) {
    self.collection = collection
    self.pages = pages
    self.isAscending = isAscending
    let kind: TreeBuilder.Kind = collection.layout == .clustered ? .index : .table
    rows = TreeBuilder(kind, root: roots.table, pages: pages)
    if let index = roots.index { ids = TreeBuilder(.index, root: index, pages: pages) }
    if let root = roots.tombstones {
      tombstones = TreeBuilder(.index, root: root, pages: pages)
    }
  }

  /// Whether rows may be loaded after those that were: they ascend and lie behind them, where they
  /// must, and what is left for ordinary statements is not too much to be kept.
  func takes(_ packed: PackedRows) -> Bool {
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
        try addIndexEntry(idCount: row.id.count)
      }
    }
    if unsortedIDs.byteCount > Self.unsortedByteLimit {
      needsIndex = true
      unsortedIDs = UnsortedRecords()
    }
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

  /// Adds the record that was begun to the index.
  private func addIndexEntry(idCount: Int) throws(IngestError) {
    let valueCount = entry.valueByteCount
    let record = entry.end()
    if isAscending {
      try ids?.append(record: entry.records.bytes)
    } else if !needsIndex {
      let start = record.count - valueCount
      unsortedIDs.append(entry.records.bytes, id: start..<start + idCount)
    }
  }

  /// Writes what is open, and lets the trees appear.
  func finish() throws(IngestError) {
    try unsortedIDs.removeAll { record throws(IngestError) in try ids?.append(record: record) }
    try unsortedTombstones.removeAll { record throws(IngestError) in
      try tombstones?.append(record: record)
    }
    try rows.finish()
    try ids?.finish()
    try tombstones?.finish()
    try pages.finish()
  }
}
