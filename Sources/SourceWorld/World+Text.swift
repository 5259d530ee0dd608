extension World {
  /// The bytes of a cell's text as the database should hold them; nil for NULL.
  package func text(of cell: Cell, table: Int, column: Int) -> [UInt8]? {
    guard cell != 0 else { return nil }
    var bytes: [UInt8] = []
    writer.append(cell, tables[table].columns[column].content, as: .plain, to: &bytes)
    return bytes
  }
}
