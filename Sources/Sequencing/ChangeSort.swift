import ChangeModel

/// Orders changes by key (as bytes) and rank, and finds the stretches that share a key.
///
/// Keys of a table begin alike ("user-…"): the eight bytes behind what all of them share decide
/// nearly always. Changes are sorted by those as numbers, in linear time; only stretches of which
/// they are equal are compared further, those of many changes on all cores.
struct ChangeSort {
  /// Indexes into the queue's changes, ordered by key and rank.
  private(set) var order: [UInt32] = []
  /// The stretches of `order` that share a key.
  private(set) var groups: [OrderedChanges.Group] = []
  /// Those of them that hold two lineages of one phase.
  private(set) var parallel: [OrderedChanges.Group] = []

  /// What a sort moves about.
  fileprivate struct Item {
    /// The key's bytes behind the shared ones, big-endian, padded with zeros.
    var prefix: UInt64
    var index: UInt32
    /// How many bytes the key has: enough to compare keys that end within the prefix.
    var keyCount: UInt32
  }

  /// The groups of a part of the items.
  fileprivate struct Part: Sendable {
    var groups: [OrderedChanges.Group] = []
    var parallel: [OrderedChanges.Group] = []
    /// Of no use, but a reason to read.
    var touched: UInt64 = 0
  }

  /// A part has at least so many changes: fewer are not worth another thread.
  private static let partCount = 1 << 16

  init(_ queue: ChangeQueue, files: [FileStamp]) {
    queue.withMemory { memory in
      let keys = Keys(memory)
      let items = Self.sortedByPrefix(keys)
      defer { items.deallocate() }
      for part in Self.parts(items, keys, files) {
        groups += part.groups
        parallel += part.parallel
      }
      order = items.map(\.index)
    }
  }

  /// Sorts all stretches of one prefix, and finds the groups: of as many parts at a time as there are
  /// cores.
  private static func parts(
    _ items: UnsafeMutableBufferPointer<Item>, _ keys: Keys, _ files: [FileStamp]
  ) -> [Part] {
    let count = max(1, min(16, items.count / partCount))
    let borders = (0...count).map { border(of: items, atOrBehind: items.count * $0 / count) }
    // Each part is its own stretch of the items.
    nonisolated(unsafe) let (items, keys) = (items, keys)
    return ConcurrentParts.map(count) { index in
      var part = Part()
      part.sort(items, borders[index]..<borders[index + 1], keys, files)
      return part
    }
  }

  /// The first place at or behind another at which a new prefix begins.
  private static func border(
    of items: UnsafeMutableBufferPointer<Item>, atOrBehind place: Int
  ) -> Int {
    var place = place
    while place > 0, place < items.count, items[place].prefix == items[place - 1].prefix {
      place += 1
    }
    return place
  }

  /// The changes by the prefixes of their keys, those of equal ones in the order of admission: a
  /// radix sort from the lowest byte up, which passes over bytes that all have in common.
  private static func sortedByPrefix(_ keys: Keys) -> UnsafeMutableBufferPointer<Item> {
    let count = keys.changes.count
    let stretches = stretches(of: count)
    // Each part has its own places.
    nonisolated(unsafe) let keys = keys
    nonisolated(unsafe) var items = UnsafeMutableBufferPointer<Item>.allocate(capacity: count)
    nonisolated(unsafe) var spare = UnsafeMutableBufferPointer<Item>.allocate(capacity: count)
    defer { spare.deallocate() }
    let differences = ConcurrentParts.map(stretches.count) { part in
      fill(items, stretches[part], keys)
    }
    let difference = differences.reduce(0, |)
    for shift in stride(from: 0 as UInt64, to: 64, by: 8) where difference >> shift & 0xFF != 0 {
      let counts = ConcurrentParts.map(stretches.count) { part in
        Self.counts(items, stretches[part], shift)
      }
      let starts = starts(counts)
      _ = ConcurrentParts.map(stretches.count) { part in
        var next = starts[part]
        for item in items[stretches[part]] {
          let value = Int(truncatingIfNeeded: item.prefix >> shift & 0xFF)
          spare.initializeElement(at: next[value], to: item)
          next[value] += 1
        }
      }
      swap(&items, &spare)
    }
    return items
  }

