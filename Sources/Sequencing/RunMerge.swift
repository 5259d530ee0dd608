package import ChangeModel

/// Brings together the runs of a collection, the changes of some keys at a time, ascending by key.
///
/// Holds one block of each run. Does no input: it is given the blocks that it asks for.
package struct RunMerge: Sendable {
  /// One run: the block that is in memory, and those that are not yet.
  private struct Cursor: Sendable {
    let run: Int
    /// The indexes of the blocks that are still to be read.
    var waiting: Range<Int>
    var held = ChangeQueue()
    /// The first change of the held block that was not taken.
    var next = 0

    var isEmpty: Bool { next == held.count }
    /// The greatest key of the held block.
    var lastKey: ArraySlice<UInt8>? { held.lastKey }

    /// Moves changes whose keys are not above a limit to a part; all of them where there is none.
    mutating func take(upTo limit: ArraySlice<UInt8>?, into part: inout ChangeQueue) {
      while !isEmpty {
        let change = held.changes[next]
        if let limit, limit.lexicographicallyPrecedes(held.key(of: change)) { return }
        part.append(change, of: held.keys)
        next += 1
      }
    }
  }

  private let runs: [[RunBlock]]
  private var cursors: [Cursor]
  /// An empty queue that knows what all of the collection's changes have in common.
  private let model: ChangeQueue

  /// Makes a merge of the blocks of a collection's runs.
  ///
  /// - Parameter model: what is known of all its changes; see ``Sequencer/model(of:)``.
  package init(_ runs: [[RunBlock]], of model: ChangeQueue) {
    self.runs = runs
    self.model = model
    cursors = runs.indices.map { Cursor(run: $0, waiting: runs[$0].indices) }
  }

  /// Takes the next keys' changes.
  ///
  /// - Parameters:
  ///   - wanted: at least so many changes are taken, while there are any.
  ///   - read: fills memory with the bytes of a run's block.
  /// - Returns: all changes of the keys that come next, in no order; nil when none are left.
  package mutating func next<Failure: Error>(
    _ wanted: Int,
    read: (Int, Int, UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) -> ChangeQueue? {
    var part = model
    while part.count < wanted {
      for index in cursors.indices where cursors[index].isEmpty { try load(index, read) }
      cursors.removeAll { $0.isEmpty }
      if cursors.isEmpty { break }
      // Up to the least of these no block that is not yet read can hold a key.
      let limit = cursors.filter { !$0.waiting.isEmpty }.compactMap(\.lastKey)
        .min { $0.lexicographicallyPrecedes($1) }
      for index in cursors.indices { cursors[index].take(upTo: limit, into: &part) }
    }
    return part.isEmpty ? nil : part
  }

  private mutating func load<Failure: Error>(
    _ index: Int, _ read: (Int, Int, UnsafeMutableRawBufferPointer) throws(Failure) -> Void
  ) throws(Failure) {
    guard let number = cursors[index].waiting.popFirst() else { return }
    let run = cursors[index].run
    let block = runs[run][number]
    let bytes = UnsafeMutableRawBufferPointer.allocate(
      byteCount: block.byteCount, alignment: MemoryLayout<PackedChange>.alignment)
    defer { bytes.deallocate() }
    try read(run, number, bytes)
    let changes = block.changeCount * MemoryLayout<PackedChange>.stride
    cursors[index].held.fill(
      changes: UnsafeRawBufferPointer(rebasing: bytes[..<changes]),
      keys: UnsafeRawBufferPointer(rebasing: bytes[changes...]))
    cursors[index].next = 0
  }
}
