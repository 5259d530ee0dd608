/// JSON text and where its tokens begin: every bracket, comma and colon outside of strings, every
/// opening quote, and the first byte of every number or word.
///
/// A view of memory that the ``JSONIndexer`` and its caller hold. Pointers, because this is the
/// inner loop of all decoding; every access is within `count` and `byteCount` by the callers' own
/// checks, which the fuzz tests hold to account.
@frozen @usableFromInline
package struct JSONTokens {
  /// The text.
  @usableFromInline package let base: UnsafeRawPointer
  /// How long it is.
  @usableFromInline package let byteCount: Int
  /// Where each token begins.
  @usableFromInline package let offsets: UnsafePointer<UInt32>
  /// How many tokens there are.
  @usableFromInline package let count: Int

  @inlinable
  package init(
    base: UnsafeRawPointer, byteCount: Int, offsets: UnsafePointer<UInt32>, count: Int
  ) {
    self.base = base
    self.byteCount = byteCount
    self.offsets = offsets
    self.count = count
  }

  /// Where token `index` begins; the text's end for the token behind the last.
  @inlinable @inline(__always)
  package func offset(_ index: Int) -> Int {
    index < count ? Int(offsets[index]) : byteCount
  }

  /// The first byte of token `index`, which must exist.
  @inlinable @inline(__always)
  package func byte(_ index: Int) -> UInt8 {
    base.load(fromByteOffset: Int(offsets[index]), as: UInt8.self)
  }

  /// Where the text of token `index` ends: white space before the next token is not part of it.
  @inlinable @inline(__always)
  package func end(ofToken index: Int) -> Int {
    var end = offset(index + 1)
    let start = Int(offsets[index])
    while end > start, Self.isSpace(base.load(fromByteOffset: end - 1, as: UInt8.self)) { end -= 1 }
    return end
  }

  /// The first token that begins at `offset` or behind it.
  @inlinable
  package func firstToken(atOrAfter offset: Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if Int(offsets[middle]) < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether JSON takes a byte for white space.
  @inlinable @inline(__always)
  package static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}

extension JSONTokens {
  nonisolated(unsafe) static let noOffsets: UnsafePointer<UInt32> = {
    let pointer = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
    pointer.initialize(to: 0)
    return UnsafePointer(pointer)
  }()

  /// No text at all.
  static var none: JSONTokens {
    JSONTokens(base: UnsafeRawPointer(noOffsets), byteCount: 0, offsets: noOffsets, count: 0)
  }

  /// The token behind the value that begins at token `index`, in a text that was walked without a
  /// fault.
  @inlinable
  package func next(afterValue index: Int) -> Int {
    let first = byte(index)
    guard first == UInt8(ascii: "{") || first == UInt8(ascii: "[") else { return index + 1 }
    var depth = 1
    var index = index + 1
    while index < count {
      switch byte(index) {
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth -= 1
        if depth == 0 { return index + 1 }
      default: break
      }
      index += 1
    }
    return index
  }
}
