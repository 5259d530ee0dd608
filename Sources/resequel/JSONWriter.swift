/// Writes JSON text, key by key, into bytes.
///
/// The caller gives keys and values in turn; commas are put where they belong.
struct JSONWriter {
  /// The text so far.
  private(set) var bytes: [UInt8] = []
  private var needsComma = false

  /// Writes an object whose pairs `body` writes.
  mutating func object<Failure: Error>(
    _ body: (inout JSONWriter) throws(Failure) -> Void
  ) throws(Failure) {
    open(UInt8(ascii: "{"))
    try body(&self)
    close(UInt8(ascii: "}"))
  }

  /// Writes an array of what `body` writes for each element.
  mutating func array<Element, Failure: Error>(
    _ elements: [Element], _ body: (inout JSONWriter, Element) throws(Failure) -> Void
  ) throws(Failure) {
    open(UInt8(ascii: "["))
    for element in elements { try body(&self, element) }
    close(UInt8(ascii: "]"))
  }

  /// Writes the key that the next value belongs to.
  mutating func key(_ name: String) {
    value(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  /// Writes a text.
  mutating func value(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 { append(escaped: byte) }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Writes a text, or null.
  mutating func value(_ text: String?) {
    if let text { value(text) } else { null() }
  }

  /// Writes a whole number.
  mutating func value(_ number: some BinaryInteger) {
    separate()
    bytes.append(contentsOf: String(number).utf8)
  }

  /// Writes a fraction in the shortest form that reads back the same; JSON has no infinity, so one
  /// is written as a number that every reader takes for it.
  mutating func value(_ number: Double) {
    separate()
    if number.isFinite {
      bytes.append(contentsOf: number.description.utf8)
    } else if number.isNaN {
      bytes.append(contentsOf: "null".utf8)
    } else {
      bytes.append(contentsOf: (number < 0 ? "-9e999" : "9e999").utf8)
    }
  }

  /// Writes true or false.
  mutating func value(_ flag: Bool) {
    separate()
    bytes.append(contentsOf: (flag ? "true" : "false").utf8)
  }

  /// Writes a stored value; bytes as hexadecimal digits.
  mutating func value(_ value: StoredValue) {
    switch value {
    case .null: null()
    case .integer(let number): self.value(number)
    case .real(let number): self.value(number)
    case .text(let text): self.value(text)
    case .blob(let bytes): self.value(StoredValue.hex(bytes))
    }
  }

  /// Writes null.
  mutating func null() {
    separate()
    bytes.append(contentsOf: "null".utf8)
  }

  /// Ends a line, and empties the writer: what it held is returned.
  mutating func takeLine() -> [UInt8] {
    bytes.append(UInt8(ascii: "\n"))
    defer {
      bytes.removeAll(keepingCapacity: true)
      needsComma = false
    }
    return bytes
  }

  private mutating func open(_ bracket: UInt8) {
    separate()
    bytes.append(bracket)
    needsComma = false
  }

  private mutating func close(_ bracket: UInt8) {
    bytes.append(bracket)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func append(escaped byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      bytes.append(UInt8(ascii: "\\"))
      bytes.append(byte)
    case 0x0A: bytes.append(contentsOf: "\\n".utf8)
    case 0x0D: bytes.append(contentsOf: "\\r".utf8)
    case 0x09: bytes.append(contentsOf: "\\t".utf8)
    case 0..<0x20, 0x7F:
      bytes.append(contentsOf: "\\u00".utf8)
      for digit in [byte >> 4, byte & 15] {
        bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      }
    default: bytes.append(byte)
    }
  }
}
