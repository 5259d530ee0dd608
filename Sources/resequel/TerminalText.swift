/// Foreign text made fit for a terminal: nothing in it can move the cursor, change colours, or
/// reverse the direction of what follows.
enum TerminalText {
  /// The text with its control characters written out: `\n`, `\t`, `\x1b`, `\u{202e}`.
  static func safe(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
    var safe = ""
    for scalar in text.unicodeScalars { append(scalar, to: &safe) }
    return safe
  }

  /// The same for a text of several lines: their ends stay.
  static func safeLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false)
      .map { safe(String($0)) }.joined(separator: "\n")
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    guard isUnsafe(scalar) else {
      text.unicodeScalars.append(scalar)
      return
    }
    switch scalar {
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    case _ where scalar.value < 0x80:
      let digits = String(scalar.value, radix: 16)
      text += "\\x" + (digits.count < 2 ? "0" : "") + digits
    default: text += "\\u{" + String(scalar.value, radix: 16) + "}"
    }
  }

  /// Control characters of both blocks, line and paragraph separators, and those that turn the
  /// direction of writing.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069, 0x200E, 0x200F, 0x061C, 0xFEFF:
      true
    default: false
    }
  }

  /// How many columns a text takes on a terminal.
  static func width(_ text: String) -> Int {
    if text.utf8.allSatisfy({ $0 < 0x80 }) { return text.utf8.count }
    return text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format: return 0
    default: break
    }
    switch scalar.value {
    case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
      0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
      0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F680...0x1F6FF, 0x1F900...0x1F9FF,
      0x1FA70...0x1FAFF, 0x20000...0x3FFFD:
      return 2
    default: return 1
    }
  }

  /// The text, cut at a width, with `…` where something was cut.
  static func truncated(_ text: String, to limit: Int) -> String {
    guard width(text) > limit else { return text }
    var cut = ""
    var taken = 0
    for scalar in text.unicodeScalars {
      let width = width(of: scalar)
      if taken + width > limit - 1 { break }
      taken += width
      cut.unicodeScalars.append(scalar)
    }
    return cut + "…"
  }
}
