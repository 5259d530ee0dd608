import ChangeModel

/// What a bulk load writes of its rows by ordinary statements, when the pages are complete.
struct LoadNotes {
  /// A deleted row, and what its tombstone remembers.
  struct Tombstone {
    var id: [UInt8]
    var state: [UInt8]
  }

  /// A row of which columns are unknown, and which are known.
  struct PartialRow {
    var id: [UInt8]
    var known: String
  }

  /// A row about which two files disagree.
  struct Conflict {
    var id: [UInt8]
    var conflict: RowConflict
  }

  /// Whether some row lacks its insert.
  var hasPartialRows = false
  private(set) var tombstones: [Tombstone] = []
  private(set) var partialRows: [PartialRow] = []
  private(set) var conflicts: [Conflict] = []
  /// About how many bytes of memory all of them take.
  private(set) var byteCount = 0

  mutating func add(_ tombstone: Tombstone) {
    byteCount += 2 * 48 + tombstone.id.count + tombstone.state.count
    tombstones.append(tombstone)
  }

  mutating func add(_ row: PartialRow) {
    byteCount += 2 * 48 + row.id.count + row.known.utf8.count
    partialRows.append(row)
  }

  mutating func add(_ conflict: Conflict) {
    byteCount += 3 * 48 + conflict.id.count
    conflicts.append(conflict)
  }

  mutating func add(_ notes: LoadNotes) {
    hasPartialRows = hasPartialRows || notes.hasPartialRows
    tombstones += notes.tombstones
    partialRows += notes.partialRows
    conflicts += notes.conflicts
    byteCount += notes.byteCount
  }
}
