extension CellWriter {
  /// Appends the text of a key, or of a part of one; no two numbers have the same text.
  func appendKey(
    _ number: Int, _ style: KeyStyle, as form: TextForm, to bytes: inout [UInt8]
  ) -> Bool {
    switch style {
    case .integer: Decimal.append(UInt64(number + 100), to: &bytes)
    case .padded: Decimal.append(UInt64(number), width: 10, to: &bytes)
    case .name:
      bytes += Self.namePrefix
      Decimal.append(UInt64(number), to: &bytes)
    case .unary: for _ in 0...number { bytes.append(0x31) }
    case .lookalike: appendLookalike(number, to: &bytes)
    case .accented:
      bytes += lexicon.accented[number & 3].forms[form.rawValue]
      Decimal.append(UInt64(number >> 2), to: &bytes)
    case .hostile: return appendHostileKey(number, as: form, to: &bytes)
    case .heartbeat: Decimal.append(UInt64(1_657_516_900_000 + number * 10_000), to: &bytes)
    }
    return false
  }

  private static let namePrefix = Array("user-".utf8)

  private func appendLookalike(_ number: Int, to bytes: inout [UInt8]) {
    let (digits, variant) = number.quotientAndRemainder(dividingBy: 6)
    if variant == 1 { bytes.append(0x30) }
    if variant == 2 { bytes.append(0x20) }
    if variant == 3 { bytes.append(0x2B) }
    Decimal.append(UInt64(digits), to: &bytes)
    if variant == 4 { bytes.append(0x20) }
    if variant == 5 {
      bytes.append(0x2E)
      bytes.append(0x30)
    }
  }

  // The number ends at the tilde, so what follows cannot make two keys alike.
  private func appendHostileKey(
    _ number: Int, as form: TextForm, to bytes: inout [UInt8]
  ) -> Bool {
    if number == 0 { return false }
    Decimal.append(UInt64(number), to: &bytes)
    bytes.append(0x7E)
    let fragment = lexicon.hostile[number % lexicon.hostile.count]
    bytes += fragment.forms[form.rawValue]
    return fragment.needsQuotes
  }
}
