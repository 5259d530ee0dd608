/// What a sort moves about: bits of a change's key, and behind them the change's index.
struct SortItem: Sendable {
  /// Before the ``Form`` is known, the prefix of the key.
  var word: UInt64

  /// How the items of some changes are made up.
  struct Form: Sendable {
    private let bits: DifferingBits
    private let indexBitCount: Int
    /// How many bits of the prefixes are in an item.
    private let prefixBitCount: Int

    /// Makes a form.
    ///
    /// - Parameters:
    ///   - differences: the bits in which prefixes differ.
    ///   - changeCount: how many changes there are, at least one.
    init(differences: UInt64, changeCount: Int) {
      bits = DifferingBits(differences)
      indexBitCount = max(1, Int.bitWidth - (changeCount - 1).leadingZeroBitCount)
      prefixBitCount = min(bits.count, UInt64.bitWidth - indexBitCount)
    }

    /// Whether items whose bits are equal have equal prefixes.
    var isWhole: Bool { prefixBitCount == bits.count }

    /// Makes items of prefixes.
    func make(_ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>) {
      UnsafeMutableBufferPointer(rebasing: items[stretch]).withMemoryRebound(to: UInt64.self) {
        bits.closeUp($0)
      }
      for index in stretch {
        let prefix = items[index].word >> UInt64(bits.count - prefixBitCount)
        items[index].word = prefix << UInt64(indexBitCount) | UInt64(index)
      }
    }

    /// The index of an item's change.
    @inline(__always)
    func index(of item: SortItem) -> UInt32 {
      UInt32(truncatingIfNeeded: item.word & (1 &<< UInt64(indexBitCount) &- 1))
    }

    /// Sets the index of an item's change.
    func setIndex(_ index: UInt32, of item: inout SortItem) {
      item.word = (item.word >> UInt64(indexBitCount)) << UInt64(indexBitCount) | UInt64(index)
    }

    /// Whether two items have the same bits.
    @inline(__always)
    func areAlike(_ left: SortItem, _ right: SortItem) -> Bool {
      (left.word ^ right.word) &>> UInt64(indexBitCount) == 0
    }

    /// The digits that items are sorted by, one after another: few, and each of so few values that as
    /// many places are in the processor's cache.
    var digits: [Digit] {
      let digitBitCountMax = 9
      let count = (prefixBitCount + digitBitCountMax - 1) / digitBitCountMax
      return (0..<count).map { place in
        let start = prefixBitCount * place / count
        let end = prefixBitCount * (place + 1) / count
        return Digit(shift: UInt64(indexBitCount + start), bitCount: end - start)
      }
    }
  }

  /// Some bits that items are sorted by.
  struct Digit: Sendable {
    fileprivate let shift: UInt64
    fileprivate let bitCount: Int

    @inline(__always)
    private func value(of item: SortItem) -> Int {
      Int(truncatingIfNeeded: item.word &>> shift & (1 &<< UInt64(bitCount) &- 1))
    }

    /// How many items have each value.
    func counts(
      _ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>
    ) -> [Int] {
      var counts = Array(repeating: 0, count: 1 << bitCount)
      counts.withUnsafeMutableBufferPointer { counts in
        for item in items[stretch] { counts[value(of: item)] &+= 1 }
      }
      return counts
    }

    /// Moves items to where their values have their places.
    func move(
      _ items: UnsafeMutableBufferPointer<SortItem>, _ stretch: Range<Int>,
      to sorted: UnsafeMutableBufferPointer<SortItem>, at starts: [Int]
    ) {
      var next = starts
      next.withUnsafeMutableBufferPointer { next in
        for item in items[stretch] {
          let value = value(of: item)
          sorted.initializeElement(at: next[value], to: item)
          next[value] &+= 1
        }
      }
    }
  }
}
