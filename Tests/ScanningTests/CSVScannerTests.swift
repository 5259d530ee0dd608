import Scanning
import Testing

struct CSVScannerTests {
  private func fields(_ text: String, escape: UInt8? = nil) -> [String]? {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBytes { bytes in
      var scanner = CSVScanner()
      guard case .row = scanner.scan(bytes, from: 0, escape: escape) else { return nil }
      return scanner.fields.map { field in
        let content = UnsafeRawBufferPointer(
          rebasing: bytes[field.start..<field.start + field.count])
        guard field.hasEscape else { return String(decoding: content, as: UTF8.self) }
        var plain: [UInt8] = []
        scanner.append(content, escape: escape, to: &plain)
        return String(decoding: plain, as: UTF8.self)
      }
    }
  }

  // A field that ends too early shifts every column behind it.
  @Test func `fields are split and unquoted`() {
    #expect(fields("a,,\"b,\"\"c\"\"\nd\",e\nf") == ["a", "", "b,\"c\"\nd", "e"])
    #expect(
      fields("a\r\n") == ["a"] && fields("\"a\"\r\n") == ["a"] && fields("a\rb\n") == ["a\rb"])
    #expect(fields("\"a\\\"b\",c\\,d,\"x\\y\\\\\"", escape: 0x5C) == ["a\"b", "c,d", "x\\y\\"])
    #expect(fields("") == [""])
  }

  @Test func `quotes where none may be, and quotes that stay open, are told`() {
    #expect(fields("a\"b") == nil && fields("\"a\"b") == nil && fields("\"a") == nil)
    #expect(fields("\"a\\\"", escape: 0x5C) == nil)
  }

  // Text is looked at in blocks: what ends a field may stand anywhere in one, or in the next.
  @Test func `fields end at the same bytes wherever they begin`() {
    for before in 0..<70 {
      for length in [0, 1, 15, 16, 17, 63, 64, 65, 130] {
        let first = String(repeating: "x", count: before)
        let text = String(repeating: "y", count: length)
        #expect(fields("\(first),\(text),z\nnext") == [first, text, "z"])
        #expect(fields("\(first),\"\(text)\"\"\",z") == [first, text + "\"", "z"])
        #expect(fields("\(first),\"\(text)\"\"\"\"\n,\"\n") == [first, text + "\"\"\n,"])
        #expect(fields("\(first),\(text)\\,z\n", escape: 0x5C) == [first, text + ",z"])
        #expect(fields("\(first),\"\(text)\"\"") == nil)
      }
    }
  }
}
