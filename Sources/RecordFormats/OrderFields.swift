import ChangeModel
import Scanning

/// Turns the texts of configured order fields into a position.
struct OrderFields {
  private var words: [UInt64] = []

  /// Appends a field's words.
  ///
  /// - Throws: when the text is not of the kind, or more than four words are needed.
  mutating func append(_ text: UnsafeRawBufferPointer, of field: OrderField) throws(RecordFault) {
    guard let parsed = Self.words(of: text, kind: field.kind) else {
      throw RecordFault(reason: "\"\(field.path)\" cannot be read as \(field.kind.rawValue)")
    }
    words.append(contentsOf: parsed)
    guard words.count <= 4 else {
      throw RecordFault(reason: "the order fields need more than 32 bytes")
    }
  }

  /// The fields so far, the first most significant.
  var position: Position {
    let padded = words + [0, 0, 0, 0]
    return Position(padded[0], padded[1], padded[2], padded[3])
  }

  /// The words that a text of a kind is compared as; nil when it is not of the kind.
  static func words(of text: UnsafeRawBufferPointer, kind: OrderField.Kind) -> [UInt64]? {
    switch kind {
    case .int: return NumberText.unsigned(text).map { [$0] }
    case .logFileSuffix:
      return CursorReader.logFile(RawValue(kind: .text, text: text)).map { [$0.1] }
    case .pgLSN:
      guard let slash = text.firstIndex(of: UInt8(ascii: "/")),
        let high = hex(text[..<slash]), let low = hex(text[(slash + 1)...]),
        high < 1 << 32, low < 1 << 32
      else { return nil }
      return [high << 32 | low]
    case .hex:
      var digits = text.filter { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "-") }
      if digits.count > 2, digits[0] == UInt8(ascii: "0"), digits[1] | 0x20 == UInt8(ascii: "x") {
        digits.removeFirst(2)
      }
      guard !digits.isEmpty, digits.count <= 32 else { return nil }
      let split = max(0, digits.count - 16)
      guard let high = split == 0 ? 0 : hex(digits[..<split]), let low = hex(digits[split...])
      else { return nil }
      return [high, low]
    case .text:
      guard text.count <= 16 else { return nil }
      var words: [UInt64] = [0, 0]
      for index in 0..<16 {
        let byte = index < text.count ? UInt64(text[index]) : 0
        words[index / 8] = words[index / 8] << 8 | byte
      }
      return words
    }
  }

  private static func hex(_ digits: some Collection<UInt8>) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 16 else { return nil }
    var value: UInt64 = 0
    for byte in digits {
      guard let digit = NumberText.hexDigit(byte) else { return nil }
      value = value << 4 | UInt64(digit)
    }
    return value
  }

  /// The kind that a cursor's text looks like, if it could be an order at all.
  static func guess(_ value: RawValue) -> (OrderField.Kind, Position)? {
    let kinds: [OrderField.Kind]
    switch value.kind {
    case .number: kinds = [.int]
    case .text:
      if value.text.contains(UInt8(ascii: "/")) {
        kinds = [.pgLSN]
      } else {
        kinds = value.text.count >= 16 ? [.int, .hex, .logFileSuffix] : [.int, .logFileSuffix]
      }
    default: return nil
    }
    for kind in kinds {
      guard let words = words(of: value.text, kind: kind) else { continue }
      return (kind, Position(words[0], words.count > 1 ? words[1] : 0))
    }
    return nil
  }
}
