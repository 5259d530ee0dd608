import Scanning
import Testing

struct NumberTextTests {
  private func canonical(_ text: String) -> String? {
    var bytes: [UInt8] = []
    let isNumber = Array(text.utf8).withUnsafeBytes {
      NumberText.appendCanonical($0, to: &bytes)
    }
    return isNumber ? String(decoding: bytes, as: UTF8.self) : nil
  }

  // Two texts of one number as keys must meet in one row; two numbers must not.
  @Test(arguments: [
    ("1.0", "1"), ("1e2", "100"), ("1E+2", "100"), ("100", "100"), ("-0", "0"), ("0.000", "0"),
    ("-0.50", "-0.5"), ("12.340e1", "123.4"), ("5e-3", "0.005"), ("+7", "7"), ("007", "7"),
    (".5", "0.5"), ("5.", "5"), ("9007199254740993", "9007199254740993"),
    ("123456789012345678901234567890.10", "123456789012345678901234567890.1"),
    ("1e5000", "1e5000"), ("10e4999", "1e5000"), ("-25e-5001", "-25e-5001"),
  ])
  func `every text of a number has one canonical form`(_ text: String, _ expected: String) {
    #expect(canonical(text) == expected)
    #expect(canonical(expected) == expected)
  }

  @Test(arguments: [
    "", "-", "1e", "e5", "1.2.3", "0x10", "1 ", "NaN", ".", "1e99999999999999999999",
  ])
  func `what is no number has none`(_ text: String) {
    #expect(canonical(text) == nil)
  }

  @Test(arguments: [
    ("0", true), ("-0", true), ("01", false), ("1.", false), (".5", false), ("1e5", true),
    ("1E-5", true), ("1e", false), ("+1", false), ("--1", false), ("1.5e+10", true), ("-", false),
  ])
  func `numbers are checked as JSON writes them`(_ text: String, _ isNumber: Bool) {
    #expect(Array(text.utf8).withUnsafeBytes { NumberText.isJSONNumber($0) } == isNumber)
  }

  // Wrapping around would move a change to the other end of the log.
  @Test func `integers beyond 64 bits are refused, the last that fit are exact`() {
    func unsigned(_ text: String) -> UInt64? {
      Array(text.utf8).withUnsafeBytes { NumberText.unsigned($0) }
    }
    func signed(_ text: String) -> Int64? {
      Array(text.utf8).withUnsafeBytes { NumberText.signed($0) }
    }
    #expect(unsigned("18446744073709551615") == .max && unsigned("18446744073709551616") == nil)
    #expect(signed("-9223372036854775808") == .min && signed("-9223372036854775809") == nil)
    #expect(signed("9223372036854775807") == .max && signed("9223372036854775808") == nil)
    #expect(unsigned("") == nil && signed("-") == nil && unsigned("1a") == nil)
  }
}
