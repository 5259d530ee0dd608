/// Commands that a message tells a person to run.
package enum ShellText {
  /// A command line.
  ///
  /// - Parameters:
  ///   - words: the command, and options.
  ///   - names: arguments that somebody else chose: none is taken for an option.
  package static func command(_ words: [String], naming names: [String]) -> String {
    let end = names.contains { $0.hasPrefix("-") } ? ["--"] : []
    return (words + end + names.map(word)).joined(separator: " ")
  }

  /// The text as one word; as it is where the shell takes nothing in it for more than itself.
  static func word(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), 0x80...0xFF:
        true
      default: "_-./:@%+,=".utf8.contains(byte)
      }
    }
    if isPlain, !text.isEmpty { return text }
    let parts = text.split(separator: "'", omittingEmptySubsequences: false)
    return "'" + parts.joined(separator: "'\\''") + "'"
  }
}
