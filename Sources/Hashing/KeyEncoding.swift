/// How several texts become one key, so that different texts never give the same bytes.
///
/// First the count of the parts, then of each part the number of its bytes and the bytes. Numbers
/// are written seven bits to a byte, the lowest first, the high bit set on all but the last
/// (LEB128). `("ab", "c")` is `02 02 61 62 01 63`.
@usableFromInline
package enum KeyEncoding {
  /// Appends a count of parts, or the count of bytes of the part that follows.
  @inlinable
  package static func append(count: Int, to bytes: inout [UInt8]) {
    var rest = UInt64(truncatingIfNeeded: count)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  /// Appends a part.
  @inlinable
  package static func append(part: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    append(count: part.count, to: &bytes)
    bytes.append(contentsOf: part)
  }

  /// The parts of an encoded key, or nil when the bytes are not one.
  package static func parts(of key: [UInt8]) -> [[UInt8]]? {
    var offset = 0
    guard let count = readCount(key, at: &offset), count <= key.count else { return nil }
    var parts: [[UInt8]] = []
    for _ in 0..<count {
      guard let length = readCount(key, at: &offset), length <= key.count - offset else {
        return nil
      }
      parts.append(Array(key[offset..<offset + length]))
      offset += length
    }
    return offset == key.count ? parts : nil
  }

  private static func readCount(_ bytes: [UInt8], at offset: inout Int) -> Int? {
    var value = 0
    var shift = 0
    while offset < bytes.count, shift < 56 {
      let byte = bytes[offset]
      offset += 1
      value |= Int(byte & 0x7F) << shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    return nil
  }
}
