import Scanning
import Testing

struct JSONTests {
  static let texts: [(String, JSONFault.Kind?)] = [
    ("{}", nil), ("[]", nil), ("[1,[2,{\"a\":[]}],\"x\"]", nil), ("{\"a\":1,\"b\":null}", nil),
    ("{\"a\":1,}", .expectedName), ("[1,]", .expectedValue), ("{\"a\" 1}", .expectedColon),
    ("{1:2}", .expectedName), ("[1 2]", .expectedComma), ("{\"a\":1]", .expectedComma),
    ("[1", .unexpectedEnd), ("{\"a\":", .unexpectedEnd), ("{\"a\"", .unexpectedEnd),
    ("nul", .badScalar), ("truefalse", .badScalar), ("-", .badScalar), ("[01]", .badScalar),
    ("[\"\\q\"]", .badEscape), ("[\"\\u12\"]", .badEscape), ("[\"\\udc00\"]", .badEscape),
    ("[\"\\ud800\\u0041\"]", .badEscape), ("[\"\\ud83d\\ude00\\n\\/\"]", nil), ("\"a", .badString),
  ]

  private func walk(_ text: String) -> JSONFault.Kind? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes -> JSONFault.Kind? in
      let indexer = JSONIndexer()
      guard indexer.index(bytes) == .indexed else { return .badString }
      do throws(JSONFault) {
        let end = try JSONWalker.walk(indexer.tokens, from: 0)
        return end == indexer.tokens.count ? nil : .expectedComma
      } catch {
        return error.kind
      }
    }
  }

  // Stage 1 checks none of this; whatever passes here is taken for a record.
  @Test(arguments: texts)
  func `the walker accepts JSON and nothing else`(_ text: String, _ fault: JSONFault.Kind?) {
    #expect(walk(text) == fault)
  }

  // A hostile file must not exhaust the stack; one level more than allowed is refused.
  @Test func `depth is bounded, and mixed brackets are kept apart at every depth`() {
    for depth in [1, 63, 64, 65, 128, 129, 500, JSONWalker.depthMax] {
      var opening = ""
      var closing = ""
      for level in 0..<depth {
        opening += level % 3 == 0 ? "{\"a\":" : "["
        closing = (level % 3 == 0 ? "}" : "]") + closing
      }
      #expect(walk(opening + "1" + closing) == nil, "\(depth)")
      let wrong = closing.last == "}" ? "]" : "}"
      #expect(walk(opening + "1" + closing.dropLast() + wrong) == .expectedComma, "\(depth)")
    }
    let deep = String(repeating: "[", count: JSONWalker.depthMax + 1)
    #expect(walk(deep) == .tooDeep)
  }

  @Test func `escapes are resolved, surrogates in pairs`() {
    func unescape(_ text: String) -> String? {
      var bytes: [UInt8] = []
      let isGood = Array(text.utf8).withUnsafeBytes { JSONText.unescape($0, into: &bytes) }
      return isGood ? String(decoding: bytes, as: UTF8.self) : nil
    }
    #expect(unescape(#"a\"\\\/\b\f\n\r\t"#) == "a\"\\/\u{8}\u{C}\n\r\t")
    #expect(unescape(#"\u00e9\uD83D\uDE00\u0000"#) == "é😀\u{0}")
    #expect(unescape(#"\ud83d"#) == nil && unescape(#"\"#) == nil && unescape(#"\u00g0"#) == nil)
  }
}
