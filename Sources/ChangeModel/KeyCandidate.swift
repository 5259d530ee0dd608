/// A key that could be a table's, and why.
package struct KeyCandidate: Sendable, Hashable {
  /// The columns.
  package var columns: [String]
  /// `never null, distinct in 25 of 25 inserts, unchanged in 12 of 12 updates`.
  package var evidence: String
}

extension KeyEvidence {
  /// Columns, or combinations of them, that could be the key, best first, at most five; none where
  /// nothing tells the inserts apart.
  ///
  /// A key is never NULL and seldom changes; it repeats among inserts only where a row was deleted
  /// and came again. What the records name to find a row comes first, unless they name everything.
  package var keyCandidates: [KeyCandidate] {
    var candidates: [KeyCandidate] = []
    if let key = commonBefore, insertCount == 0 || rows.tellsApart(key) {
      candidates.append(
        KeyCandidate(
          columns: key,
          evidence: "named by each of \(updateCount) updates and \(deleteCount) deletes"))
    }
    let parts = possibleParts
    var found = parts.map { [$0] }.filter { rows.tellsApart($0) }
    if candidates.isEmpty, found.isEmpty { found = combinations(of: parts) }
    let whole = found.filter { rows.brokenCount(of: $0) == 0 }
    found = whole + found.filter { !whole.contains($0) }
    for columns in found where candidates.first?.columns != columns {
      candidates.append(KeyCandidate(columns: columns, evidence: sentence(columns)))
    }
    return Array(candidates.prefix(5))
  }

  /// The columns that a key may have: a value in every insert, never NULL, seldom changed; best
  /// first.
  private var possibleParts: [String] {
    columns.filter { $0.value.nullCount == 0 && $0.value.valueCount == insertCount }
      .filter { $0.value.changeCount * 2 <= updateCount }
      .sorted { isBetter($0, $1) }.map(\.key)
  }

  /// The smallest combinations that tell the inserts apart: pairs, else triples, of columns that hardly
  /// an update changes.
  private func combinations(of parts: [String]) -> [[String]] {
    // A bound, so that wide tables do not take long; those that sound like a key come first.
    let parts = parts.filter { (columns[$0]?.changeCount ?? 0) * 10 <= updateCount }.prefix(12)
    var smaller = parts.indices.map { [$0] }
    for _ in 2...3 {
      let larger = smaller.flatMap { chosen in
        parts.indices.filter { $0 > chosen[chosen.count - 1] }.map { chosen + [$0] }
      }
      let found = larger.map { $0.map { parts[$0] } }.filter { rows.tellsApart($0) }
      if !found.isEmpty { return found }
      smaller = larger
    }
    return []
  }

  private func isBetter(
    _ left: (key: String, value: Column), _ right: (key: String, value: Column)
  ) -> Bool {
    // In tenths, so that a few rows that came again do not decide.
    let changes = (tenths(left.value.changeCount), tenths(right.value.changeCount))
    if changes.0 != changes.1 { return changes.0 < changes.1 }
    let scores = (Self.score(left.key), Self.score(right.key))
    return scores.0 != scores.1 ? scores.0 > scores.1 : left.key < right.key
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

  private func sentence(_ names: [String]) -> String {
    let distinct = rows.distinctCount(of: names) ?? 0
    var text = "never null, distinct in \(distinct) of \(rows.insertCount) inserts"
    if rows.isWhole, insertCount > rows.insertCount {
      text += " and \(insertCount - rows.insertCount) that repeat one of them"
    }
    if !rows.isWhole { text += ", a sample of \(insertCount)" }
    let again = rows.insertCount - distinct
    let after = again - (rows.brokenCount(of: names) ?? again)
    if after > 0 { text += ", \(after) of the other \(again) after a delete" }
    if updateCount > 0 {
      let changed = names.reduce(0) { $0 + (columns[$1]?.changeCount ?? 0) }
      text += ", unchanged in \(max(0, updateCount - changed)) of \(updateCount) updates"
    }
    return text
  }

  /// How much a name sounds like a key's.
  private static func score(_ name: String) -> Int {
    let name = name.lowercased()
    if name == "id" || name.hasSuffix("_id") || name.hasSuffix("key") { return 2 }
    return name.hasSuffix("id") || name.hasSuffix("no") || name.hasSuffix("code") ? 1 : 0
  }
}
