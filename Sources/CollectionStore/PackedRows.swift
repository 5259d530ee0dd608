import SQLiteKit

/// New rows as SQLite keeps them, made by a ``RowPacker``: what is left to do is to put them into
/// pages.
package struct PackedRows: ~Copyable {
  /// A record, and where in it its `_id` lies.
  struct Row {
    var record: Range<Int>
    var id: Range<Int>
  }

  var encoder = RecordEncoder()
  /// Records of the collection's table, ascending by `_id`.
  var rows: [Row] = []
  /// Records of the tombstones' table, ascending by `_id`; a record ends with the state.
  var tombstones: [Row] = []
  /// What else is to be written of these rows.
  var notes = LoadNotes()
  var counts = ApplyCounts()
  /// Whether each row's `_id` lies behind the one before, as those of a tree must.
  var isAscending = true
  /// Where the `_id` lies of what was packed last.
  private var lastID: Range<Int>?

  /// The bytes of all records, and of what lies between them.
  package var byteCount: Int { encoder.records.count }

  /// Makes no rows.
  package init() {}

  /// Forgets the rows, and keeps the memory.
  package mutating func removeAll() {
    encoder.removeAll()
    rows.removeAll(keepingCapacity: true)
    tombstones.removeAll(keepingCapacity: true)
    notes = LoadNotes()
    counts = ApplyCounts()
    isAscending = true
    lastID = nil
  }

  mutating func append(row: Row) {
    note(row.id)
    rows.append(row)
  }

  mutating func append(tombstone row: Row) {
    note(row.id)
    tombstones.append(row)
  }

  private mutating func note(_ id: Range<Int>) {
    if let lastID, !bytes(lastID).isBefore(bytes(id)) { isAscending = false }
    lastID = id
  }

  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: encoder.records.bytes[range])
  }
}
