import Scanning

/// A member of a JSON object, by where its name and value stand.
struct JSONMember {
  var name: UnsafeRawBufferPointer
  var value: RawValue
  /// The value's first token.
  var token: Int
}

extension JSONTokens {
  /// The value at a token of a text that was walked without a fault. Nothing is taken for a NULL
  /// marker but JSON's `null`.
  @inline(__always)
  func value(at token: Int) -> RawValue {
    let start = offset(token)
    let first = byte(token)
    switch first {
    case UInt8(ascii: "\""):
      let content = UnsafeRawBufferPointer(
        start: base + start + 1, count: end(ofToken: token) - start - 2)
      return RawValue(kind: JSONText.hasEscape(content) ? .jsonEscaped : .text, text: content)
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      let end = offset(next(afterValue: token) - 1) + 1
      return RawValue(
        kind: .json, text: UnsafeRawBufferPointer(start: base + start, count: end - start))
    default:
      let text = UnsafeRawBufferPointer(start: base + start, count: end(ofToken: token) - start)
      let kind: RawValue.Kind =
        switch first {
        case UInt8(ascii: "t"): .yes
        case UInt8(ascii: "f"): .no
        case UInt8(ascii: "n"): .null
        default: .number
        }
      return RawValue(kind: kind, text: text)
    }
  }

  /// Appends the members of the object at a token, of a text that was walked without a fault.
  func appendMembers(ofObject token: Int, to members: inout [JSONMember]) {
    var index = token + 1
    while index < count, byte(index) == UInt8(ascii: "\"") {
      let start = offset(index)
      let name = UnsafeRawBufferPointer(
        start: base + start + 1, count: end(ofToken: index) - start - 2)
      members.append(JSONMember(name: name, value: value(at: index + 2), token: index + 2))
      index = next(afterValue: index + 2)
      guard index < count, byte(index) == UInt8(ascii: ",") else { return }
      index += 1
    }
  }
}

/// A JSON text inside of a string or a CSV field: unescaped, indexed, checked.
final class EmbeddedJSON {
  private let indexer = JSONIndexer()
  private var memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 1024, alignment: 16)

  deinit { memory.deallocate() }

  /// The members of an object; nil when the text is not one valid JSON object. They point into
  /// memory that the next call uses again.
  func members(of text: [UInt8], into members: inout [JSONMember]) -> Bool {
    if memory.count < text.count {
      memory.deallocate()
      memory = .allocate(byteCount: text.count * 2, alignment: 16)
    }
    memory.copyBytes(from: text)
    members.removeAll(keepingCapacity: true)
    let content = UnsafeRawBufferPointer(rebasing: memory[..<text.count])
    guard indexer.index(content) == .indexed else { return false }
    let tokens = indexer.tokens
    guard tokens.byte(0) == UInt8(ascii: "{"),
      let end = try? JSONWalker.walk(tokens, from: 0), end == tokens.count
    else { return false }
    tokens.appendMembers(ofObject: 0, to: &members)
    return true
  }
}

extension UnsafeRawBufferPointer {
  /// Whether the bytes are exactly those of a literal.
  @inline(__always)
  func equals(_ literal: StaticString) -> Bool {
    count == literal.utf8CodeUnitCount
      && elementsEqual(
        UnsafeRawBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// The bytes as text; what is not UTF-8 is replaced.
  var string: String { String(decoding: self, as: UTF8.self) }
}
