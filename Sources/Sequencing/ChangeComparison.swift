import ChangeModel

/// Compares changes whose items have equal bits, and sorts such stretches.
struct ChangeComparison {
  let keys: ChangeKeys
  let files: [FileStamp]
  let form: SortItem.Form

  /// Keys that are equal so far are compared whole.
  private static let depthMax = 64

  /// Keys of equal bits are equal up to so many bytes behind those that all share.
  private var depth: Int { form.isWhole ? 8 : 0 }

  /// Compares keys whose items have equal bits: negative, zero or positive, as memcmp does.
  @inline(__always)
  func compareKeys(_ left: UInt32, _ right: UInt32) -> Int {
    keys.compare(left, right, behind: depth)
  }

  /// Asks for the change of an item where it will be compared with the one before.
  @inline(__always)
  func prefetch(_ items: UnsafeMutableBufferPointer<SortItem>, _ index: Int) {
    if form.areAlike(items[index], items[index - 1]) {
      keys.memory.prefetch(form.index(of: items[index - 1]))
      keys.memory.prefetch(form.index(of: items[index]))
    }
  }

  /// Sorts a stretch of items of equal bits.
  func sort(_ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>) {
    sort(items, stretch, depth: depth)
  }

  /// - Parameter depth: keys are equal up to so many bytes behind those that all share.
  private func sort(
    _ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>, depth: Int
  ) {
    if stretch.count <= 16 { return sortFew(items, stretch) }
    let changes = items[stretch].map { form.index(of: $0) }
    // Keys of several columns begin alike: then the next eight bytes decide.
    guard depth < Self.depthMax, changes.contains(where: { keys.reaches($0, behind: depth) })
    else {
      var long = UnsafeMutableBufferPointer(rebasing: items[stretch])
      return long.sort { precedes($0, $1) }
    }
    var long = changes.map { (prefix: keys.prefix($0, behind: depth), change: $0) }
    long.sort { $0.prefix < $1.prefix }
    for (place, next) in zip(stretch, long) { form.setIndex(next.change, of: &items[place]) }
    var start = 0
    while start < long.count {
      var end = start + 1
      while end < long.count, long[end].prefix == long[start].prefix { end += 1 }
      if end - start > 1 {
        sort(items, stretch.lowerBound + start..<stretch.lowerBound + end, depth: depth + 8)
      }
      start = end
    }
  }

  /// Sorts changes that are few, and nearly in order, since logs are read forward.
  private func sortFew(_ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>) {
    for end in stretch.dropFirst() {
      let item = items[end]
      var place = end
      while place > stretch.lowerBound, precedes(item, items[place - 1]) {
        items[place] = items[place - 1]
        place -= 1
      }
      items[place] = item
    }
  }

  /// Whether a change comes before another whose item has the same bits.
  @inline(__always)
  private func precedes(_ left: SortItem, _ right: SortItem) -> Bool {
    let (left, right) = (form.index(of: left), form.index(of: right))
    let order = compareKeys(left, right)
    if order != 0 { return order < 0 }
    let first = keys.memory[left]
    let second = keys.memory[right]
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
