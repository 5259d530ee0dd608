/// One way in which a table is not as it should be.
package struct TableDifference: Sendable, Hashable, CustomStringConvertible {
  /// The table.
  package let table: String
  /// The key's columns as `name=value`; empty where the whole table differs.
  package let key: String
  /// The column; nil where the whole row differs.
  package let column: String?
  /// What should be there.
  package let expected: String
  /// What is there.
  package let actual: String

  /// `orders [id=7] status: expected 'paid', found NULL`
  package var description: String {
    let place = key.isEmpty ? table : "\(table) [\(key)]"
    return "\(place)\(column.map { " \($0)" } ?? ""): expected \(expected), found \(actual)"
  }

  static func show(_ cell: String??) -> String {
    guard let known = cell else { return "nothing" }
    guard let text = known else { return "NULL" }
    let short = text.unicodeScalars.count > 120 ? String(text.unicodeScalars.prefix(120)) + "…" : text
    return String(decoding: JSONText.escape(short, everything: true), as: UTF8.self).quoted
  }
}

extension String {
  fileprivate var quoted: String { "'\(self)'" }
}

/// Compares a collection's rows with what they should be.
///
/// Begin with the names of the columns that the rows have, give it every row, then ask for the
/// differences. Columns are found by name; those that begin with an underscore and are not the
/// source's are left out, but `_event_time` is compared where it is asked for.
package struct TableComparison {
  private let expected: ExpectedTable
  private let limit: Int
  private let places: [Int?]
  private let eventTimePlace: Int?
  private var seen: Set<CellList> = []
  private var differences: [TableDifference] = []
  /// How many differences there are, also those beyond the limit.
  package private(set) var differenceCount = 0
  /// How many rows were given.
  package private(set) var rowCount = 0

  /// - Parameters:
  ///   - expected: the table as it should be.
  ///   - columns: the names of the columns of the rows to come.
  ///   - checksEventTime: whether `_event_time` is compared.
  ///   - limit: how many differences are kept.
  package init(
    expected: ExpectedTable, columns: [String], checksEventTime: Bool = true, limit: Int = 10
  ) {
    self.expected = expected
    self.limit = limit
    // By bytes: Swift takes composed and decomposed letters for the same.
    let names = columns.map { Array($0.utf8) }
    places = expected.columns.map { name in names.firstIndex(of: Array(name.utf8)) }
    eventTimePlace = checksEventTime ? columns.firstIndex(of: "_event_time") : nil
    let known = Set(expected.columns.map { Array($0.utf8) })
    for name in columns where !name.hasPrefix("_") && !known.contains(Array(name.utf8)) {
      note(key: "", column: name, expected: "no such column", actual: "one")
    }
    if checksEventTime && eventTimePlace == nil {
      note(key: "", column: "_event_time", expected: "the column", actual: "nothing")
    }
  }

  /// Takes a row: the texts of its columns, nil for NULL.
  package mutating func see(_ row: [UnsafeRawBufferPointer?]) {
    rowCount += 1
    var key = CellList()
    for column in expected.keyColumns { key.append(places[column].flatMap { row[$0] }) }
    guard let wanted = expected.rows[key] else {
      note(key: show(key), column: nil, expected: "no row", actual: "one")
      return
    }
    if !seen.insert(key).inserted {
      note(key: show(key), column: nil, expected: "one row", actual: "another")
    }
    var cells = CellList()
    for place in places { cells.append(place.flatMap { row[$0] }) }
    if cells != wanted.cells { compare(key, wanted.cells, cells) }
    if let eventTimePlace {
      var time = CellList()
      time.append(row[eventTimePlace])
      let wantedTime = CellList([wanted.eventTime.map { String($0) }])
      if time != wantedTime {
        note(
          key: show(key), column: "_event_time", expected: TableDifference.show(wantedTime.cells[0]),
          actual: TableDifference.show(time.cells[0]))
      }
    }
  }

  /// Takes a row of strings, nil for NULL.
  package mutating func see(_ row: [String?]) {
    let texts = row.map { $0.map { Array($0.utf8) } }
    see(bytes: texts)
  }

  /// Takes a row of bytes, nil for NULL.
  package mutating func see(bytes row: [[UInt8]?]) {
    var flat: [UInt8] = []
    var ranges: [Range<Int>?] = []
    for cell in row {
      ranges.append(cell.map { flat.count..<flat.count + $0.count })
      flat += cell ?? []
    }
    flat.withUnsafeBytes { buffer in
      see(ranges.map { range in range.map { UnsafeRawBufferPointer(rebasing: buffer[$0]) } })
    }
  }

  /// All differences found, the rows that were not given included; empty: the table is as it should.
  package mutating func finish() -> [TableDifference] {
    for (key, row) in expected.rows where !seen.contains(key) {
      let texts = row.cells.cells.map { TableDifference.show($0) }.joined(separator: ", ")
      note(key: show(key), column: nil, expected: "the row (\(texts))", actual: "none")
      seen.insert(key)
    }
    return differences.sorted { ($0.key, $0.column ?? "") < ($1.key, $1.column ?? "") }
  }

  private mutating func compare(_ key: CellList, _ wanted: CellList, _ actual: CellList) {
    for ((name, place), (left, right)) in zip(
      zip(expected.columns, places), zip(wanted.cells, actual.cells))
    where CellList([left]) != CellList([right]) {
      note(
        key: show(key), column: name, expected: TableDifference.show(left),
        actual: place == nil ? "no such column" : TableDifference.show(right))
    }
  }

  private mutating func note(key: String, column: String?, expected: String, actual: String) {
    differenceCount += 1
    guard differences.count < limit else { return }
    differences.append(
      TableDifference(
        table: self.expected.name, key: key, column: column, expected: expected, actual: actual))
  }

  private func show(_ key: CellList) -> String {
    zip(expected.keyColumns, key.cells)
      .map { "\(expected.columns[$0])=\(TableDifference.show($1))" }.joined(separator: ", ")
  }
}
