package import ChangeModel
import Glibc

/// Some keys' changes as they are put aside: a stretch of a run, whose blocks ascend by key.
///
/// A queue that has grown too large leaves memory as a run: its changes by key, cut into blocks that
/// share no key. ``RunMerge`` brings the runs of a collection together again.
package struct RunBlock: Sendable {
  /// How many changes it holds; their fixed parts come first in its bytes, then their keys.
  let changeCount: Int
  /// How many bytes their keys have.
  let keyByteCount: Int
  /// The greatest of its keys.
  let lastKey: [UInt8]
  /// Which core put it aside.
  package let part: Int
  /// Where it begins among what that core put aside.
  package let offset: UInt64

  /// How many bytes it has.
  package var byteCount: Int { changeCount * MemoryLayout<PackedChange>.stride + keyByteCount }

  /// A block ends with the key that reaches this many changes: what merging holds of each run.
  static let changesWanted = 2048
}

extension Sequencer {
  /// How many bytes the changes have that wait to be released.
  package var byteCount: Int { queues.reduce(0) { $0 + $1.byteCount } }

  /// Makes room for so many bytes of changes where an eighth of them is there already: an array that
  /// doubles is in memory twice.
  package mutating func reserve(byteCount: Int) {
    // A batch more than that is there before somebody looks.
    let count = byteCount / MemoryLayout<PackedChange>.stride * 9 / 8
    for index in queues.indices
    where queues[index].byteCount > byteCount / 8 && queues[index].changes.capacity < count {
      queues[index].changes.reserveCapacity(count)
      queues[index].changes.preferHugePages(byteCount: byteCount)
    }
  }

  /// A queue that knows what all changes of a collection have in common, those that were set aside
  /// too, and holds none.
  package func model(of collection: Int) -> ChangeQueue {
    collection < queues.count ? queues[collection].emptied : ChangeQueue()
  }

  /// The collection whose changes take the most memory; nil where there are none.
  package var largestCollection: Int? {
    queues.indices.max { queues[$0].byteCount < queues[$1].byteCount }
  }

  /// Takes the bytes of a block, in two pieces, and says where they begin. The number is the core's.
  package typealias PutAside<Failure: Error> =
    @Sendable (Int, UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(Failure) -> UInt64

  /// Empties a collection's queue of its changes, as a run. What is known of them all (which columns
  /// they name, whether some move a row) stays.
  ///
  /// - Parameters:
  ///   - cores: on so many cores at a time.
  ///   - put: called on all of them.
  /// - Returns: the run's blocks.
  package mutating func setAside<Failure: Error>(
    collection: Int, cores: Int, put: PutAside<Failure>
  ) throws(Failure) -> [RunBlock] {
    defer { queues[collection].removeAll() }
    return try queues[collection].setAside(files: files, cores: cores, put: put)
  }
}

extension ChangeQueue {
  /// How many bytes its changes have.
  var byteCount: Int { changes.count * MemoryLayout<PackedChange>.stride + keys.count }

  fileprivate func setAside<Failure: Error>(
    files: [FileStamp], cores: Int, put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> [RunBlock] {
    let sort = ChangeSort(self, files: files)
    let queue = self
    let parts = ConcurrentParts.map(cores) { part in
      let groups = sort.groups
      let stretch = groups.count * part / cores..<groups.count * (part + 1) / cores
      return Result { () throws(Failure) in
        try queue.blocks(of: groups[stretch], in: sort.order, part: part, put)
      }
    }
    var blocks: [RunBlock] = []
    for part in parts { blocks += try part.get() }
    return blocks
  }

  /// Puts the changes of some keys aside, as blocks.
  private func blocks<Failure: Error>(
    of groups: ArraySlice<OrderedChanges.Group>, in order: [UInt32], part: Int,
    _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> [RunBlock] {
    var blocks: [RunBlock] = []
    var block = ChangeQueue()
    for group in groups {
      for place in order[Int(group.start)..<Int(group.start + group.count)] {
        block.append(changes[Int(place)], of: keys)
      }
      if block.count >= RunBlock.changesWanted {
        blocks.append(try block.flush(part, put))
      }
    }
    if !block.isEmpty { blocks.append(try block.flush(part, put)) }
    return blocks
  }

  private mutating func flush<Failure: Error>(
    _ part: Int, _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> RunBlock {
    let result = changes.withUnsafeBytes { changes in
      keys.withUnsafeBytes { keys in
        Result { () throws(Failure) in try put(part, changes, keys) }
      }
    }
    defer { removeAll() }
    return RunBlock(
      changeCount: changes.count, keyByteCount: keys.count,
      lastKey: lastKey.map(Array.init) ?? [], part: part, offset: try result.get())
  }
}

extension [PackedChange] {
  /// Asks the system to give the array's first bytes huge pages, where it does so for those who ask:
  /// page by page so much memory is taken while the decoders wait.
  fileprivate mutating func preferHugePages(byteCount: Int) {
    guard byteCount >= 4 << 20 else { return }
    withUnsafeMutableBufferPointer { changes in
      guard let start = UnsafeMutableRawPointer(changes.baseAddress) else { return }
      _ = madvise(start.alignedUp(toMultipleOf: 4096), byteCount - 4096, MADV_HUGEPAGE)
    }
  }
}
