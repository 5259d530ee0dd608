import ChangeModel

/// The keys of changes, as memory.
struct ChangeKeys {
  let memory: ChangeMemory
  private var bytes: UnsafeRawBufferPointer { memory.keys }
  /// How many bytes all keys begin with.
  private let sharedCount: Int

  var changes: UnsafeBufferPointer<PackedChange> { memory.changes }

  /// Looks for what the keys begin with.
  ///
  /// - Parameter stretches: the changes, cut into pieces that cores take.
  init(_ memory: ChangeMemory, stretches: [Range<Int>]) {
    self.memory = memory
    // Only read.
    nonisolated(unsafe) let memory = memory
    sharedCount =
      ConcurrentParts.map(stretches.count) { Self.sharedCount(memory, stretches[$0]) }.min() ?? 0
  }

  /// How many bytes some keys begin with that the first of all has too.
  private static func sharedCount(_ memory: ChangeMemory, _ stretch: Range<Int>) -> Int {
    let (changes, bytes) = (memory.changes, memory.keys)
    guard let first = changes.first else { return 0 }
    var shared = Int(first.keyCount)
    for change in changes[stretch] where shared > 0 {
      shared = min(shared, Int(change.keyCount))
      var count = 0
      while count < shared,
        bytes[change.keyOffset &+ count] == bytes[first.keyOffset &+ count]
      {
        count &+= 1
      }
      shared = count
    }
    return shared
  }

  /// Whether a key goes on behind so many bytes that follow the shared ones.
  @inline(__always)
  func reaches(_ index: UInt32, behind depth: Int) -> Bool {
    Int(changes[Int(index)].keyCount) > sharedCount &+ depth
  }

  /// A key's eight bytes behind the shared ones, and behind as many more: big-endian, so that they
  /// order as the keys do, and padded with zeros.
  @inline(__always)
  func prefix(_ index: UInt32, behind depth: Int = 0) -> UInt64 {
    let change = changes[Int(index)]
    let start = change.keyOffset + sharedCount + depth
    let count = max(0, Int(change.keyCount) - sharedCount - depth)
    if start + 8 <= bytes.count {
      let word = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      return count >= 8 ? word : count == 0 ? 0 : word & (.max << UInt64((8 - count) * 8))
    }
    var prefix: UInt64 = 0
    for place in 0..<8 {
      prefix = prefix << 8 | (place < count ? UInt64(bytes[start + place]) : 0)
    }
    return prefix
  }

  /// Compares keys that are equal up to so many bytes behind the shared ones, padded with zeros:
  /// negative, zero or positive, as memcmp does.
  @inline(__always)
  func compare(_ left: UInt32, _ right: UInt32, behind depth: Int) -> Int {
    let left = changes[Int(left)]
    let right = changes[Int(right)]
    let count = Int(min(left.keyCount, right.keyCount))
    var index = sharedCount &+ depth
    while index < count {
      let first = bytes[left.keyOffset &+ index]
      let second = bytes[right.keyOffset &+ index]
      if first != second { return first < second ? -1 : 1 }
      index &+= 1
    }
    return Int(left.keyCount) - Int(right.keyCount)
  }

  /// Whether two changes are of two lineages of one phase.
  @inline(__always)
  func areParallel(_ left: UInt32, _ right: UInt32) -> Bool {
    #if PASS_THROUGH
      return false  // so that nothing is put back into the order of several lineages
    #else
      let left = memory[left]
      let right = memory[right]
      return left.lineage != right.lineage && left.phase == right.phase
    #endif
  }
}
