import SourceWorld

/// A number with commas between its thousands.
func grouped(_ number: Int) -> String {
  let digits = Array(String(number))
  var text = ""
  for (place, digit) in digits.enumerated() {
    if place > 0 && (digits.count - place) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return text
}

/// A JSON string.
func quote(_ text: String) -> String { String(decoding: JSONText.quote(text), as: UTF8.self) }

/// One word of a shell command.
func shellQuoted(_ text: String) -> String {
  let isPlain = text.utf8.allSatisfy {
    $0 == 0x3D || $0 == 0x2C || $0 == 0x5F || (0x30...0x39).contains($0)
      || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
  }
  if isPlain { return text }
  return
    "'\(text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''"))'"
}
