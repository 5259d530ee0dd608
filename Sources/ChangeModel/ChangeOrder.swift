extension Array {
  /// Puts changes of one row, or of rows that moves link, in order, oldest first: by rank, or by time
  /// where two lineages of one phase changed any of them (``Rank/isBefore(_:inParallel:)``).
  ///
  /// - Parameter rank: the rank of a change.
  /// - Returns: what ordered them.
  @discardableResult
  package mutating func sortChanges(by rank: (Element) -> Rank) -> RowDelta.Order {
    var lineages: [UInt32: UInt32] = [:]
    let isParallel = contains { element in
      let rank = rank(element)
      let known = lineages.updateValue(rank.lineage, forKey: rank.phase)
      return known.map { $0 != rank.lineage } ?? false
    }
    sort { rank($0).isBefore(rank($1), inParallel: isParallel) }
    if isParallel { return .time }
    let hasFallingTimes = zip(self, dropFirst()).contains { older, newer in
      let (older, newer) = (rank(older), rank(newer))
      return older.phase == newer.phase && older.eventTime > newer.eventTime
    }
    return hasFallingTimes ? .logWithFallingTimes : .log
  }
}
