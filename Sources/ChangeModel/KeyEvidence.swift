/// What the records of a table say about its key, by column name, so that the evidence of several
/// decoders and files can be merged in any order.
///
/// Where the key is known only the sets of columns are collected; they still reveal a contradiction.
package struct KeyEvidence: Sendable, Hashable {
  /// More distinct values than this are not told apart.
  package static let distinctMax = 100_000

  /// What the records say about one column.
  package struct Column: Sendable, Hashable {
    /// Inserts in which it had a value.
    package var valueCount = 0
    /// Records in which it was NULL.
    package var nullCount = 0
    /// Updates that gave it another value than it had.
    package var changeCount = 0
    /// Hashes of the values that inserts gave it; empty when there were too many.
    package var distinct: Set<UInt64> = []
    /// Whether there were more than ``KeyEvidence/distinctMax`` different values.
    package var isCapped = false

    /// Makes evidence of nothing.
    package init() {}

    /// Takes a value that an insert gave.
    package mutating func insert(_ hash: UInt64) {
      valueCount += 1
      guard !isCapped else { return }
      distinct.insert(hash)
      capIfNeeded()
    }

    /// Adds what other records say.
    package mutating func merge(_ other: Column) {
      valueCount += other.valueCount
      nullCount += other.nullCount
      changeCount += other.changeCount
      isCapped = isCapped || other.isCapped
      if isCapped {
        distinct = []
      } else {
        distinct.formUnion(other.distinct)
        capIfNeeded()
      }
    }

    private mutating func capIfNeeded() {
      guard distinct.count > KeyEvidence.distinctMax else { return }
      isCapped = true
      distinct = []
    }

    /// How many tenths of the inserts' values were different.
    var distinctTenths: Int {
      isCapped || valueCount == 0 ? 10 : distinct.count * 10 / valueCount
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
  }
}

/// A key that could be a table's, and why.
package struct KeyCandidate: Sendable, Hashable {
  /// The columns.
  package var columns: [String]
  /// `never null, distinct in 25 of 25 inserts, unchanged in 12 updates`.
  package var evidence: String
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

  /// Columns that could be the key, best first, at most five.
  ///
  /// A key is never NULL and seldom changes; it repeats among inserts only where a row was deleted
  /// and came again. What the records name to find a row comes first, unless they name everything.
  package var keyCandidates: [KeyCandidate] {
    var candidates: [KeyCandidate] = []
    if let key = commonBefore {
      candidates.append(
        KeyCandidate(
          columns: key,
          evidence: "named by each of \(updateCount) updates and \(deleteCount) deletes"))
    }
    let singles = columns.filter { $0.value.nullCount == 0 && $0.value.valueCount > 0 }
      .map { (name: $0.key, column: $0.value) }
      .sorted { isBetter($0, $1) }
    for single in singles where candidates.first?.columns != [single.name] {
      candidates.append(
        KeyCandidate(columns: [single.name], evidence: sentence(single.column)))
    }
    return Array(candidates.prefix(5))
  }

  private func isBetter(
    _ left: (name: String, column: Column), _ right: (name: String, column: Column)
  ) -> Bool {
    // In tenths, so that a few rows that came again do not decide.
    let changes = (tenths(left.column.changeCount), tenths(right.column.changeCount))
    if changes.0 != changes.1 { return changes.0 < changes.1 }
    let distinct = (left.column.distinctTenths, right.column.distinctTenths)
    if distinct.0 != distinct.1 { return distinct.0 > distinct.1 }
    let scores = (Self.score(left.name), Self.score(right.name))
    return scores.0 != scores.1 ? scores.0 > scores.1 : left.name < right.name
  }

  private func tenths(_ changes: Int) -> Int {
    updateCount == 0 ? 0 : (changes * 10 + updateCount - 1) / updateCount
  }

  /// The columns that every update and delete named, if they are a few of all and never changed.
  private var commonBefore: [String]? {
    let sets = updateSets.union(deleteSets)
    guard let first = sets.first else { return nil }
    let common = sets.reduce(Set(first)) { $0.intersection($1) }
    let isTelling = common.allSatisfy { (columns[$0]?.changeCount ?? 0) == 0 }
    return common.isEmpty || common.count * 2 > columns.count || !isTelling
      ? nil : common.sorted()
  }

  private func sentence(_ column: Column) -> String {
    let distinct =
      column.isCapped
      ? "more than \(Self.distinctMax) values in \(column.valueCount) inserts"
      : "distinct in \(column.distinct.count) of \(column.valueCount) inserts"
    let unchanged =
      updateCount > 0
      ? ", unchanged in \(updateCount - column.changeCount) of \(updateCount) updates" : ""
    return "never null, \(distinct)\(unchanged)"
  }

  /// How much a name sounds like a key's.
  private static func score(_ name: String) -> Int {
    let name = name.lowercased()
    if name == "id" || name.hasSuffix("_id") || name.hasSuffix("key") { return 2 }
    return name.hasSuffix("id") || name.hasSuffix("no") || name.hasSuffix("code") ? 1 : 0
  }
}
