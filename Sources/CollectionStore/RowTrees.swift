import ChangeModel
import SQLiteKit

/// The B-trees of a table that is loaded: of its rows, and of the index over their `_id`s.
struct RowTrees: ~Copyable {
  /// The number of the last row; how many there are.
  private(set) var rowID: Int64 = 0
  /// Whether the index was left empty, because its entries are too many to be kept: SQLite is to make
  /// it of the table.
  private(set) var needsIndex = false
  private var rows: TreeBuilder
  /// Nil for a table WITHOUT ROWID.
  private var ids: TreeBuilder?
  private var entry = RecordEncoder()
  /// Whether rows come ascending by `_id`.
  private let isAscending: Bool
  private var unsortedIDs = UnsortedRecords()

  /// What is kept to be sorted may take so much memory.
  private static let unsortedByteLimit = 24 << 20

  init(_ layout: Collection.Layout, roots: TableLoad.Roots, pages: PageWriter, isAscending: Bool) {
    self.isAscending = isAscending
    rows = TreeBuilder(layout == .clustered ? .index : .table, root: roots.table, pages: pages)
    if let index = roots.index { ids = TreeBuilder(.index, root: index, pages: pages) }
  }

  mutating func append(_ packed: borrowing PackedRows) throws(IngestError) {
    for row in packed.rows {
      rowID += 1
      let record = packed.bytes(row.record)
      if ids == nil {
        try rows.append(record: record)
      } else {
        try rows.append(rowID: rowID, record: record)
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
  }

  /// Adds the record that was begun to the index.
  private mutating func addIndexEntry(idCount: Int) throws(IngestError) {
    let valueCount = entry.valueByteCount
    let place = entry.end()
    let record = UnsafeRawBufferPointer(rebasing: entry.records.bytes[place])
    if isAscending {
      try ids?.append(record: record)
    } else if !needsIndex {
      let start = record.count - valueCount
      unsortedIDs.append(record, id: start..<start + idCount)
    }
    entry.removeAll()
  }

  /// Writes what is open, and lets the trees appear.
  mutating func finish() throws(IngestError) {
    try unsortedIDs.removeAll { record throws(IngestError) in try ids?.append(record: record) }
    try rows.finish()
    try ids?.finish()
  }
}