  /// Makes items of some changes.
  ///
  /// - Returns: the bits in which their prefixes differ from the first change's.
  private static func fill(
    _ items: UnsafeMutableBufferPointer<Item>, _ stretch: Range<Int>, _ keys: Keys
  ) -> UInt64 {
    if stretch.isEmpty { return 0 }
    let first = keys.prefix(0)
    var difference: UInt64 = 0
    for index in stretch {
      let prefix = keys.prefix(UInt32(index))
      difference |= prefix ^ first
      items.initializeElement(
        at: index,
        to: Item(
          prefix: prefix, index: UInt32(index), keyCount: keys.changes[index].keyCount))
    }
    return difference
  }

  /// How many items have each value of a byte of their prefixes.
  private static func counts(
    _ items: UnsafeMutableBufferPointer<Item>, _ stretch: Range<Int>, _ shift: UInt64
  ) -> [Int] {
    var counts = Array(repeating: 0, count: 256)
    for item in items[stretch] { counts[Int(truncatingIfNeeded: item.prefix >> shift & 0xFF)] += 1 }
    return counts
  }

  /// Where each part's items of each value go: behind all of lower values, and those of the same
  /// value of the parts before.
  private static func starts(_ counts: [[Int]]) -> [[Int]] {
    var starts = counts
    var sum = 0
    for value in 0..<256 {
      for part in counts.indices {
        starts[part][value] = sum
        sum += counts[part][value]
      }
    }
    return starts
  }

  /// Stretches of so many items, one for each part.
  private static func stretches(of count: Int) -> [Range<Int>] {
    let parts = max(1, min(16, count / partCount))
    return (0..<parts).map { count * $0 / parts..<count * ($0 + 1) / parts }
  }
}

extension ChangeSort.Part {
  /// Sorts the stretches of one prefix among items that are sorted by it, and finds their groups.
  fileprivate mutating func sort(
    _ items: UnsafeMutableBufferPointer<ChangeSort.Item>, _ part: Range<Int>, _ keys: Keys,
    _ files: [FileStamp]
  ) {
    groups.reserveCapacity(part.count / 2)
    var start = part.lowerBound
    var touchedEnd = start
    while start < part.upperBound {
      if start >= touchedEnd {
        touchedEnd = min(part.upperBound, start + Self.touchedItems)
        touched &+= Self.touch(items, start..<touchedEnd, keys)
      }
      var end = start + 1
      while end < part.upperBound, items[end].prefix == items[start].prefix { end += 1 }
      if end - start > 1 { Self.sort(items, start..<end, keys, files) }
      group(items, start..<end, keys)
      start = end
    }
  }

  /// So many items' changes are touched at a time.
  private static let touchedItems = 64

  /// Reads a little of each change that will be compared; see ``OrderedChanges/touch(_:)``.
  private static func touch(
    _ items: UnsafeMutableBufferPointer<ChangeSort.Item>, _ stretch: Range<Int>, _ keys: Keys
  ) -> UInt64 {
    var sum: UInt64 = 0
    for index in stretch.dropFirst() where items[index].prefix == items[index - 1].prefix {
      sum &+= keys.changes[Int(items[index - 1].index)].ends
      sum &+= keys.changes[Int(items[index].index)].ends
    }
    return sum
  }

  /// Finds the groups of a sorted stretch of one prefix.
  private mutating func group(
    _ items: UnsafeMutableBufferPointer<ChangeSort.Item>, _ stretch: Range<Int>, _ keys: Keys
  ) {
    var start = stretch.lowerBound
    var isParallel = false
    for index in stretch.dropFirst() {
      let (left, right) = (items[index - 1], items[index])
      if Self.compare(left, right, keys) == 0 {
        isParallel = isParallel || keys.areParallel(left.index, right.index)
      } else {
        append(start..<index, isParallel: isParallel)
        start = index
        isParallel = false
      }
    }
    append(start..<stretch.upperBound, isParallel: isParallel)
  }

  private mutating func append(_ stretch: Range<Int>, isParallel: Bool) {
    let group = OrderedChanges.Group(
      start: UInt32(stretch.lowerBound), count: UInt32(stretch.count))
    groups.append(group)
    if isParallel { parallel.append(group) }
  }

  /// Compares keys that have one prefix: negative, zero or positive, as memcmp does.
  @inline(__always)
  private static func compare(_ left: ChangeSort.Item, _ right: ChangeSort.Item, _ keys: Keys)
    -> Int
  {
    if max(left.keyCount, right.keyCount) <= keys.prefixEnd {
      return Int(left.keyCount) - Int(right.keyCount)
    }
    return keys.compare(left.index, right.index)
  }

