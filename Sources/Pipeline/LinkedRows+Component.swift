import ChangeModel
import Sequencing

extension LinkedRows {
  /// Keys that moves link, and the changes of them, oldest first. They are ordered as one key's are:
  /// by time where two lineages of a phase changed any of them.
  struct Component {
    var ids: [[UInt8]]
    var entries: [Entry] = []
    private var order = RowDelta.Order.log

    init(ids: [[UInt8]]) {
      self.ids = ids
    }

    /// Puts the changes in order, once all are there.
    mutating func sort() {
      order = entries.sortChanges { $0.rank }
    }

    /// How the changes are ordered, those before included that are stored.
    func order(after states: [RowState]) -> RowDelta.Order {
      if order != .log { return order }
      let hasFallingTimes = states.contains { state in
        state.lineages == .oneWithFallingTimes
          || entries.contains {
            $0.rank.phase == state.last.phase && $0.rank.eventTime < state.last.eventTime
          }
      }
      return hasFallingTimes ? .logWithFallingTimes : .log
    }

    /// The newest change of each lineage that touched a key, newest first.
    func newestOfLineages(_ id: [UInt8]) -> [Entry] {
      var newest: [Entry] = []
      for entry in entries.reversed() where entry.id == id || entry.oldID == id {
        if !newest.contains(where: { $0.rank.lineage == entry.rank.lineage }) {
          newest.append(entry)
        }
      }
      return newest
    }

    /// Whether every change comes after everything that is stored of the component's keys. Where
    /// lineages meet that is not known: what is stored may have been ordered otherwise.
    func isInOrder(after states: [RowState]) -> Bool {
      guard let first = entries.first, !states.isEmpty else { return true }
      if order == .time { return false }
      return states.allSatisfy { state in
        !state.lineages.areParallel && state.last < first.rank
          && (state.floor?.rank ?? .lowest) < first.rank
          && !entries.contains { $0.rank.isParallel(to: state.last) }
      }
    }
  }
}
