import ChangeModel

/// What records say of one table's key and of cursors that nobody can read, by the decoder's own
/// column indexes: it is added to for every file, and named only when somebody wants it.
struct TableEvidence {
  /// The sets of columns that updates and deletes named to find their row.
  var updateSets: Set<ColumnSet> = []
  var deleteSets: Set<ColumnSet> = []
  /// Every column that was named.
  var namedColumns = ColumnSet()
  var insertCount = 0
  var updateCount = 0
  var deleteCount = 0
  /// What is known of each column; as many as were looked at.
  private var columns: [KeyEvidence.Column] = []
  var rows = RowSample()
  var cursors = CursorEvidence()

  /// Whether no record was seen.
  private var isEmpty: Bool {
    namedColumns.isEmpty && insertCount + updateCount + deleteCount + cursors.recordCount == 0
  }

  /// What is known of a column.
  subscript(column: Int) -> KeyEvidence.Column {
    get { column < columns.count ? columns[column] : KeyEvidence.Column() }
    set {
      while columns.count <= column { columns.append(KeyEvidence.Column()) }
      columns[column] = newValue
    }
  }

  /// Adds what the records of a file say that comes after these.
  mutating func append(_ file: borrowing TableEvidence) {
    if file.isEmpty { return }
    updateSets.formUnion(file.updateSets)
    deleteSets.formUnion(file.deleteSets)
    namedColumns.formUnion(file.namedColumns)
    insertCount += file.insertCount
    updateCount += file.updateCount
    deleteCount += file.deleteCount
    for column in file.columns.indices { self[column].merge(file.columns[column]) }
    rows.append(file.rows)
    if file.cursors.recordCount > 0 { cursors.append(file.cursors) }
  }

  /// Forgets everything.
  mutating func removeAll() {
    if !isEmpty { self = TableEvidence() }
  }

  /// The same by the columns' names.
  func named(_ names: [[UInt8]]) -> KeyEvidence {
    if isEmpty { return KeyEvidence() }
    let names = names.map { String(decoding: $0, as: UTF8.self) }
    func sorted(_ columns: ColumnSet) -> [String] { columns.columns.map { names[$0] }.sorted() }
    var evidence = KeyEvidence()
    evidence.updateSets = Set(updateSets.map(sorted))
    evidence.deleteSets = Set(deleteSets.map(sorted))
    evidence.insertCount = insertCount
    evidence.updateCount = updateCount
    evidence.deleteCount = deleteCount
    for column in namedColumns.columns { evidence.columns[names[column]] = self[column] }
    evidence.rows = rows.named(names)
    return evidence
  }
}
