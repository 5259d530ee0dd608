package import ChangeModel

/// The changes of one collection, ordered by key (as bytes) and, for each key, by rank; those of a
/// key that changed in two lineages of one phase by ``Rank/isBefore(_:inParallel:)``.
package struct OrderedChanges: Sendable {
  /// The changes, in the order of admission.
  package let queue: ChangeQueue
  /// The stamps of the files that they came from.
  let files: [FileStamp]
  /// Indexes into the queue's changes, ordered by key and rank.
  let order: [UInt32]
  /// The stretches of `order` that share a key.
  package let groups: [Group]

  /// The changes that arrived under one key: a stretch of the order.
  package struct Group: Sendable {
    let start: UInt32
    /// How many changes there are, at least one.
    package let count: UInt32
  }

  init(_ queue: ChangeQueue, files: [FileStamp]) {
    self.queue = queue
    self.files = files
    var order = Self.sorted(queue, files: files)
    var parallel: [Group] = []
    groups = Self.grouped(order, of: queue, parallel: &parallel)
    for group in parallel {
      order[Int(group.start)..<Int(group.start + group.count)].sort { left, right in
        Self.rank(of: queue.changes[Int(left)], files: files).isBefore(
          Self.rank(of: queue.changes[Int(right)], files: files), inParallel: true)
      }
    }
    self.order = order
  }

  /// The rank of a change.
  package func rank(of change: SequencedChange) -> Rank {
    Self.rank(of: change, files: files)
  }

  /// Whether a change has no place in the source's log, only one in its file.
  package func isUnplaced(_ change: SequencedChange) -> Bool {
    change.position == .zero
  }

  /// The group's changes, oldest first.
  package func changes(of group: Group) -> some Collection<SequencedChange> {
    order[Int(group.start)..<Int(group.start + group.count)].lazy.map { queue.changes[Int($0)] }
  }

  /// The group's key: canonical bytes.
  package func key(of group: Group) -> ArraySlice<UInt8> {
    queue.key(of: queue.changes[Int(order[Int(group.start)])])
  }

  @inline(__always)
  private static func rank(of change: SequencedChange, files: [FileStamp]) -> Rank {
    let file = files[Int(change.file)]
    return Rank(
      phase: change.phase, lineage: change.lineage, position: change.position,
      eventTime: change.eventTime, ordinal: file.ordinal, series: file.series,
      recordIndex: change.recordIndex)
  }

  /// What a sort moves about: the prefix decides most comparisons without a look at the change.
  private struct SortItem {
    var prefix: UInt64
    var index: UInt32
  }

  private static func sorted(_ queue: ChangeQueue, files: [FileStamp]) -> [UInt32] {
    var items = queue.changes.indices.map {
      SortItem(prefix: queue.changes[$0].keyPrefix, index: UInt32($0))
    }
    queue.changes.withUnsafeBufferPointer { changes in
      queue.keys.withUnsafeBytes { keys in
        items.sort { left, right in
          if left.prefix != right.prefix { return left.prefix < right.prefix }
          let first = changes[Int(left.index)]
          let second = changes[Int(right.index)]
          let order = compareKeys(first, second, keys)
          if order != 0 { return order < 0 }
          // Lineages of one phase stand apart, since `<` has cycles among three of two lineages.
          if first.lineage != second.lineage, first.phase == second.phase {
            return first.lineage < second.lineage
          }
          return rank(of: first, files: files) < rank(of: second, files: files)
        }
      }
    }
    return items.map(\.index)
  }

  /// Compares keys that have one prefix: negative, zero or positive, as memcmp does.
  @inline(__always)
  private static func compareKeys(
    _ left: SequencedChange, _ right: SequencedChange, _ keys: UnsafeRawBufferPointer
  ) -> Int {
    let shared = Int(min(left.keyCount, right.keyCount))
    var index = 8
    while index < shared {
      let first = keys[left.keyOffset + index]
      let second = keys[right.keyOffset + index]
      if first != second { return first < second ? -1 : 1 }
      index += 1
    }
    return Int(left.keyCount) - Int(right.keyCount)
  }

  /// - Parameter parallel: takes the groups that hold two lineages of one phase.
  private static func grouped(
    _ order: [UInt32], of queue: ChangeQueue, parallel: inout [Group]
  ) -> [Group] {
    var groups: [Group] = []
    var isParallel = false
    groups.reserveCapacity(order.count / 2)
    var start = 0
    queue.changes.withUnsafeBufferPointer { changes in
      queue.keys.withUnsafeBytes { keys in
        for index in 1..<max(order.count, 1) {
          let previous = changes[Int(order[index - 1])]
          let next = changes[Int(order[index])]
          if previous.keyPrefix == next.keyPrefix, compareKeys(previous, next, keys) == 0 {
            if previous.lineage != next.lineage, previous.phase == next.phase { isParallel = true }
            continue
          }
          groups.append(Group(start: UInt32(start), count: UInt32(index - start)))
          start = index
          if isParallel, let group = groups.last { parallel.append(group) }
          isParallel = false
        }
      }
    }
    if !order.isEmpty {
      groups.append(Group(start: UInt32(start), count: UInt32(order.count - start)))
      if isParallel, let group = groups.last { parallel.append(group) }
    }
    return groups
  }
}
