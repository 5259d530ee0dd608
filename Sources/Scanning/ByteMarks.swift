/// Finds bytes eight at a time.
///
/// Each of eight bytes that equals the one that is looked for gets its highest bit set, in the word
/// that ``in(_:)`` returns. Behind the first such byte others may be marked wrongly, so only the
/// first of several words that are joined by `|` tells where something was found.
struct ByteMarks {
  private let pattern: UInt64

  init(of byte: UInt8) { pattern = UInt64(byte) &* 0x0101_0101_0101_0101 }

  /// The marks in a word that was loaded in the machine's order, which is little-endian.
  @inline(__always)
  func `in`(_ word: UInt64) -> UInt64 {
    let difference = word ^ pattern
    return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
  }

  /// Which byte of its word the first mark is at; there must be one.
  @inline(__always)
  static func first(_ marks: UInt64) -> Int { marks.trailingZeroBitCount >> 3 }
}
