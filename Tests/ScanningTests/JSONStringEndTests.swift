import Scanning
import Testing

struct JSONStringEndTests {
  /// What a reader that looks at one byte after the other finds.
  private func plainly(
    _ bytes: ArraySlice<UInt8>
  ) -> (offset: Int, hasEscape: Bool, isASCII: Bool) {
    var index = bytes.startIndex
    var (hasEscape, isASCII) = (false, true)
    while index < bytes.endIndex, bytes[index] >= 0x20 {
      if bytes[index] == UInt8(ascii: "\"") { return (index, hasEscape, isASCII) }
      if bytes[index] >= 0x80 { isASCII = false }
      if bytes[index] == UInt8(ascii: "\\") {
        hasEscape = true
        index += 1
      }
      index += 1
    }
    return (-1, hasEscape, isASCII)
  }

  // A quote behind an escape that was overlooked would move every value behind it.
  @Test func `a string's end is the first quote that is not escaped, at any distance`() {
    let special = [0x22, 0x5C, 0x00, 0x1F, 0x20, 0x7F, 0x80, 0xC3, 0xFF].map { UInt8($0) }
    for length in 0..<48 {
      for place in 0...length {
        for byte in special {
          var text = Array(repeating: UInt8(ascii: "a"), count: length)
          text.insert(byte, at: place)
          text += Array("\", \"b\": 1}".utf8)
          for limit in place...text.count {
            let plain = plainly(text[..<limit])
            let found = text.withUnsafeBytes {
              JSONStringEnd.find($0.baseAddress!, from: 0, limit: limit)
            }
            #expect(found.offset == plain.offset)
            guard plain.offset >= 0 else { continue }
            #expect(found.hasEscape == plain.hasEscape)
            // Bytes behind the end may be looked at too: then UTF-8 is checked for nothing.
            #expect(plain.isASCII || !found.isASCII)
          }
        }
      }
    }
  }
}
