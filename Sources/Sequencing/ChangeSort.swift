import ChangeModel

/// Orders changes by key (as bytes) and rank, and finds the stretches that share a key.
///
/// Keys of a table begin alike ("user-…"): the eight bytes behind what all of them share decide
/// nearly always, and of these only some bits. A change is sorted as one word, in linear time: those
/// bits, and behind them its index. Only stretches of which the bits are equal are compared further,
/// those of many changes on all cores.
struct ChangeSort {
  /// Indexes into the queue's changes, ordered by key and rank.
  private(set) var order: [UInt32] = []
  /// The stretches of `order` that share a key.
  private(set) var groups: [OrderedChanges.Group] = []
  /// Those of them that hold two lineages of one phase.
  private(set) var parallel: [OrderedChanges.Group] = []

  /// A part has at least so many changes: fewer are not worth another thread.
  private static let partCount = 1 << 16

  init(_ queue: ChangeQueue, files: [FileStamp]) {
    if queue.isEmpty { return }
    queue.withMemory { memory in
      let keys = ChangeKeys(memory, stretches: Self.stretches(of: memory.changes.count))
      let (items, form) = Self.sortedItems(keys)
      defer { items.deallocate() }
      let comparison = ChangeComparison(keys: keys, files: files, form: form)
      var parts: [SortedPart] = []
      order = Array(unsafeUninitializedCapacity: items.count) { order, count in
        parts = Self.parts(items, comparison, order)
        count = items.count
      }
      groups.reserveCapacity(parts.reduce(0) { $0 + $1.groups.count })
      for part in parts {
        groups += part.groups
        parallel += part.parallel
      }
    }
  }

  /// Sorts all stretches of equal bits, and finds the groups: of as many parts at a time as there are
  /// cores.
  private static func parts(
    _ items: UnsafeMutableBufferPointer<SortItem>, _ comparison: ChangeComparison,
    _ order: UnsafeMutableBufferPointer<UInt32>
  ) -> [SortedPart] {
    let count = max(1, min(16, items.count / partCount))
    let borders = (0...count).map {
      border(of: items, comparison.form, atOrBehind: items.count * $0 / count)
    }
    // Each part is its own stretch of the items and of the order.
    nonisolated(unsafe) let (items, comparison, order) = (items, comparison, order)
    return ConcurrentParts.map(count) { index in
      let stretch = borders[index]..<borders[index + 1]
      let part = SortedPart(items, stretch, comparison)
      for place in stretch {
        order.initializeElement(at: place, to: comparison.form.index(of: items[place]))
      }
      return part
    }
  }

  /// The first place at or behind another at which other bits begin.
  private static func border(
    of items: UnsafeMutableBufferPointer<SortItem>, _ form: SortItem.Form, atOrBehind place: Int
  ) -> Int {
    var place = place
    while place > 0, place < items.count, form.areAlike(items[place], items[place - 1]) {
      place += 1
    }
    return place
  }

  /// The changes by the differing bits of their keys' prefixes, those of equal ones in the order of
  /// admission: a radix sort from the lowest bits up.
  private static func sortedItems(
    _ keys: ChangeKeys
  ) -> (UnsafeMutableBufferPointer<SortItem>, SortItem.Form) {
    let count = keys.changes.count
    let stretches = stretches(of: count)
    // Each part has its own places.
    nonisolated(unsafe) let keys = keys
    nonisolated(unsafe) var items = UnsafeMutableBufferPointer<SortItem>.allocate(capacity: count)
    nonisolated(unsafe) var spare = UnsafeMutableBufferPointer<SortItem>.allocate(capacity: count)
    defer { spare.deallocate() }
    let differences = ConcurrentParts.map(stretches.count) { part in
      fill(items, stretches[part], keys)
    }
    let form = SortItem.Form(
      differences: differences.reduce(0, |), changeCount: count)
    _ = ConcurrentParts.map(stretches.count) { part in form.make(items, stretches[part]) }
    for digit in form.digits {
      let counts = ConcurrentParts.map(stretches.count) { part in
        digit.counts(items, stretches[part])
      }
      let starts = starts(counts)
      _ = ConcurrentParts.map(stretches.count) { part in
        digit.move(items, stretches[part], to: spare, at: starts[part])
      }
      swap(&items, &spare)
    }
    return (items, form)
  }

  /// Fills in the prefixes of some changes' keys.
  ///
  /// - Returns: the bits in which they differ from the first change's.
  private static func fill(
    _ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>, _ keys: ChangeKeys
  ) -> UInt64 {
    let first = keys.prefix(0)
    var differences: UInt64 = 0
    for index in stretch {
      let prefix = keys.prefix(UInt32(index))
      differences |= prefix ^ first
      items.initializeElement(at: index, to: SortItem(word: prefix))
    }
    return differences
  }

  /// Where each part's items of each value go: behind all of lower values, and those of the same
  /// value of the parts before.
  private static func starts(_ counts: [[Int]]) -> [[Int]] {
    var starts = counts
    var sum = 0
    for value in counts[0].indices {
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
