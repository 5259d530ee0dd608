import Glibc

/// The contents of JSON strings: what is between the quotes.
package enum JSONText {
  /// Whether the content holds an escape.
  package static func hasEscape(_ content: UnsafeRawBufferPointer) -> Bool {
    guard let base = content.baseAddress, content.count > 0 else { return false }
    return memchr(base, 0x5C, content.count) != nil
  }

  /// Where the first invalid escape begins; nil when all are valid. A surrogate must have its other
  /// half.
  package static func firstBadEscape(_ content: UnsafeRawBufferPointer) -> Int? {
    guard hasEscape(content) else { return nil }
    var scratch = 0
    return decode(content) { scratch &+= Int($0) }
  }

  /// Appends the content with its escapes resolved, as UTF-8.
  ///
  /// - Returns: false for an invalid escape; what was appended is then to be dropped.
  package static func unescape(
    _ content: UnsafeRawBufferPointer, into bytes: inout [UInt8]
  ) -> Bool {
    guard hasEscape(content) else {
      bytes.append(contentsOf: content)
      return true
    }
    return decode(content) { bytes.append($0) } == nil
  }

  @inline(__always)
  private static func decode(
    _ content: UnsafeRawBufferPointer, _ emit: (UInt8) -> Void
  ) -> Int? {
    var index = 0
    while index < content.count {
      let byte = content[index]
      guard byte == 0x5C else {
        emit(byte)
        index += 1
        continue
      }
      guard index + 1 < content.count else { return index }
      let letter = content[index + 1]
      if letter == UInt8(ascii: "u") {
        guard let (scalar, length) = scalar(content, at: index) else { return index }
        for byte in String(scalar).utf8 { emit(byte) }
        index += length
        continue
      }
      guard let plain = plain(letter) else { return index }
      emit(plain)
      index += 2
    }
    return nil
  }

  private static func plain(_ letter: UInt8) -> UInt8? {
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): letter
    case UInt8(ascii: "n"): 0x0A
    case UInt8(ascii: "r"): 0x0D
    case UInt8(ascii: "t"): 0x09
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0C
    default: nil
    }
  }

  private static func scalar(
    _ content: UnsafeRawBufferPointer, at index: Int
  ) -> (Unicode.Scalar, Int)? {
    guard let first = hex4(content, at: index + 2) else { return nil }
    if let scalar = Unicode.Scalar(first) { return (scalar, 6) }
    guard first < 0xDC00, index + 7 < content.count, content[index + 6] == 0x5C,
      content[index + 7] == UInt8(ascii: "u"), let second = hex4(content, at: index + 8),
      second >= 0xDC00, second < 0xE000,
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { return nil }
    return (scalar, 12)
  }

  private static func hex4(_ content: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
    guard index + 4 <= content.count else { return nil }
    var value: UInt32 = 0
    for byte in content[index..<index + 4] {
      guard let digit = NumberText.hexDigit(byte) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
