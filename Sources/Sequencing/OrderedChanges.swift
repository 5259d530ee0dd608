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
  /// Whether some key changed in two lineages of one phase.
  package let hasParallelKeys: Bool

  /// The changes that arrived under one key: a stretch of the order.
  package struct Group: Sendable {
    let start: UInt32
    /// How many changes there are, at least one.
    package let count: UInt32
  }

  init(_ queue: ChangeQueue, files: [FileStamp]) {
    self.queue = queue
    self.files = files
    let sort = ChangeSort(queue, files: files)
    var order = sort.order
    groups = sort.groups
    hasParallelKeys = !sort.parallel.isEmpty
    for group in sort.parallel {
      order[Int(group.start)..<Int(group.start + group.count)].sort { left, right in
        Self.rank(of: queue[Int(left)], files: files).isBefore(
          Self.rank(of: queue[Int(right)], files: files), inParallel: true)
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
    order[Int(group.start)..<Int(group.start + group.count)].lazy.map { queue[Int($0)] }
  }

  /// Reads a little of each of a group's changes and of its key, which lie anywhere in memory: done
  /// for many groups before they are folded, the processor waits for all of them at a time.
  ///
  /// - Returns: nothing of use, but a reason to read.
  package func touch(_ group: Group) -> UInt64 {
    var sum: UInt64 = 0
    let end = group.start + min(group.count, 64)
    for place in order[Int(group.start)..<Int(end)] {
      let change = queue.changes[Int(place)]
      sum &+= change.ends
      if place == order[Int(group.start)], change.keyCount > 0 {
        sum &+= UInt64(queue.keys[change.keyOffset])
      }
    }
    return sum
  }

  /// Appends the group's key: canonical bytes.
  package func appendKey(of group: Group, to bytes: inout [UInt8]) {
    queue.withMemory { memory in
      let change = memory.changes[Int(order[Int(group.start)])]
      let start = change.keyOffset
      bytes.append(
        contentsOf: UnsafeRawBufferPointer(
          rebasing: memory.keys[start..<start + Int(change.keyCount)]))
    }
  }

  /// The group's key: canonical bytes.
  package func key(of group: Group) -> ArraySlice<UInt8> {
    queue.key(of: queue.changes[Int(order[Int(group.start)])])
  }

  @inline(__always)
  static func rank(of change: SequencedChange, files: [FileStamp]) -> Rank {
    let file = files[Int(change.file)]
    return Rank(
      phase: change.phase, lineage: change.lineage, position: change.position,
      eventTime: change.eventTime, ordinal: file.ordinal, series: file.series,
      recordIndex: change.recordIndex)
  }
}
