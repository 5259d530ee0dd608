/// How text is written in a batch file.
enum TextForm: Int, CaseIterable {
  /// As it is: what the database must hold.
  case plain
  /// Inside a JSON string, with no more escapes than JSON asks for.
  case json
  /// Inside a JSON string, everything beyond ASCII escaped, and slashes too.
  case jsonEscaped
  /// In CSV with doubled quotes.
  case csv
  /// In CSV with backslashes.
  case csvBackslash
}

/// A piece of text with all its forms, so that writing a value is copying bytes.
struct Fragment: Sendable {
  /// The bytes, by the form's raw value.
  let forms: [[UInt8]]
  /// Whether a CSV field that holds it is quoted.
  let needsQuotes: Bool

  init(_ text: String) {
    let plain = Array(text.utf8)
    forms = TextForm.allCases.map { Self.write(text, plain, as: $0) }
    needsQuotes = plain.contains { Self.quoted.contains($0) }
  }

  // The byte order mark too: at the start of a file, bare, it would be taken for one.
  private static let quoted = Set(Array(",\"\\\r\n\u{FEFF}".utf8))

  private static func write(_ text: String, _ plain: [UInt8], as form: TextForm) -> [UInt8] {
    switch form {
    case .plain: plain
    case .json, .jsonEscaped: JSONText.escape(text, everything: form == .jsonEscaped)
    case .csv: plain.flatMap { $0 == 0x22 ? [0x22, 0x22] : [$0] }
    case .csvBackslash: plain.flatMap { $0 == 0x22 || $0 == 0x5C ? [0x5C, $0] : [$0] }
    }
  }
}

/// Text inside JSON strings.
enum JSONText {
  /// The text with JSON's escapes.
  ///
  /// - Parameter everything: whether to escape what JSON lets stand too: all but ASCII, and slashes.
  static func escape(_ text: String, everything: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": bytes += Array("\\\"".utf8)
      case "\\": bytes += Array("\\\\".utf8)
      case "\n": bytes += Array(everything ? "\\u000A".utf8 : "\\n".utf8)
      case "\r": bytes += Array("\\r".utf8)
      case "\t": bytes += Array("\\t".utf8)
      case "/" where everything: bytes += Array("\\/".utf8)
      case _ where scalar.value < 0x20: appendUnit(UInt16(scalar.value), to: &bytes)
      case _ where everything && scalar.value > 0x7E:
        for unit in String(scalar).utf16 { appendUnit(unit, to: &bytes) }
      default: bytes += Array(String(scalar).utf8)
      }
    }
    return bytes
  }

  /// The text as a whole JSON string.
  static func quote(_ text: String) -> [UInt8] { [0x22] + escape(text, everything: false) + [0x22] }

  private static func appendUnit(_ unit: UInt16, to bytes: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    bytes += [0x5C, 0x75]
    for shift in [12, 8, 4, 0] { bytes.append(digits[Int(unit >> UInt16(shift)) & 15]) }
  }
}

/// The words that values are made of.
struct Lexicon: Sendable {
  /// Sixty-four plain words.
  let words: [Fragment]
  /// Whatever has broken a parser before.
  let hostile: [Fragment]
  /// A space.
  let space = Fragment(" ")
  /// One name in four spellings that some comparisons take for the same.
  let accented = ["Ren\u{E9}-", "Rene\u{301}-", "REN\u{C9}-", "Rene-"].map(Fragment.init)

  init(hasNulCharacters: Bool) {
    words = Self.plainWords.split(separator: " ").map { Fragment(String($0)) }
    precondition(words.count == 64)
    hostile = (Self.hostileTexts + (hasNulCharacters ? ["\0"] : [])).map(Fragment.init)
  }

  private static let plainWords = """
    above amber anchor apple arrow autumn basket beacon birch blue bridge bright canyon cedar \
    circle clay cloud copper coral cotton desert dune early ember fern field flint forest \
    garden glass gold grain green harbor hazel hill honey iron island ivory jade lake lantern \
    leaf linen maple marble meadow mint moss north oak ocean olive orchard pearl pine quartz \
    river saffron silver slate stone willow
    """

  // No text here, and none made of several, is the bare word that stands for NULL.
  private static let hostileTexts = [
    "\"", "\\", ",", "\n", "\r\n", "\r", "\t", "'", "''", "\"\"", "\\\"", "\\n", "\\\\", "{", "}",
    "[", "]", ":", ";", "Null ", "nullable", "\u{1F991}", "\u{1F469}\u{200D}\u{1F467}", "\u{E9}",
    "e\u{301}", "\u{65E5}\u{672C}", "\u{3A9}", "\u{FFFD}", "\u{2028}", "\u{FEFF}", "\u{1}",
    "\u{1F}", "\u{7F}", "\u{85}", "\u{A0}", "</script>", "%s%n", "$1", "0x1F", "1e5", "-0", "1.0",
    "007", " ", "  ", "a", "B", "?", "*", "--", "/*", "; drop table", "`", "|", "=", "#", "@",
    "\u{10FFFF}", "\u{DF}", "\u{130}", "},{", "\"}", "\\u0041", "true",
  ]
}
