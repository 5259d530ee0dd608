import ChangeModel
import CollectionStore

/// Compares stored rows with recomputed ones, as they come.
struct RowComparison {
  private var recomputation: Recomputation
  private let rows: PlainRows
  private let columns: [Column]
  private var stored: PlainDigest
  private var seen: Set<[UInt8]> = []
  private var check: CollectionCheck

  /// How many rows that differ are named.
  static let namedRows = 10

  /// A column of the digest.
  private struct Column {
    var name: String
    /// Where it stands in a stored row.
    var place: Int
    /// Its index in the collection.
    var index: Int
  }

  /// Prepares to compare with the rows that were recomputed.
  init(_ recomputation: Recomputation, rows: PlainRows) {
    self.recomputation = recomputation
    self.rows = rows
    check = recomputation.check
    var place = 2
    var columns: [Column] = []
    for (index, column) in recomputation.collection.columns.enumerated() where column.name != "_id"
    {
      columns.append(Column(name: column.name, place: place, index: index))
      place += 1
    }
    self.columns = columns.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    stored = PlainDigest(columns: ["_id", "_event_time"] + self.columns.map(\.name))
  }

  /// Takes the next stored row, in the order of `_id`.
  mutating func see(_ row: RowView) {
    check.rows += 1
    guard case .text(let bytes) = row[0] else { return }
    let id = Array(bytes)
    let recomputed = rows.rows[id]
    guard recomputation.isDetermined(id, isRecomputed: recomputed != nil) else { return }
    check.comparedRows += 1
    let values = [.text(id), PlainValue(row[1])] + columns.map { PlainValue(row[$0.place]) }
    stored.add(values)
    guard let recomputed else {
      return differ(RowDifference(id: id, isStored: true, isRecomputed: false))
    }
    seen.insert(id)
    let expected = self.values(of: id, recomputed)
    if expected == values { return }
    var difference = RowDifference(id: id, isStored: true, isRecomputed: true)
    let names = ["_id", "_event_time"] + columns.map(\.name)
    for (name, pair) in zip(names, zip(values, expected)) where pair.0 != pair.1 {
      difference.columns.append(.init(name: name, stored: pair.0, recomputed: pair.1))
    }
    differ(difference)
  }

  /// The check, once every stored row was seen.
  mutating func finish() -> CollectionCheck {
    var digest = PlainDigest(columns: ["_id", "_event_time"] + columns.map(\.name))
    for (id, row) in rows.rows.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
    where recomputation.isDetermined(id, isRecomputed: true) {
      digest.add(values(of: id, row))
      if !seen.contains(id) {
        differ(RowDifference(id: id, isStored: false, isRecomputed: true))
      }
    }
    if check.comparedRows == 0, check.differenceCount == 0, !check.missing.isEmpty {
      check.incomparable = "files are missing that every row may have changes in"
    } else if check.files > 0, check.filesRead == 0, check.missing.isEmpty {
      check.incomparable = "all of its changes wait"
    } else {
      check.storedDigest = stored.finish()
      check.recomputedDigest = digest.finish()
    }
    return check
  }

  private mutating func differ(_ difference: RowDifference) {
    check.differenceCount += 1
    if check.differences.count < Self.namedRows { check.differences.append(difference) }
  }

  private func values(of id: [UInt8], _ row: PlainRows.Row) -> [PlainValue] {
    let time = row.eventTime == .min ? PlainValue.null : .integer(row.eventTime)
    return [.text(id), time]
      + columns.map { recomputation.changes.value(row.columns[$0.index]) }
  }
}

extension PlainValue {
  /// Copies a value out of a stored row.
  init(_ value: RowView.Value) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .real(let number): self = .real(number)
    case .text(let bytes): self = .text(Array(bytes))
    case .blob(let bytes): self = .blob(Array(bytes))
    }
  }
}
