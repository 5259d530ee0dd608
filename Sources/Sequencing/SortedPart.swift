/// The groups of a part of the items.
struct SortedPart: Sendable {
  private(set) var groups: [OrderedChanges.Group] = []
  private(set) var parallel: [OrderedChanges.Group] = []

  /// Changes that will be compared are asked for so many items ahead.
  private static let itemsAhead = 32

  /// Sorts the stretches of equal bits among items that are sorted by them, and finds their groups.
  init(
    _ items: UnsafeMutableBufferPointer<SortItem>, _ part: Range<Int>,
    _ comparison: ChangeComparison
  ) {
    let form = comparison.form
    groups.reserveCapacity(part.count / 2)
    var start = part.lowerBound
    var ahead = start + 1
    while start < part.upperBound {
      while ahead < min(part.upperBound, start + Self.itemsAhead) {
        comparison.prefetch(items, ahead)
        ahead += 1
      }
      var end = start + 1
      while end < part.upperBound, form.areAlike(items[end], items[start]) { end += 1 }
      if end - start > 1 { comparison.sort(items, start..<end) }
      group(items, start..<end, comparison)
      start = end
    }
  }

  /// Finds the groups of a sorted stretch of equal bits.
  private mutating func group(
    _ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>,
    _ comparison: ChangeComparison
  ) {
    var start = stretch.lowerBound
    var isParallel = false
    for index in stretch.dropFirst() {
      let left = comparison.form.index(of: items[index - 1])
      let right = comparison.form.index(of: items[index])
      if comparison.compareKeys(left, right) == 0 {
        isParallel = isParallel || comparison.keys.areParallel(left, right)
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
}