  /// Keys that are equal so far are compared whole.
  private static let depthMax = 64

  /// Sorts changes of one prefix.
  ///
  /// - Parameter depth: how many bytes behind those that all keys share are the prefix.
  private static func sort(
    _ items: UnsafeMutableBufferPointer<ChangeSort.Item>, _ stretch: Range<Int>, _ keys: Keys,
    _ files: [FileStamp], depth: Int = 8
  ) {
    if stretch.count <= 16 { return sortFew(items, stretch, keys, files) }
    var long = UnsafeMutableBufferPointer(rebasing: items[stretch])
    // Keys of several columns begin alike: then the next eight bytes decide.
    guard depth < depthMax, long.contains(where: { keys.reaches($0.index, behind: depth) }) else {
      return long.sort { precedes($0, $1, keys, files) }
    }
    for place in long.indices { long[place].prefix = keys.prefix(long[place].index, behind: depth) }
    long.sort { $0.prefix < $1.prefix }
    var start = stretch.lowerBound
    while start < stretch.upperBound {
      var end = start + 1
      while end < stretch.upperBound, items[end].prefix == items[start].prefix { end += 1 }
      if end - start > 1 { sort(items, start..<end, keys, files, depth: depth + 8) }
      start = end
    }
  }

  /// Sorts changes that are few, and nearly in order, since logs are read forward.
  private static func sortFew(
    _ items: UnsafeMutableBufferPointer<ChangeSort.Item>, _ stretch: Range<Int>, _ keys: Keys,
    _ files: [FileStamp]
  ) {
    for end in stretch.dropFirst() {
      let item = items[end]
      var place = end
      while place > stretch.lowerBound, precedes(item, items[place - 1], keys, files) {
        items[place] = items[place - 1]
        place -= 1
      }
      items[place] = item
    }
  }

  /// Whether a change comes before another of its prefix.
  @inline(__always)
  private static func precedes(
    _ left: ChangeSort.Item, _ right: ChangeSort.Item, _ keys: Keys, _ files: [FileStamp]
  ) -> Bool {
    let order = compare(left, right, keys)
    if order != 0 { return order < 0 }
    let first = keys.memory[left.index]
    let second = keys.memory[right.index]
    #if PASS_THROUGH
      // The changes of a key stay as they arrived: in the order of the files and in it.
      return (first.file, first.recordIndex) < (second.file, second.recordIndex)
    #else
      // Lineages of one phase stand apart, since `<` has cycles among three of two lineages.
      if first.lineage != second.lineage, first.phase == second.phase {
        return first.lineage < second.lineage
      }
      return OrderedChanges.rank(of: first, files: files)
        < OrderedChanges.rank(of: second, files: files)
    #endif
  }
}

/// The keys of changes, as memory.
private struct Keys {
  let memory: ChangeMemory
  private var bytes: UnsafeRawBufferPointer { memory.keys }
  /// How many bytes all keys begin with.
  private let sharedCount: Int

  /// Where the bytes end that prefixes hold.
  var prefixEnd: Int { sharedCount + 8 }

  var changes: UnsafeBufferPointer<PackedChange> { memory.changes }

  init(_ memory: ChangeMemory) {
    self.memory = memory
    let (changes, bytes) = (memory.changes, memory.keys)
    guard let first = changes.first else {
      sharedCount = 0
      return
    }
    var shared = Int(first.keyCount)
    for change in changes where shared > 0 {
      shared = min(shared, Int(change.keyCount))
      var count = 0
      while count < shared,
        bytes[change.keyOffset &+ count] == bytes[first.keyOffset &+ count]
      {
        count &+= 1
      }
      shared = count
    }
    sharedCount = shared
  }

  /// Whether a key goes on behind so many bytes that follow the shared ones.
  @inline(__always)
  func reaches(_ index: UInt32, behind depth: Int) -> Bool {
    Int(changes[Int(index)].keyCount) > sharedCount &+ depth
  }

  /// A key's eight bytes behind the shared ones, and behind as many more.
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

  /// Compares keys that have one prefix: negative, zero or positive, as memcmp does.
  @inline(__always)
  func compare(_ left: UInt32, _ right: UInt32) -> Int {
    let left = changes[Int(left)]
    let right = changes[Int(right)]
    let count = Int(min(left.keyCount, right.keyCount))
    var index = sharedCount + 8
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
