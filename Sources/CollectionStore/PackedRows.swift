import SQLiteKit

/// New rows as SQLite keeps them, made by a ``RowPacker``: what is left to do is to put them into
/// pages.
///
/// Unchecked: it belongs to one task at a time.
package final class PackedRows: @unchecked Sendable {
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

  /// Makes no rows.
  package init() {}

  /// Forgets the rows, and keeps the memory.
  func removeAll() {
    encoder.removeAll()
    rows.removeAll(keepingCapacity: true)
    tombstones.removeAll(keepingCapacity: true)
    notes = LoadNotes()
    counts = ApplyCounts()
  }

  func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: encoder.records.bytes[range])
  }
}
