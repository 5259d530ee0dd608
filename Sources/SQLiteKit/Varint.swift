/// SQLite's variable-length integers: one to nine bytes, seven bits each, the highest first; of a
/// ninth byte all eight bits count (https://www.sqlite.org/fileformat2.html#varint).
@frozen @usableFromInline
package enum Varint {
  /// No varint has more bytes.
  @inlinable package static var longest: Int { 9 }

  /// How many bytes a value takes.
  @inlinable
  package static func count(_ value: UInt64) -> Int {
    if value < 0x80 { return 1 }
    if value >> 56 != 0 { return 9 }
    return (63 - value.leadingZeroBitCount) / 7 + 1
  }

  /// Writes a value, and returns how many bytes that took; there must be room for them.
  @inlinable @discardableResult
  package static func write(_ value: UInt64, to bytes: UnsafeMutableRawPointer) -> Int {
    let count = count(value)
    if count == 1 {
      bytes.storeBytes(of: UInt8(truncatingIfNeeded: value), as: UInt8.self)
      return 1
    }
    var rest = value
    var place = count - 1
    if count == 9 {
      bytes.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: 8, as: UInt8.self)
      rest >>= 8
      place = 7
    }
    var mark: UInt8 = count == 9 ? 0x80 : 0
    while place >= 0 {
      bytes.storeBytes(
        of: UInt8(truncatingIfNeeded: rest & 0x7F) | mark, toByteOffset: place, as: UInt8.self)
      mark = 0x80
      rest >>= 7
      place -= 1
    }
    return count
  }
}
