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

  /// Asks for the changes of a group, which lie anywhere in memory; some of them, where there are very
  /// many.
  package func prefetchChanges(of group: Group) {
    queue.withMemory { memory in
      let end = group.start + min(group.count, 64)
      for place in group.start..<end { memory.prefetch(order[Int(place)]) }
    }
  }

  /// Asks for a group's key.
  ///
  /// - Returns: its newest change.
  package func prefetchKey(of group: Group) -> SequencedChange {
    let end = Int(group.start + group.count)
    return queue.withMemory { memory in
      memory.prefetchKey(of: memory.changes[Int(order[Int(group.start)])])
      return memory[order[end - 1]]
    }
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
