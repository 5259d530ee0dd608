import ChangeModel

/// What is left of the changes of one key when each change that nothing shows of is dropped.
///
/// The floor is the last insert or delete. Above it, a change matters if it names a column that no
/// newer change names, or is the newest.
package struct KeyFold: Sendable {
  /// The last insert or delete, or nil.
  package private(set) var floor: SequencedChange?
  /// The changes whose values are needed, newest first. The floor, if it is an insert, is the last
  /// of them unless newer changes cover all it names.
  package private(set) var needed: [SequencedChange] = []
  /// How many changes repeat one at the same place of the log.
  package private(set) var repeats = 0
  private var covered = ColumnSet()

  /// Makes an empty fold; reuse one for many keys.
  package init() {}

  /// Folds the changes of a group, none of which is a move.
  package mutating func fold(_ group: OrderedChanges.Group, of ordered: OrderedChanges) {
    floor = nil
    needed.removeAll(keepingCapacity: true)
    repeats = 0
    covered = ColumnSet()
    let start = Int(group.start)
    var index = start + Int(group.count) - 1
    while index >= start {
      let change = ordered.queue.changes[Int(ordered.order[index])]
      if index > start, isRepeat(ordered.queue.changes[Int(ordered.order[index - 1])], change) {
        repeats += 1
      }
      if floor == nil { take(change, shapes: ordered.queue.shapes) }
      index -= 1
    }
  }

  private mutating func take(_ change: SequencedChange, shapes: [ColumnSet]) {
    switch change.operation {
    case .delete:
      floor = change
    case .insert:
      floor = change
      takeValues(of: change, shapes: shapes)
    case .update, .upsert:
      takeValues(of: change, shapes: shapes)
    }
  }

  private mutating func takeValues(of change: SequencedChange, shapes: [ColumnSet]) {
    let shape = shapes[Int(change.shape)]
    if needed.isEmpty {
      covered = shape
    } else if covered.isSuperset(of: shape) {
      return
    } else {
      covered.formUnion(shape)
    }
    needed.append(change)
  }

  private func isRepeat(_ left: SequencedChange, _ right: SequencedChange) -> Bool {
    left.position == right.position && left.lineage == right.lineage && left.phase == right.phase
      && left.operation == right.operation && left.position != .zero
  }
}
