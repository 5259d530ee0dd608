/// What the records of a table say about its key, by column name, so that the evidence of several
/// decoders and files can be merged in any order.
///
/// Where the key is known only the sets of columns are collected; they still reveal a contradiction.
package struct KeyEvidence: Sendable, Hashable {
  /// What the records say about one column.
  package struct Column: Sendable, Hashable {
    /// Inserts in which it had a value.
    package var valueCount = 0
    /// Records in which it was NULL.
    package var nullCount = 0
    /// Updates that gave it another value than it had.
    package var changeCount = 0

    /// Makes evidence of nothing.
    package init() {}

    /// Adds what other records say.
    package mutating func merge(_ other: Column) {
      valueCount += other.valueCount
      nullCount += other.nullCount
      changeCount += other.changeCount
    }
  }

  /// The sets of columns that updates named to find their row; the names ascending.
  package var updateSets: Set<[String]> = []
  /// The sets of columns that deletes named to find their row; the names ascending.
  package var deleteSets: Set<[String]> = []
  /// How many inserts, updates and deletes were seen.
  package var insertCount = 0
  package var updateCount = 0
  package var deleteCount = 0
  /// Every column that was named; its counts stay zero where the key is known.
  package var columns: [String: Column] = [:]
  /// Rows that inserts gave and deletes took; none where the key is known.
  package var rows = RowSample()

  /// Makes evidence of nothing.
  package init() {}

  /// Adds what other records say.
  package mutating func merge(_ other: KeyEvidence) {
    updateSets.formUnion(other.updateSets)
    deleteSets.formUnion(other.deleteSets)
    insertCount += other.insertCount
    updateCount += other.updateCount
    deleteCount += other.deleteCount
    for (name, column) in other.columns { columns[name, default: Column()].merge(column) }
    rows.merge(other.rows)
  }
}

extension KeyEvidence {
  /// The key that the records themselves reveal: every update and delete names the same proper
  /// subset of the columns to find its row, and there is a delete among them. Nil otherwise.
  package var inferredKey: [String]? {
    guard let set = deleteSets.first, deleteSets.count == 1, updateSets.isSubset(of: deleteSets),
      !set.isEmpty, set.count < columns.count
    else { return nil }
    return set
  }

  /// Whether these records contradict a key that was inferred from others.
  package func contradicts(inferredKey key: [String]) -> Bool {
    let key = key.sorted()
    return updateSets.union(deleteSets).contains { $0 != key }
  }
}
