import Scanning

/// Makes values' canonical texts. Apart from the decoder, whose scratch memory the texts go to.
struct ValueTexts {
  /// The scanner of CSV rows: it knows what their quotes are.
  var csv = CSVScanner()
  /// The escape with which the last row could be read; nil for doubled quotes alone.
  var csvEscape: UInt8?

  /// Appends a value's canonical text; false for NULL and absent ones.
  func append(_ value: RawValue, isNumeric: Bool, to bytes: inout [UInt8]) -> Bool {
    let start = bytes.count
    switch value.kind {
    case .absent, .null: return false
    case .text: bytes.append(contentsOf: value.text)
    case .jsonEscaped: _ = JSONText.unescape(value.text, into: &bytes)
    case .csvEscaped:
      csv.append(value.text, escape: csvEscape, to: &bytes)
    case .number:
      if !NumberText.appendCanonical(value.text, to: &bytes) {
        bytes.append(contentsOf: value.text)
      }
      return true
    case .yes: bytes.append(contentsOf: "true".utf8)
    case .no: bytes.append(contentsOf: "false".utf8)
    case .json: bytes.append(contentsOf: value.text)
    }
    if isNumeric {
      let text = Array(bytes[start...])
      bytes.removeSubrange(start...)
      let isNumber = text.withUnsafeBytes { NumberText.appendCanonical($0, to: &bytes) }
      if !isNumber { bytes.append(contentsOf: text) }
    }
    return true
  }
}
