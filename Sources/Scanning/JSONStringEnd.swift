public import CSimdJSON

/// Where the content of a JSON string ends, found without an index of the text.
@frozen @usableFromInline
package struct JSONStringEnd {
  /// Where the closing quote is; -1 where there is none before the limit, or where a control
  /// character, which JSON has no place for, stands before it.
  @usableFromInline package var offset: Int
  /// Whether the content has escapes; they are not checked.
  @usableFromInline package var hasEscape = false
  /// Whether the content is ASCII; else its UTF-8 is not checked.
  @usableFromInline package var isASCII = true

  @inlinable @inline(__always)
  package init(offset: Int) { self.offset = offset }

  /// Finds the end of the content that begins at a place.
  ///
  /// - Parameter limit: the text's length; no byte at it or behind it is read.
  @inlinable @inline(__always)
  package static func find(_ base: UnsafeRawPointer, from start: Int, limit: Int) -> Self {
    var position = start
    while limit &- position >= 16 {
      let special = resequel_special_bytes(base + position)
      if special == 0 {
        position &+= 16
        continue
      }
      position &+= special.trailingZeroBitCount
      if base.load(fromByteOffset: position, as: UInt8.self) == 0x22 {
        return Self(offset: position)
      }
      break
    }
    return findCarefully(base, from: position, limit: limit)
  }

  /// The same for content that has more than plain ASCII, or ends near the limit.
  @usableFromInline @inline(never)
  static func findCarefully(_ base: UnsafeRawPointer, from start: Int, limit: Int) -> Self {
    let quotes = ByteMarks(of: 0x22)
    let escapes = ByteMarks(of: 0x5C)
    var found = Self(offset: -1)
    var position = start
    while position < limit {
      if limit - position >= 8 {
        let word = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
        let high = word & 0x8080_8080_8080_8080
        let controls = (word &- 0x2020_2020_2020_2020) & ~word & 0x8080_8080_8080_8080
        let marks = quotes.in(word) | escapes.in(word) | controls
        if high != 0 { found.isASCII = false }
        if marks == 0 {
          position += 8
          continue
        }
        position += ByteMarks.first(marks)
      }
      switch base.load(fromByteOffset: position, as: UInt8.self) {
      case 0x22:
        found.offset = position
        return found
      case 0x5C:
        found.hasEscape = true
        position += 2
      case ..<0x20: return found
      case 0x80...:
        found.isASCII = false
        position += 1
      default: position += 1
      }
    }
    return found
  }
}
