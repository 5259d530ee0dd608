import ChangeModel

/// Brings together the runs of a collection, the changes of some keys at a time, ascending by key.
///
/// Holds one block of each run. Does no input: it is given the blocks that it asks for.
package struct RunMerge: Sendable {
  /// One run: the block that is in memory, and those that are not yet.
  fileprivate struct Cursor: Sendable {
    let run: Int
    /// The indexes of the blocks that are still to be read.
    var waiting: Range<Int>
    var held: RunBlock?
    /// The bytes of the held block, without values.
    let bytes = ValueBlock()
    /// The first change of the held block that was not taken, and where the values begin that it and
    /// those behind it carry.
    var next = 0
    var nextValue = 0

    var isEmpty: Bool { next == held?.changeCount ?? 0 }
  }

  private let runs: [[RunBlock]]
  private var cursors: [Cursor]
  /// All blocks, by their last keys, and how many of them are wholly taken.
  private let blocks: [Block]
  private var takenCount = 0
  /// An empty queue that knows what all of the collection's changes have in common.
  private let model: ChangeQueue

  /// Which block of which run.
  private struct Block: Sendable {
    let run: Int
    let number: Int
  }

  /// Makes a merge of the blocks of a collection's runs.
  ///
  /// - Parameter model: what is known of all its changes; see ``Sequencer/model(of:)``.
  package init(_ runs: [[RunBlock]], of model: ChangeQueue) {
    self.runs = runs
    self.model = model
    cursors = runs.indices.map { Cursor(run: $0, waiting: runs[$0].indices) }
    let all = runs.indices.flatMap { run in
      runs[run].indices.map { Block(run: run, number: $0) }
    }
    blocks = all.sorted {
      runs[$0.run][$0.number].lastKey
        .lexicographicallyPrecedes(runs[$1.run][$1.number].lastKey)
    }
  }

  /// How much is taken at a time.
  package struct Wanted: Sendable {
    var changes: Int
    var valueBytes: Int

    /// Makes it: about so many changes or bytes of values.
    package init(changes: Int, valueBytes: Int) {
      self.changes = changes
      self.valueBytes = valueBytes
    }
  }

  /// Takes the next keys' changes.
  ///
  /// - Parameters:
  ///   - wanted: when it is enough.
  ///   - read: fills memory with the bytes of a block that stand behind the values.
  ///   - putValues: takes the values of some changes, which are these bytes of a block's values, and
  ///     says where they begin now; nil where they are not wanted.
  /// - Returns: all changes of the keys that come next, in no order; nil when none are left.
  package mutating func next<Failure: Error>(
    _ wanted: Wanted,
    read: (RunBlock, UnsafeMutableRawBufferPointer) throws(Failure) -> Void,
    putValues: ((RunBlock, Range<Int>) throws(Failure) -> UInt64)?
  ) throws(Failure) -> ChangeQueue? {
    var part = model
    while part.isEmpty, !cursors.isEmpty {
      let limit = nextLimit(wanted)
      for index in cursors.indices {
        repeat {
          if cursors[index].isEmpty { try load(index, read) }
          try cursors[index].take(upTo: limit, into: &part, putValues)
        } while cursors[index].isEmpty && !cursors[index].waiting.isEmpty
      }
      cursors.removeAll { $0.isEmpty }
    }
    return part.isEmpty ? nil : part
  }

  /// The key up to which about as much lies as is wanted, behind what was taken before; nil for all
  /// there is.
  ///
  /// Counted are the blocks that end there. Of others a part is taken, of as many as had been begun
  /// before: only in the beginning none had.
  private mutating func nextLimit(_ wanted: Wanted) -> [UInt8]? {
    let begun = takenCount == 0 ? runs.compactMap(\.first) : []
    var changes = begun.reduce(0) { $0 + $1.changeCount / 2 }
    var valueBytes = begun.reduce(0) { $0 + $1.valueByteCount / 2 }
    while takenCount < blocks.count - 1 {
      let block = runs[blocks[takenCount].run][blocks[takenCount].number]
      takenCount += 1
      changes += block.changeCount
      valueBytes += block.valueByteCount
      if changes >= wanted.changes || valueBytes >= wanted.valueBytes { return block.lastKey }
    }
    return nil
  }

  private mutating func load<Failure: Error>(
    _ index: Int, _ read: (RunBlock, UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    guard let number = cursors[index].waiting.popFirst() else { return }
    let block = runs[cursors[index].run][number]
    let count = block.headByteCount
    cursors[index].bytes.removeAll()
    try read(
      block,
      UnsafeMutableRawBufferPointer(start: cursors[index].bytes.room(for: count), count: count))
    _ = cursors[index].bytes.add(count)
    cursors[index].held = block
    cursors[index].next = 0
    cursors[index].nextValue = 0
  }
}

extension RunMerge.Cursor {
  /// Moves changes whose keys are not above a limit to a part; all of them where there is none.
  fileprivate mutating func take<Failure: Error>(
    upTo limit: [UInt8]?, into part: inout ChangeQueue,
    _ putValues: ((RunBlock, Range<Int>) throws(Failure) -> UInt64)?
  ) throws(Failure) {
    guard let held else { return }
    let all = bytes.bytes
    let start = held.changeCount * MemoryLayout<PackedChange>.stride
    let changes = UnsafeRawBufferPointer(rebasing: all[..<start])
      .assumingMemoryBound(to: PackedChange.self)
    let keys = UnsafeRawBufferPointer(rebasing: all[start...])
    let end =
      limit.map { limit in
        limit.withUnsafeBytes { changes.end(of: next..<changes.count, upTo: $0, keys: keys) }
      } ?? changes.count
    guard end > next else { return }
    let isLast = end == changes.count
    let keyBytes = changes[next].keyOffset..<(isLast ? keys.count : changes[end].keyOffset)
    let valueCount = changes[next..<end].reduce(0) { $0 + ($1.isCarried ? Int($1.valueCount) : 0) }
    let valueBytes = nextValue..<nextValue + valueCount
    var newStart: UInt64 = 0
    if let putValues, !valueBytes.isEmpty { newStart = try putValues(held, valueBytes) }
    part.append(
      UnsafeBufferPointer(rebasing: changes[next..<end]),
      keys: UnsafeRawBufferPointer(rebasing: keys[keyBytes]), from: keyBytes.lowerBound,
      values: valueBytes.lowerBound, at: newStart)
    next = end
    nextValue = valueBytes.upperBound
  }
}

extension UnsafeBufferPointer<PackedChange> {
  /// The end of those changes in a stretch, ascending by key, whose keys are not above a limit.
  fileprivate func end(
    of stretch: Range<Int>, upTo limit: UnsafeRawBufferPointer, keys: UnsafeRawBufferPointer
  ) -> Int {
    var rest = stretch
    while !rest.isEmpty {
      let middle = rest.lowerBound + rest.count / 2
      let key = keys[self[middle].keyOffset...].prefix(Int(self[middle].keyCount))
      if limit.lexicographicallyPrecedes(key) {
        rest = rest.lowerBound..<middle
      } else {
        rest = middle + 1..<rest.upperBound
      }
    }
    return rest.lowerBound
  }
}
