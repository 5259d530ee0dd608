import Glibc

/// Checks what simdjson's stage 1 does not: brackets, commas, colons, numbers, words, escapes.
package enum JSONWalker {
  /// How deep objects and arrays may nest.
  package static let depthMax = 1024

  private enum Expectation {
    case value, firstName, name, firstElement, separator
  }

  /// Walks over one value and checks it whole.
  ///
  /// - Parameters:
  ///   - tokens: the indexed text.
  ///   - index: the value's first token.
  /// - Returns: the token behind the value.
  package static func walk(_ tokens: JSONTokens, from index: Int) throws(JSONFault) -> Int {
    var index = index
    var depth = 0
    // One bit a level: 1 for an object. The innermost 64 levels are in `nest`.
    var nest: UInt64 = 0
    var outer: [UInt64] = []
    var expected = Expectation.value
    while true {
      guard index < tokens.count else {
        throw JSONFault(.unexpectedEnd, at: tokens.byteCount)
      }
      let byte = tokens.byte(index)
      var isClosed = false
      switch expected {
      case .firstElement where byte == UInt8(ascii: "]"): isClosed = true
      case .firstName where byte == UInt8(ascii: "}"): isClosed = true
      case .value, .firstElement:
        if byte == UInt8(ascii: "{") || byte == UInt8(ascii: "[") {
          guard depth < depthMax else { throw JSONFault(.tooDeep, at: tokens.offset(index)) }
          if depth & 63 == 63 { outer.append(nest) }
          let isObject = byte == UInt8(ascii: "{")
          nest = nest << 1 | (isObject ? 1 : 0)
          depth += 1
          expected = isObject ? .firstName : .firstElement
          index += 1
          continue
        }
        try checkScalar(tokens, index, byte)
        index += 1
        if depth == 0 { return index }
        expected = .separator
        continue
      case .firstName, .name:
        guard byte == UInt8(ascii: "\"") else {
          throw JSONFault(.expectedName, at: tokens.offset(index))
        }
        try checkString(tokens, index)
        guard index + 1 < tokens.count else {
          throw JSONFault(.unexpectedEnd, at: tokens.byteCount)
        }
        guard tokens.byte(index + 1) == UInt8(ascii: ":") else {
          throw JSONFault(.expectedColon, at: tokens.offset(index + 1))
        }
        index += 2
        expected = .value
        continue
      case .separator:
        let isObject = nest & 1 == 1
        if byte == UInt8(ascii: ",") {
          expected = isObject ? .name : .value
          index += 1
          continue
        }
        guard byte == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw JSONFault(.expectedComma, at: tokens.offset(index))
        }
        isClosed = true
      }
      if isClosed {
        depth -= 1
        nest = depth & 63 == 63 ? (outer.popLast() ?? 0) : nest >> 1
        index += 1
        if depth == 0 { return index }
        expected = .separator
      }
    }
  }

  private static func checkScalar(
    _ tokens: JSONTokens, _ index: Int, _ byte: UInt8
  ) throws(JSONFault) {
    if byte == UInt8(ascii: "\"") { return try checkString(tokens, index) }
    let start = tokens.offset(index)
    let count = tokens.end(ofToken: index) - start
    let text = UnsafeRawBufferPointer(start: tokens.base + start, count: count)
    let isGood: Bool
    switch byte {
    case UInt8(ascii: "t"): isGood = count == 4 && memcmp(tokens.base + start, "true", 4) == 0
    case UInt8(ascii: "f"): isGood = count == 5 && memcmp(tokens.base + start, "false", 5) == 0
    case UInt8(ascii: "n"): isGood = count == 4 && memcmp(tokens.base + start, "null", 4) == 0
    case UInt8(ascii: "-"), 48...57: isGood = NumberText.isJSONNumber(text)
    case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","), UInt8(ascii: ":"):
      throw JSONFault(.expectedValue, at: start)
    default: isGood = false
    }
    if !isGood { throw JSONFault(.badScalar, at: start) }
  }

  private static func checkString(_ tokens: JSONTokens, _ index: Int) throws(JSONFault) {
    let start = tokens.offset(index) + 1
    let end = tokens.end(ofToken: index) - 1
    guard end >= start, tokens.base.load(fromByteOffset: end, as: UInt8.self) == UInt8(ascii: "\"")
    else { throw JSONFault(.badString, at: start - 1) }
    let content = UnsafeRawBufferPointer(start: tokens.base + start, count: end - start)
    if let fault = JSONText.firstBadEscape(content) {
      throw JSONFault(.badEscape, at: start + fault)
    }
  }
}
