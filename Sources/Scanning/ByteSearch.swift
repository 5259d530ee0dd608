import CSimdJSON

/// Finds the places of any of four bytes in a text, which is looked at 64 bytes at a time.
struct ByteSearch {
  private let base: UnsafeRawPointer
  private let count: Int
  private let bytes: (UInt8, UInt8, UInt8, UInt8)
  /// Where the bytes begin that were looked at last, and which of them were found.
  private var start = 0
  private var found: UInt64 = 0
  private var end = 0

  private static let width = 64

  @inline(__always)
  init(
    _ base: UnsafeRawPointer, count: Int,
    for first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8
  ) {
    self.base = base
    self.count = count
    bytes = (first, second, third, fourth)
  }

  /// The first place at an offset or behind it, or the text's length. Offsets must not fall.
  @inline(__always)
  mutating func first(from offset: Int) -> Int {
    var offset = offset
    while true {
      if offset < end {
        let rest = found >> UInt64(truncatingIfNeeded: offset &- start)
        if rest != 0 { return offset &+ rest.trailingZeroBitCount }
        offset = end
      }
      guard count &- offset >= Self.width else { return last(from: offset) }
      start = offset
      end = offset &+ Self.width
      found = resequel_equal_bytes(base + offset, bytes.0, bytes.1, bytes.2, bytes.3)
    }
  }

  /// The same near the text's end.
  @inline(never)
  private func last(from offset: Int) -> Int {
    var offset = offset
    while offset < count {
      let byte = base.load(fromByteOffset: offset, as: UInt8.self)
      if byte == bytes.0 || byte == bytes.1 || byte == bytes.2 || byte == bytes.3 { return offset }
      offset &+= 1
    }
    return count
  }
}
