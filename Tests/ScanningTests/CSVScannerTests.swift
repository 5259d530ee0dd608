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
}
