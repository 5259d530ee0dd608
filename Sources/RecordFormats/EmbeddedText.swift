import Scanning

/// A JSON object that stands in a string or a field, with all that this does to its quotes.
struct EmbeddedText {
  var text: UnsafeRawBufferPointer
  /// How a quote of the object is written in there.
  var quote: String

  /// Where the text stands that follows a member's name; nil unless that is at exactly one place.
  func place(of name: StaticString, followedBy tail: String) -> Int? {
    let pattern = Array((quote + "\(name)" + quote + tail).utf8)
    var found: Int?
    var offset = 0
    while offset + pattern.count <= text.count {
      // A name stands behind the opening bracket or a comma.
      let isAfterComma =
        offset > 0 && (text[offset - 1] == UInt8(ascii: ",") || text[offset - 1] == 0x7B)
      if isAfterComma,
        text[offset..<offset + pattern.count].elementsEqual(pattern)
      {
        guard found == nil else { return nil }
        found = offset + pattern.count
      }
      offset += 1
    }
    return found
  }
}
