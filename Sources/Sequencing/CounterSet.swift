/// A set of whole numbers, kept as the stretches it consists of: what is known of a running count,
/// or of the numbers in file names. Never a marker: what came first says nothing of what is missing.
package struct CounterSet: Sendable, Hashable {
  /// The stretches, ascending, none touching the next.
  package private(set) var ranges: [ClosedRange<UInt64>] = []

  /// Makes an empty set.
  package init() {}

  /// Makes a set of one stretch.
  package init(_ range: ClosedRange<UInt64>) { ranges = [range] }

  /// Whether there is nothing in it.
  package var isEmpty: Bool { ranges.isEmpty }
  /// The least number; nil when empty.
  package var first: UInt64? { ranges.first?.lowerBound }
  /// The greatest number; nil when empty.
  package var last: UInt64? { ranges.last?.upperBound }
  /// How many numbers there are.
  package var count: UInt64 {
    ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) + 1 }
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

  /// Adds a number.
  package mutating func insert(_ value: UInt64) {
    // Counts nearly always rise by one.
    if let last = ranges.last {
      if value > last.upperBound {
        if value - 1 == last.upperBound {
          ranges[ranges.count - 1] = last.lowerBound...value
        } else {
          ranges.append(value...value)
        }
        return
      }
    } else {
      ranges.append(value...value)
      return
    }
    insert(value...value)
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

  /// The stretches that are missing between the least and the greatest number.
  package var holes: [ClosedRange<UInt64>] {
    zip(ranges, ranges.dropFirst()).map { ($0.upperBound + 1)...($1.lowerBound - 1) }
  }
}
