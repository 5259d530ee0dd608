import ChangeModel
import Hashing

/// What a decoder knows of one table, beside the ``DecodedTable`` that it publishes.
struct TableState {
  /// More columns than this are taken for garbage.
  static let columnsMax = 32_000

  let plan: TablePlan
  /// The table's entry in the schemas of the last file that had one.
  var schema: ArcionSchemas.Table?
  /// The schemas that `schema` was looked up in.
  var schemas: ArcionSchemas?
  /// What identifies its rows: the plan's key, else the schema's.
  var key: KeyRule?
  /// For a key of columns: the index of each, -1 while it was not met.
  var keyColumns: [Int] = []
  /// For each column: its name's bytes, what its texts become, whether keys of it are numbers.
  var names: [[UInt8]] = []
  var types: [ColumnType?] = []
  var isNumeric: [Bool] = []
  /// The columns of the last image, in its order: the next is likely to have the same.
  var order: [Int] = []
  private var indexByName: [[UInt8]: Int] = [:]
  private var shapeIndexes: [ColumnSet: UInt32] = [:]

  /// What the current file says.
  var evidence = TableEvidence()
  /// What the files say that ended, and whose evidence was not taken yet.
  private var endedEvidence = TableEvidence()
  /// Of the insert or delete that is read: the hashes of its values by column, and the sum of its place's and
  /// of these with the names.
  private var row: [UInt64] = []
  private var rowHash: UInt64 = 0

  init(plan: TablePlan) {
    self.plan = plan
    adopt(nil)
  }

  /// Takes what a file's schemas say of the table; the plan goes before it.
  mutating func adopt(_ schema: ArcionSchemas.Table?) {
    if let schema { self.schema = schema }
    if let planned = plan.key {
      key = planned
    } else if let columns = self.schema?.primaryKey, !columns.isEmpty {
      key = .columns(columns)
    }
    if case .columns(let columns)? = key {
      keyColumns = columns.map { _ in -1 }
    }
    for index in names.indices { describe(index, String(decoding: names[index], as: UTF8.self)) }
  }

  /// Whether evidence for a key is wanted from every record.
  var needsKeyEvidence: Bool { key == nil && !plan.isSkipped }

  /// The index of a column; new ones are added to `published`. Nil when there are too many.
  mutating func column(
    _ name: UnsafeRawBufferPointer, at place: Int, in published: inout DecodedTable
  ) -> Int? {
    if place < order.count {
      let index = order[place]
      if names[index].count == name.count, names[index].elementsEqual(name) { return index }
    }
    let bytes = Array(name)
    let index: Int
    if let known = indexByName[bytes] {
      index = known
    } else {
      guard names.count < Self.columnsMax else { return nil }
      index = names.count
      indexByName[bytes] = index
      names.append(bytes)
      types.append(nil)
      isNumeric.append(false)
      let text = String(decoding: bytes, as: UTF8.self)
      published.columns.append(text)
      describe(index, text)
    }
    if place < order.count {
      order[place] = index
    } else if place == order.count {
      order.append(index)
    }
    return index
  }

  /// Finds out what a column's values become, and whether it is part of the key.
  private mutating func describe(_ index: Int, _ name: String) {
    let schemaColumn =
      schema?.columns.first { $0.name == name }
      ?? schema?.columns.first { $0.name.lowercased() == name.lowercased() }
    types[index] = plan.types[name] ?? schemaColumn?.columnType
    isNumeric[index] =
      plan.types[name].map { $0 == .integer || $0 == .real }
      ?? schemaColumn.map { ArcionSchemas.isNumeric($0.type) } ?? false
    guard case .columns(let columns)? = key else { return }
    for (part, column) in columns.enumerated() {
      if column == name {
        keyColumns[part] = index
      } else if keyColumns[part] < 0, column.lowercased() == name.lowercased() {
        keyColumns[part] = index
      }
    }
  }

  /// The index of a shape; a new one is added to `published`.
  mutating func shape(_ columns: ColumnSet, in published: inout DecodedTable) -> UInt32 {
    if let index = shapeIndexes[columns] { return index }
    let index = UInt32(published.shapes.count)
    published.shapes.append(columns)
    shapeIndexes[columns] = index
    return index
  }

  /// Ends a file: what it says counts from now on.
  mutating func endFile() {
    endedEvidence.append(evidence)
    evidence.removeAll()
  }

  /// What the files say that ended since this was asked last.
  mutating func takeEvidence() -> (KeyEvidence, CursorEvidence) {
    defer { endedEvidence.removeAll() }
    return (endedEvidence.named(names), endedEvidence.cursors)
  }

  // MARK: Rows

  /// Begins the row of an insert or a delete.
  ///
  /// - Parameter place: what tells it from another of equal values, and is the same when it comes
  ///   again.
  mutating func beginRow(at place: [UInt64]) {
    row.removeAll(keepingCapacity: true)
    rowHash = place.withUnsafeBytes { StableHash.hash64($0) }
  }

  /// Takes one of its values, by its hash.
  mutating func addToRow(_ hash: UInt64, _ column: Int) {
    // Zero stands for a value that is not there.
    let hash = hash == 0 ? 1 : hash
    while row.count <= column { row.append(0) }
    row[column] = hash
    // A sum, since a row's columns come in any order.
    var part = names[column].withUnsafeBytes { StableHash.hash64($0) } ^ hash
    part = (part ^ part >> 32) &* 0x9E37_79B9_7F4A_7C15
    rowHash &+= part ^ part >> 29
  }

  /// Ends it.
  mutating func endRow(at position: Position, isDelete: Bool) {
    guard evidence.rows.wants(rowHash) else { return }
    evidence.rows.add(
      RowSample.Row(values: row, position: position, isDelete: isDelete), hash: rowHash)
  }
}
