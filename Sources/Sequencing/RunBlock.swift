import ChangeModel

/// Some keys' changes as they are put aside with the values that they carry: a stretch of a run,
/// whose blocks ascend by key.
///
/// Its bytes are the changes, their keys, and the values, each in the order of the changes.
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

  /// How many of them come before the values.
  package var headByteCount: Int {
    changeCount * MemoryLayout<PackedChange>.stride + keyByteCount
  }
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
  private let values = ValueBlock()
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
      || values.count >= valueBytesWanted
  }

  /// Adds a change, whose key and values lie elsewhere.
  ///
  /// - Parameter bytes: the values; nil where they stay where they are.
  mutating func append(
    _ change: PackedChange, key: UnsafeRawBufferPointer, values bytes: UnsafeRawBufferPointer?
  ) {
    var change = change
    change.keyOffset = keys.count
    if let bytes {
      change.carryValues(at: UInt64(values.count))
      values.append(bytes)
    }
    lastKey = keys.count..<keys.count + Int(change.keyCount)
    withUnsafeBytes(of: change) { changes.append($0) }
    keys.append(key)
  }

  /// Puts the block aside, and begins the next.
  mutating func flush<Failure: Error>(
    _ put: Sequencer.PutAside<Failure>
  ) throws(Failure) -> RunBlock {
    let offset = try put(part, [changes.bytes, keys.bytes, values.bytes])
    defer {
      changes.removeAll()
      keys.removeAll()
      values.removeAll()
    }
    return RunBlock(
      changeCount: changes.count / MemoryLayout<PackedChange>.stride, keyByteCount: keys.count,
      valueByteCount: values.count, lastKey: Array(keys.bytes[lastKey]), part: part,
      offset: offset)
  }
}

extension ValueBlock {
  fileprivate func append(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    room(for: bytes.count).copyMemory(from: start, byteCount: bytes.count)
    _ = add(bytes.count)
  }
}
