import ChangeModel

/// How the changes of a row are ordered when what is stored and what comes are put together.
///
/// A key that changed in one lineage is ordered by position, one that changed in several by time
/// (``Rank/isBefore(_:inParallel:)``). Each side knows only its winners, by its own order. As long as
/// times rose with positions both orders have the same winners; so it is enough to look whether they
/// ever fell, pair by pair among the winners: what was dropped had a winner of no earlier time above
/// it. Exact for the keys of one phase; of an older phase only winners tell its lineages.
struct LineageMerge {
  private var order = RowDelta.Order.log
  private var newest: [Rank] = []

  /// The order of both sides together; nil where one of them was ordered otherwise and its winners
  /// may be others.
  mutating func order(
    stored: RowState?, delta: RowDelta, layers: UnsafeBufferPointer<RowLayer>
  ) -> RowDelta.Order? {
    newest.removeAll(keepingCapacity: true)
    order = delta.order
    guard let stored else {
      if order == .time { gather(delta, layers) }
      return order
    }
    if case .one = stored.lineages, order == .log, isOneLog(stored, delta, layers) { return order }
    var sides = Sides()
    stored.forEachRank { known in
      delta.forEachRank(layers) { sides.compare(known, $0) }
    }
    let isMixed = stored.lineages.areParallel || order == .time || sides.areParallel
    guard isMixed else {
      if sides.haveFallingTimes || stored.lineages == .oneWithFallingTimes {
        order = .logWithFallingTimes
      }
      return order
    }
    if stored.lineages == .oneWithFallingTimes || order == .logWithFallingTimes { return nil }
    order = .time
    newest.append(stored.last)
    if case .parallel(let others) = stored.lineages { newest += others }
    gather(delta, layers)
    return order
  }

  /// What the row is to remember, given its newest change.
  func state(last: Rank) -> RowState.Lineages {
    switch order {
    case .log: return .one
    case .logWithFallingTimes: return .oneWithFallingTimes
    case .time:
      var others: [Rank] = []
      for rank in newest where rank.isParallel(to: last) {
        if let index = others.firstIndex(where: { $0.lineage == rank.lineage }) {
          if others[index].isBefore(rank, inParallel: true) { others[index] = rank }
        } else {
          others.append(rank)
        }
      }
      return .parallel(others.sorted { $0.lineage < $1.lineage })
    }
  }

  private mutating func gather(_ delta: RowDelta, _ layers: UnsafeBufferPointer<RowLayer>) {
    delta.forEachRank(layers) { newest.append($0) }
    for other in layers[delta.others] { newest.append(other.rank) }
  }

  /// The common case: a change behind all that is stored, of the same log.
  private func isOneLog(
    _ stored: RowState, _ delta: RowDelta, _ layers: UnsafeBufferPointer<RowLayer>
  ) -> Bool {
    guard stored.columnRanks.isEmpty, delta.layers.count <= 1 else { return false }
    let change = layers[delta.layers].first?.rank ?? delta.floor?.rank ?? stored.last
    return change.phase == stored.last.phase && change.lineage == stored.last.lineage
      && change.eventTime >= stored.last.eventTime && change.position >= stored.last.position
      && (delta.floor.map { $0.rank == change } ?? true)
  }

  /// What pairs of changes, one of either side, tell.
  private struct Sides {
    var areParallel = false
    var haveFallingTimes = false

    mutating func compare(_ left: Rank, _ right: Rank) {
      guard left.phase == right.phase else { return }
      if left.lineage != right.lineage {
        areParallel = true
      } else if left.eventTime != right.eventTime {
        let isBefore = left < right
        if isBefore != (left.eventTime < right.eventTime) { haveFallingTimes = true }
      }
    }
  }
}

extension RowState {
  /// Every change that the row remembers something of.
  fileprivate func forEachRank(_ body: (Rank) -> Void) {
    body(last)
    if let floor { body(floor.rank) }
    for known in columnRanks { body(known.rank) }
  }
}

extension RowDelta {
  /// Every change of which something is left.
  fileprivate func forEachRank(_ layers: UnsafeBufferPointer<RowLayer>, _ body: (Rank) -> Void) {
    if let floor { body(floor.rank) }
    for layer in layers[self.layers] { body(layer.rank) }
  }
}
