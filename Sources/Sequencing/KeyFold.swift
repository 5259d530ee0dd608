package import ChangeModel

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
  /// Changes at one place of the log that came from different files, the one that counts first:
  /// repeats, unless their records differ.
  package private(set) var doubles: [(won: SequencedChange, lost: SequencedChange)] = []
  /// How the changes are ordered.
  package private(set) var order = RowDelta.Order.log
  /// The columns that the needed changes name, where there are several.
  private var covered = ColumnSet()

  /// Makes an empty fold; reuse one for many keys.
  package init() {}

  /// Folds the changes of a group, none of which is a move.
  package mutating func fold(_ group: OrderedChanges.Group, of ordered: OrderedChanges) {
    floor = nil
    needed.removeAll(keepingCapacity: true)
    repeats = 0
    order = .log
    if !doubles.isEmpty { doubles.removeAll() }
    let places = Int(group.start)..<Int(group.start + group.count)
    ordered.queue.withMemory { memory in
      ordered.order.withUnsafeBufferPointer { order in
        let shapes = memory.shapes
        var change = memory[order[places.upperBound - 1]]
        for place in places.dropLast().reversed() {
          let older = memory[order[place]]
          #if !PASS_THROUGH  // nobody asks for conflicts where the order is not restored
            compare(older, change)
          #endif
          if floor == nil { take(change, shapes: shapes) }
          change = older
        }
        if floor == nil { take(change, shapes: shapes) }
      }
    }
  }

  private mutating func take(_ change: SequencedChange, shapes: UnsafeBufferPointer<ColumnSet>) {
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

  private mutating func takeValues(
    of change: SequencedChange, shapes: UnsafeBufferPointer<ColumnSet>
  ) {
    // Mostly one change names all that the older ones do, and the same.
    guard let newest = needed.first else { return needed.append(change) }
    if change.shape == newest.shape { return }
    if needed.count == 1 { covered = shapes[Int(newest.shape)] }
    let shape = shapes[Int(change.shape)]
    if covered.isSuperset(of: shape) { return }
    covered.formUnion(shape)
    needed.append(change)
  }

  /// Compares a change with the one before it.
  private mutating func compare(_ older: SequencedChange, _ change: SequencedChange) {
    guard older.phase == change.phase else { return }
    if older.lineage != change.lineage {
      order = .time
    } else if older.eventTime > change.eventTime, order == .log {
      order = .logWithFallingTimes
    }
    guard older.position == change.position, older.lineage == change.lineage,
      change.position != .zero
    else { return }
    if older.operation == change.operation { repeats += 1 }
    if older.file != change.file { doubles.append((won: change, lost: older)) }
  }
}

extension OrderedChanges {
  /// Of a group that holds several lineages of its newest phase: the newest change of each, newest
  /// first.
  package func newestOfLineages(_ group: Group) -> [SequencedChange] {
    var newest: [SequencedChange] = []
    for change in changes(of: group).reversed() {
      if let first = newest.first, first.phase != change.phase { break }
      if !newest.contains(where: { $0.lineage == change.lineage }) { newest.append(change) }
    }
    return newest
  }
}
