import CPrefetch
package import ChangeModel

/// The changes of one collection that were admitted and not yet released, in the order in which they
/// were admitted.
package struct ChangeQueue: Sendable {
  var changes: [PackedChange] = []
  /// So many of the changes there is room for have memory by now.
  var readyCount = 0
  /// What the changes are told from; known to all queues that changes of this one go to.
  private var origins: [ChangeOrigin] = []
  /// By lineage, the origin that fitted last.
  private var lastOrigins: [UInt32: Int] = [:]
  /// The origin of the change that was admitted last.
  private var lastOrigin = 0
  /// The bytes of their keys.
  var keys: [UInt8] = []
  /// The distinct sets of columns that changes name, by the collection's column indexes.
  package internal(set) var shapes: [ColumnSet] = []
  /// The block of values that left memory with their changes, and came back.
  package var carriedBlock: UInt32 = 0
  /// Whether some change moves a row from one key to another.
  package private(set) var hasMoves = false

  /// Makes an empty queue.
  package init() {}

  /// The change's key: canonical bytes.
  package func key(of change: SequencedChange) -> ArraySlice<UInt8> {
    keys[change.keyOffset..<change.keyOffset + Int(change.keyCount)]
  }

  /// The key that the row had before the change moved it; empty where it did not.
  package func oldKey(of change: SequencedChange) -> ArraySlice<UInt8> {
    guard change.isMove else { return [] }
    let start = change.keyOffset + Int(change.keyCount) + PackedChange.oldKeyHead
    return keys[start..<start + Int(change.oldKeyCount)]
  }
}

extension ChangeQueue {
  /// The changes that move rows from one key to another.
  package var moves: [SequencedChange] {
    hasMoves ? changes.indices.filter { changes[$0].isMove }.map { self[$0] } : []
  }

  func key(of change: PackedChange) -> ArraySlice<UInt8> {
    keys[change.keyOffset..<change.keyOffset + Int(change.keyCount)]
  }

  /// How many changes there are.
  package var count: Int { changes.count }

  var isEmpty: Bool { changes.isEmpty }

  /// A change, by its place in the order of admission.
  package subscript(index: Int) -> SequencedChange {
    keys.withUnsafeBytes { keys in
      changes[index].change(
        from: origins[Int(changes[index].origin)], keys: keys, carriedBlock: carriedBlock)
    }
  }

  /// The changes at some places.
  package func changes(at places: Range<Int>) -> [SequencedChange] { places.map { self[$0] } }

  /// The changes as memory, for whoever looks at many of them.
  func withMemory<Result>(_ use: (ChangeMemory) -> Result) -> Result {
    changes.withUnsafeBufferPointer { changes in
      origins.withUnsafeBufferPointer { origins in
        keys.withUnsafeBytes { keys in
          shapes.withUnsafeBufferPointer { shapes in
            use(
              ChangeMemory(
                changes: changes, origins: origins, keys: keys, shapes: shapes,
                carriedBlock: carriedBlock))
          }
        }
      }
    }
  }
}

/// The changes of a queue and their keys, as memory.
struct ChangeMemory {
  let changes: UnsafeBufferPointer<PackedChange>
  fileprivate let origins: UnsafeBufferPointer<ChangeOrigin>
  let keys: UnsafeRawBufferPointer
  /// The sets of columns; see ``ChangeQueue/shapes``.
  let shapes: UnsafeBufferPointer<ColumnSet>
  let carriedBlock: UInt32

  /// Where the values of a change are.
  func values(of change: PackedChange) -> ValuePlace {
    let origin = origins[Int(change.origin)]
    return ValuePlace(
      decoder: origin.decoder, block: change.isCarried ? carriedBlock : origin.valueBlock,
      offset: change.valueOffset)
  }

  /// Asks for a change that is wanted soon: changes lie in the order of admission.
  @inline(__always)
  func prefetch(_ index: UInt32) {
    guard let start = changes.baseAddress else { return }
    CPrefetch.prefetch(start + Int(index), MemoryLayout<PackedChange>.size)
  }

  /// Asks for a change's key.
  @inline(__always)
  func prefetchKey(of change: PackedChange) {
    guard let start = keys.baseAddress else { return }
    CPrefetch.prefetch(start + change.keyOffset, 1)
  }

