import SQLiteKit

/// One stored row under a visitor's eyes; valid only while the visitor runs.
package struct RowView {
  /// A value of it.
  package enum Value {
    case null
    case integer(Int64)
    case real(Double)
    /// UTF-8 bytes, valid only while the visitor runs.
    case text(UnsafeRawBufferPointer)
    /// Bytes, valid only while the visitor runs.
    case blob(UnsafeRawBufferPointer)
  }

  let statement: Statement

  /// How many columns there are.
  package var count: Int { statement.columnCount }

  /// The value of a column, in the order of ``CollectionStore/columnNames(of:)``.
  package subscript(_ column: Int) -> Value {
    let column = Int32(column)
    return switch statement.type(column) {
    case ValueType.null: .null
    case ValueType.integer: .integer(statement.integer(column))
    case ValueType.real: .real(statement.real(column))
    case ValueType.text: .text(statement.bytes(column))
    default: .blob(statement.bytes(column))
    }
  }
}

extension CollectionStore {
  /// The columns that ``readRows(_:id:limit:_:)`` shows: `_id`, `_event_time`, those of the source,
  /// `_position`, `_file`.
  package func columnNames(of collection: Collection) -> [String] {
    ["_id", "_event_time"] + collection.columns.filter { !$0.isID }.map(\.name)
      + ["_position", "_file"]
  }

  /// Visits the rows of a collection, ascending by `_id`.
  ///
  /// - Parameters:
  ///   - collection: the collection.
  ///   - id: only the row of this key; nil for all.
  ///   - limit: at most so many; nil for all.
  package func readRows(
    _ collection: Collection, id: String? = nil, limit: Int? = nil,
    _ visit: (RowView) throws -> Void
  ) throws {
    let names = columnNames(of: collection).map(Identifier.quoted).joined(separator: ", ")
    let condition = id == nil ? "" : "WHERE _id = ?2"
    let statement = try connection.prepare(
      "SELECT \(names) FROM \(Identifier.quoted(collection.name)) \(condition) "
        + "ORDER BY _id LIMIT ?1")
    statement.bind(1, limit ?? -1)
    if let id { try statement.bind(2, id) }
    while try statement.step() { try visit(RowView(statement: statement)) }
  }
}
