import ChangeModel

/// Some keys' changes as they are put aside with the values that they carry: a stretch of a run,
/// whose blocks ascend by key.
///
/// Its bytes are the values, the changes, and their keys, each in the order of the changes.
package struct RunBlock: Sendable {
  let changeCount: Int
  let keyByteCount: Int
  package let valueByteCount: Int
  /// The greatest of its keys.
  let lastKey: [UInt8]
  /// Which core put it aside.
  package let part: Int
  /// Where it begins among what that core put aside.
  package let offset: UInt64

  /// How many bytes it has.
  package var byteCount: Int { headByteCount + valueByteCount }

  /// How many of them stand behind the values, and where these begin.
  package var headByteCount: Int {
    changeCount * MemoryLayout<PackedChange>.stride + keyByteCount
  }
  package var headOffset: UInt64 { offset + UInt64(valueByteCount) }
}

/// Gathers the changes of a block.
struct RunBlockWriter: ~Copyable {
  /// Which core writes.
  let part: Int
  /// A block ends with the key that reaches so many changes, or so many bytes of values.
  private let changesWanted: Int
  private var valueBytesWanted: Int { changesWanted * 512 }
  private let changes = ValueBlock()
  private let keys = ValueBlock()
  /// Those that were not put aside yet: one key may have more than there is memory for.
  private let values = ValueBlock()
  private var valueByteCount = 0
  private var start: UInt64?
  private var lastKey = 0..<0

  /// Merging holds a block of each run. The more runs there are, the smaller are the blocks of the
  /// next: that of a hundred times the runs takes a few times the memory.
  init(_ part: Int, runCount: Int) {
    self.part = part
    changesWanted = max(64, 2048 * 32 / (32 + runCount))
  }

  var isEmpty: Bool { changes.count == 0 }

  /// Whether it should end with the key at hand.
  var isFull: Bool {
    changes.count >= changesWanted * MemoryLayout<PackedChange>.stride
      || valueByteCount >= valueBytesWanted || keys.count >= valueBytesWanted
  }

  /// Adds a change, whose key and values lie elsewhere.
  ///
  /// - Parameter bytes: the values; nil where they stay where they are.
  mutating func append<Failure: Error>(
    _ change: PackedChange, key: UnsafeRawBufferPointer, values bytes: UnsafeRawBufferPointer?,
    _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) {
    var change = change
    change.keyOffset = keys.count
    if let bytes {
      change.carryValues(at: UInt64(valueByteCount))
      values.append(bytes)
      valueByteCount += bytes.count
      if values.count >= valueBytesWanted { try putValues(put) }
    }
    lastKey = keys.count..<keys.count + Int(change.keyCount)
    withUnsafeBytes(of: change) { changes.append($0) }
    keys.append(key)
  }

  /// Puts the block aside, and begins the next.
  mutating func flush<Failure: Error>(
    _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> RunBlock {
    try putValues(put)
    _ = try put(part, changes.bytes)
    _ = try put(part, keys.bytes)
    defer {
      changes.removeAll()
      keys.removeAll()
      valueByteCount = 0
      start = nil
    }
    return RunBlock(
      changeCount: changes.count / MemoryLayout<PackedChange>.stride, keyByteCount: keys.count,
      valueByteCount: valueByteCount, lastKey: Array(keys.bytes[lastKey]), part: part,
      offset: start ?? 0)
  }

  private mutating func putValues<Failure: Error>(
    _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) {
    let offset = try put(part, values.bytes)
    start = start ?? offset
    values.removeAll()
  }
}

extension ValueBlock {
  fileprivate func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    room(for: bytes.count).copyMemory(from: start, byteCount: bytes.count)
    _ = add(bytes.count)
  }
}
