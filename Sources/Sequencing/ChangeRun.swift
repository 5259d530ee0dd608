import CPrefetch
import ChangeModel

extension Sequencer {
  /// How many bytes the changes have that wait to be released.
  package var byteCount: Int { queues.reduce(0) { $0 + $1.byteCount } }

  /// Makes room for so many bytes of changes where some of them are there already: an array that
  /// doubles is in memory twice.
  package mutating func reserve(byteCount: Int) {
    // A batch more than that is there before somebody looks.
    let count = byteCount / MemoryLayout<PackedChange>.stride * 9 / 8
    for index in queues.indices where queues[index].byteCount > byteCount / 32 {
      queues[index].reserve(count)
    }
  }

  /// A queue that knows what all changes of a collection have in common, those that were set aside
  /// too, and holds none.
  package func model(of collection: Int) -> ChangeQueue {
    collection < queues.count ? queues[collection].emptied : ChangeQueue()
  }

  /// The collections of which changes wait to be released.
  package var collections: [Int] { queues.indices.filter { !queues[$0].isEmpty } }

  /// Gives the values of a change: where they are, and how many bytes they have, not zero. Nil where
  /// they stay there.
  package typealias FetchValues = @Sendable (ValuePlace, Int) -> UnsafeRawBufferPointer?

  /// Takes bytes behind those that the same core gave before, and says where they begin.
  package typealias PutAside<Failure: Error> =
    @Sendable (_ core: Int, UnsafeRawBufferPointer) throws(Failure) -> UInt64

  /// Empties a collection's queue of its changes, as a run: they leave memory with such values, by
  /// key, cut into blocks that share no key. ``RunMerge`` brings the runs of a collection together
  /// again. What is known of all changes (which columns they name, whether some move a row) stays.
  ///
  /// - Parameters:
  ///   - cores: on so many cores at a time; both others are called on all of them.
  ///   - runCount: how many runs of the collection there are already.
  /// - Returns: the run's blocks.
  package mutating func setAside<Failure: Error>(
    collection: Int, cores: Int, runCount: Int, values: FetchValues, put: PutAside<Failure>
  ) throws(Failure) -> [RunBlock] {
    defer { queues[collection].removeAll() }
    return try queues[collection].setAside(
      files: files, cores: cores, runCount: runCount, values: values, put: put)
  }
}

extension ChangeQueue {
  /// How many bytes its changes have.
  var byteCount: Int { changes.count * MemoryLayout<PackedChange>.stride + keys.count }

  /// So many changes come before somebody looks again, about.
  private static let readyCountAhead = 1 << 14

  /// Makes room for so many changes with keys as long as those that are there, of which there must be
  /// some; and has memory given to those that come next.
  fileprivate mutating func reserve(_ count: Int) {
    if changes.capacity < count {
      // Keys and changes together are what the limit is for: long keys are few.
      let perChange = MemoryLayout<PackedChange>.stride
      let keyBytes = changes.isEmpty ? 0 : keys.count / changes.count * count * 9 / 8
      keys.reserveCapacity(min(keyBytes, count * perChange))
      changes.reserveCapacity(count)
      readyCount = changes.count
    }
    let end = min(changes.count + Self.readyCountAhead, changes.capacity)
    guard end > readyCount else { return }
    changes.withUnsafeMutableBufferPointer { changes in
      guard let start = changes.baseAddress else { return }
      let behind = UnsafeMutableBufferPointer(start: start + readyCount, count: end - readyCount)
      FreshMemory.makeReady(UnsafeMutableRawBufferPointer(behind))
    }
    readyCount = end
  }

  fileprivate func setAside<Failure: Error>(
    files: [FileStamp], cores: Int, runCount: Int, values: Sequencer.FetchValues,
    put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> [RunBlock] {
    let sort = ChangeSort(self, files: files)
    let queue = self
    let parts = ConcurrentParts.map(cores) { part in
      let groups = sort.groups
      let stretch = groups.count * part / cores..<groups.count * (part + 1) / cores
      return queue.withMemory { memory in
        Result { () throws(Failure) in
          try memory.blocks(
            of: groups[stretch], in: sort.order, with: RunBlockWriter(part, runCount: runCount),
            values, put)
        }
      }
    }
    var blocks: [RunBlock] = []
    for part in parts { blocks += try part.get() }
    return blocks
  }
}

extension ChangeMemory {
  /// Puts the changes of some keys aside, as blocks.
  fileprivate func blocks<Failure: Error>(
    of groups: ArraySlice<OrderedChanges.Group>, in order: [UInt32],
    with writer: consuming RunBlockWriter, _ values: Sequencer.FetchValues,
    _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> [RunBlock] {
    var blocks: [RunBlock] = []
    let end = groups.last.map { Int($0.start + $0.count) } ?? 0
    for group in groups {
      for place in Int(group.start)..<Int(group.start + group.count) {
        let next = place + Self.placesAhead
        if next < end { prefetch(order[next]) }
        if next - Self.placesAhead / 2 < end {
          prefetchContent(of: order[next - Self.placesAhead / 2], values)
        }
        let change = changes[Int(order[place])]
        let count = Int(change.valueCount)
        try writer.append(
          change, key: allKeys(of: change),
          values: count == 0 ? nil : values(self.values(of: change), count), put)
      }
      if writer.isFull { blocks.append(try writer.flush(put)) }
    }
    if !writer.isEmpty { blocks.append(try writer.flush(put)) }
    return blocks
  }

  /// A change is asked for so many places ahead, its values and its key half as many.
  private static var placesAhead: Int { 32 }

  /// Asks for the key and the values of a change.
  private func prefetchContent(of index: UInt32, _ values: Sequencer.FetchValues) {
    let change = changes[Int(index)]
    prefetchKey(of: change)
    let count = Int(change.valueCount)
    if count > 0, let bytes = values(self.values(of: change), count) {
      CPrefetch.prefetch(bytes.baseAddress, min(count, 512))
    }
  }

  /// The key of a change, and behind it the old one of a move.
  private func allKeys(of change: PackedChange) -> UnsafeRawBufferPointer {
    let start = change.keyOffset
    return UnsafeRawBufferPointer(rebasing: keys[start..<start + change.keyByteCount(in: keys)])
  }
}