  /// A change, by its place in the queue.
  @inline(__always)
  subscript(index: UInt32) -> SequencedChange {
    let packed = changes[Int(index)]
    return packed.change(
      from: origins[Int(packed.origin)], keys: keys, carriedBlock: carriedBlock)
  }
}

extension ChangeQueue {
  mutating func append(
    _ change: Change, keyBytes: UnsafeBufferPointer<UInt8>, values: ValuePlace, file: UInt32,
    lineage: UInt32, shape: UInt32
  ) {
    let offset = keys.count
    keys.append(contentsOf: UnsafeBufferPointer(rebasing: keyBytes[change.key.indices]))
    let isMove = change.flags.contains(.keyMove)
    if isMove {
      withUnsafeBytes(of: UInt32(change.oldKey.count)) { keys.append(contentsOf: $0) }
      keys.append(contentsOf: UnsafeBufferPointer(rebasing: keyBytes[change.oldKey.indices]))
      hasMoves = true
    }
    var values = values
    values.offset += UInt64(change.values.offset)
    append(
      SequencedChange(
        position: change.position, eventTime: change.eventTime, counter: change.counter,
        recordOffset: change.recordOffset, values: values, keyOffset: offset,
        keyCount: change.key.count, oldKeyCount: change.oldKey.count,
        valueCount: change.values.count, recordIndex: change.recordIndex, file: file,
        phase: change.flags.contains(.snapshot) ? 0 : 1, lineage: lineage, shape: shape,
        operation: change.operation, isMove: isMove))
  }

  /// Appends a change whose keys are there.
  @inline(__always)
  private mutating func append(_ change: SequencedChange) {
    if lastOrigin < origins.count,
      let packed = PackedChange(change, from: origins[lastOrigin], number: lastOrigin)
    {
      changes.append(packed)
    } else {
      changes.append(packFromAnother(change))
    }
  }

  /// Packs a change that has another origin than the one before.
  private mutating func packFromAnother(_ change: SequencedChange) -> PackedChange {
    if let known = lastOrigins[change.lineage],
      let packed = PackedChange(change, from: origins[known], number: known)
    {
      lastOrigin = known
      return packed
    }
    lastOrigin = origins.count
    lastOrigins[change.lineage] = lastOrigin
    origins.append(ChangeOrigin(of: change))
    guard let packed = PackedChange(change, from: origins[lastOrigin], number: lastOrigin) else {
      preconditionFailure("a change does not fit its own origin")
    }
    return packed
  }

  /// Appends changes of another queue, whose origins this one knows.
  ///
  /// - Parameters:
  ///   - moreKeys: their keys, in their order and nothing else; the first begins at `keyStart` there.
  ///   - valueStart: where the first values were that are carried; the others' lie behind them.
  ///   - newValueStart: where they are now.
  mutating func append(
    _ more: UnsafeBufferPointer<PackedChange>, keys moreKeys: UnsafeRawBufferPointer,
    from keyStart: Int, values valueStart: Int, at newValueStart: UInt64
  ) {
    let newKeyStart = keys.count
    let first = changes.count
    keys.append(contentsOf: moreKeys)
    changes.append(contentsOf: more)
    changes.withUnsafeMutableBufferPointer { changes in
      for index in first..<changes.count {
        changes[index].keyOffset += newKeyStart - keyStart
        guard changes[index].isCarried else { continue }
        changes[index].valueOffset =
          changes[index].valueOffset - UInt64(valueStart) + newValueStart
      }
    }
  }

  /// Keeps the changes that are wanted, each as it is then.
  mutating func revise(_ revised: (SequencedChange) -> SequencedChange?) {
    let all = changes.count
    var kept = 0
    for index in 0..<all {
      guard let change = revised(self[index]) else { continue }
      changes[kept] = packFromAnother(change)
      kept += 1
    }
    changes.removeLast(all - kept)
  }

  /// Forgets all changes, and keeps their memory.
  mutating func removeAll() {
    changes.removeAll(keepingCapacity: true)
    keys.removeAll(keepingCapacity: true)
  }

  /// What is known of all its changes, without them and their memory.
  var emptied: ChangeQueue {
    var queue = ChangeQueue()
    queue.shapes = shapes
    queue.hasMoves = hasMoves
    queue.origins = origins
    return queue
  }
}
