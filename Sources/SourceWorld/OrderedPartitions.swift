/// Every way to deliver files in successive calls: each ordered sequence of non-empty sets that
/// together hold each of them once. 3 files: 13, 6: 4,683, 8: 545,835.
package struct OrderedPartitions: Sequence, IteratorProtocol {
  // Each level holds what is left, and which part of it is the set of this level.
  private var levels: [(left: UInt64, set: UInt64)] = []
  private let all: UInt64
  private var isDone = false

  /// - Parameter count: how many files; at most 62.
  package init(of count: Int) {
    precondition(count >= 0 && count <= 62)
    all = (1 << UInt64(count)) - 1
  }

  /// The next partition: the files' indices, set by set; nil after the last.
  package mutating func next() -> [[Int]]? {
    if isDone { return nil }
    if levels.isEmpty {
      guard all != 0 else {
        isDone = true
        return []
      }
      descend(from: all)
    } else if !advance() {
      isDone = true
      return nil
    }
    return levels.map { Self.members(of: $0.set) }
  }

  // Begins with the largest set, which leaves nothing, so that partitions with few calls come first.
  private mutating func descend(from left: UInt64) {
    var rest = left
    while rest != 0 {
      levels.append((rest, rest))
      rest = 0
    }
  }

  private mutating func advance() -> Bool {
    while let level = levels.popLast() {
      let smaller = (level.set - 1) & level.left
      guard smaller != 0 else { continue }
      levels.append((level.left, smaller))
      descend(from: level.left & ~smaller)
      return true
    }
    return false
  }

  private static func members(of set: UInt64) -> [Int] {
    var members: [Int] = []
    var rest = set
    while rest != 0 {
      members.append(rest.trailingZeroBitCount)
      rest &= rest - 1
    }
    return members
  }
}

/// Every ordered partition of so many files into calls.
package func orderedPartitions(of count: Int) -> OrderedPartitions { OrderedPartitions(of: count) }
