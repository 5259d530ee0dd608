/// A set of whole numbers, kept as the stretches it consists of: what is known of a running count,
/// or of the numbers in file names. Never a marker: what came first says nothing of what is missing.
package struct CounterSet: Sendable, Hashable {
  /// The stretches, ascending, none touching the next.
  package private(set) var ranges: [ClosedRange<UInt64>] = []

  /// Makes an empty set.
  package init() {}

  /// Makes a set of one stretch.
  package init(_ range: ClosedRange<UInt64>) { ranges = [range] }

  /// Makes a set of stretches in any order, which may overlap.
  package init(merging stretches: [ClosedRange<UInt64>]) {
    for range in stretches.sorted(by: { $0.lowerBound < $1.lowerBound }) { insert(range) }
  }

  /// Whether there is nothing in it.
  package var isEmpty: Bool { ranges.isEmpty }
  /// The least number; nil when empty.
  package var first: UInt64? { ranges.first?.lowerBound }
  /// The greatest number; nil when empty.
  package var last: UInt64? { ranges.last?.upperBound }
  /// How many numbers there are.
  package var count: UInt64 {
    ranges.reduce(0) { $0 &+ ($1.upperBound - $1.lowerBound) &+ 1 }
  }

  /// Whether a number is in the set.
  package func contains(_ value: UInt64) -> Bool {
    let index = index(of: value)
    return index < ranges.count && ranges[index].lowerBound <= value
  }

  /// The index of the first stretch that does not end before a number.
  private func index(of value: UInt64) -> Int {
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The stretch that a number lies in; nil where it is not in the set.
  package func stretch(of value: UInt64) -> ClosedRange<UInt64>? {
    let index = index(of: value)
    return index < ranges.count && ranges[index].lowerBound <= value ? ranges[index] : nil
  }

  /// The least number of the set in a range; nil where there is none.
  package func first(in range: Range<UInt64>) -> UInt64? {
    let index = index(of: range.lowerBound)
    guard index < ranges.count else { return nil }
    let number = max(range.lowerBound, ranges[index].lowerBound)
    return number < range.upperBound ? number : nil
  }

  /// How many numbers of a range are in the set.
  package func count(in range: ClosedRange<UInt64>) -> UInt64 {
    var index = index(of: range.lowerBound)
    var count: UInt64 = 0
    while index < ranges.count, ranges[index].lowerBound <= range.upperBound {
      let common = ranges[index].clamped(to: range)
      count &+= common.upperBound - common.lowerBound &+ 1
      index += 1
    }
    return count
  }

  /// How many numbers are in both sets.
  package func count(in other: CounterSet) -> UInt64 {
    other.ranges.reduce(0) { $0 &+ count(in: $1) }
  }

  /// Adds a number.
  package mutating func insert(_ value: UInt64) {
    insert(value, limit: .max)
  }

  /// Adds a number, unless there are too many stretches: then it fills what lies before it.
  ///
  /// - Returns: whether the number and nothing else was added.
  @inline(__always)
  @discardableResult
  mutating func insert(_ value: UInt64, limit: Int) -> Bool {
    // Counts nearly always rise by one.
    let last = ranges.count - 1
    if last >= 0, value > 0, ranges[last].upperBound == value - 1 {
      ranges[last] = ranges[last].lowerBound...value
      return true
    }
    return insertElsewhere(value, limit: limit)
  }

  @inline(never)
  private mutating func insertElsewhere(_ value: UInt64, limit: Int) -> Bool {
    guard let last = ranges.last, ranges.count >= limit, !contains(value) else {
      insert(value...value)
      return true
    }
    // One stretch must not become two: from the one below up to here.
    let low = value > last.upperBound ? last.lowerBound : value
    let above = ranges[min(index(of: value), ranges.count - 1)].lowerBound
    insert(low...max(value, value < above ? above : value))
    return false
  }

  /// Adds a stretch.
  package mutating func insert(_ range: ClosedRange<UInt64>) {
    var low = range.lowerBound
    var high = range.upperBound
    let start = index(of: low == 0 ? 0 : low - 1)
    var end = start
    while end < ranges.count, ranges[end].lowerBound <= (high == .max ? high : high + 1) {
      low = min(low, ranges[end].lowerBound)
      high = max(high, ranges[end].upperBound)
      end += 1
    }
    ranges.replaceSubrange(start..<end, with: [low...high])
  }

  /// Adds every number of another set.
  package mutating func formUnion(_ other: CounterSet) {
    for range in other.ranges { insert(range) }
  }

  /// The numbers of both sets.
  package func union(_ other: CounterSet) -> CounterSet {
    CounterSet(merging: ranges + other.ranges)
  }

  /// The stretches that are missing between the least and the greatest number.
  package var holes: [ClosedRange<UInt64>] {
    zip(ranges, ranges.dropFirst()).map { ($0.upperBound + 1)...($1.lowerBound - 1) }
  }
}
