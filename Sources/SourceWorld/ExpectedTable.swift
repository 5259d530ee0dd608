/// A row as it should be.
package struct ExpectedRow: Sendable, Hashable {
  /// The texts of all columns, in the table's order.
  package var cells: CellList
  /// When the row was inserted, microseconds since 1970 UTC; nil where nobody can know.
  package var eventTime: Int64?
}

/// A table as it should be.
package struct ExpectedTable: Sendable, Hashable {
  /// The table's name.
  package let name: String
  /// The names of its columns, in the source's order.
  package let columns: [String]
  /// The indices of the key's columns, in the key's order.
  package let keyColumns: [Int]
  /// The rows, by the texts of their key's columns.
  package var rows: [CellList: ExpectedRow]

  /// The row of a key; nil where there is none.
  package func row(_ key: String...) -> [String: String?]? {
    guard let row = rows[CellList(key)] else { return nil }
    return Dictionary(uniqueKeysWithValues: zip(columns, row.cells.cells))
  }
}

extension World {
  /// An empty table, with the definition of one of the world's.
  func emptyTable(_ index: Int) -> ExpectedTable {
    let table = tables[index]
    return ExpectedTable(
      name: table.name, columns: table.columns.map(\.name), keyColumns: table.keyColumns, rows: [:])
  }

  /// Writes a row's cells as texts.
  func expectedRow(_ table: Int, _ cell: (Int) -> Cell, eventTime: Int64?) -> (
    key: CellList, row: ExpectedRow
  ) {
    let definition = tables[table]
    var cells = CellList()
    for column in definition.columns.indices { append(cell(column), table, column, to: &cells) }
    var key = CellList()
    for column in definition.keyColumns { append(cell(column), table, column, to: &key) }
    return (key, ExpectedRow(cells: cells, eventTime: eventTime))
  }

  private func append(_ cell: Cell, _ table: Int, _ column: Int, to list: inout CellList) {
    guard cell != 0 else { return list.appendNull() }
    list.append { writer.append(cell, tables[table].columns[column].content, as: .plain, to: &$0) }
  }

  /// What the live source held, by table, without the replicator's own.
  package func sourceTables(_ database: SourceDatabase) -> [String: ExpectedTable] {
    var expected: [String: ExpectedTable] = [:]
    for table in tables.indices where !tables[table].isHousekeeping {
      expected[tables[table].name] = sourceTable(database, table)
    }
    return expected
  }

  /// What the live source held in one table.
  package func sourceTable(_ database: SourceDatabase, _ table: Int) -> ExpectedTable {
    var result = emptyTable(table)
    let rows = database.rows[table]
    result.rows.reserveCapacity(rows.liveKeys.count)
    for key in rows.liveKeys {
      let (text, row) = expectedRow(
        table, { rows.cell(Int(key), $0) },
        eventTime: rows.insertTime(Int(key)).map { $0 * 1000 })
      result.rows[text] = row
    }
    return result
  }
}
