/// A value of the world: zero is NULL, any other number stands for a text that it and the column's
/// content decide. So rows and images are numbers, and text exists only where it is written.
package typealias Cell = UInt64

/// How the number of a key, or of a part of one, becomes text; no two numbers give one text.
package enum KeyStyle: Sendable, Hashable, CaseIterable {
  /// `100`, `101`, …
  case integer
  /// `0000000007`
  case padded
  /// `user-7`
  case name
  /// `1`, `11`, `111`: parts that look alike when they are strung together.
  case unary
  /// `7`, `07`, `7.0`, ` 7`, `7 `, `+7`: five keys to whoever does not convert text.
  case lookalike
  /// The same name composed, decomposed, upper case and without its accent.
  case accented
  /// The empty string, quotes, commas, newlines, emoji.
  case hostile
  /// Milliseconds since 1970, ten seconds apart.
  case heartbeat
}

/// What the values of a column look like.
package enum CellContent: Sendable, Hashable {
  /// Part of a key: one more than its number.
  case key(KeyStyle)
  /// Decimal digits, sometimes negative.
  case integer
  /// A decimal of fixed scale, with trailing zeros.
  case decimal
  /// `2023-07-13 20:43:05.0`
  case moment
  /// `0` or `1`.
  case flag
  /// Words, of about this many bytes.
  case words(Int)
  /// Anything, sometimes this long.
  case hostile(Int)

  /// The type that `schemas.yaml` gives it.
  var declaredType: String {
    switch self {
    case .key(.integer), .key(.heartbeat): "BIGINT"
    case .integer: "BIGINT"
    case .decimal: "DECIMAL(20,4)"
    case .moment: "DATETIME"
    case .flag: "TINYINT"
    case .key, .words, .hostile: "VARCHAR(4000)"
    }
  }
}

/// Writes cells as text.
struct CellWriter: Sendable {
  let lexicon: Lexicon

  /// Appends the text of a cell that is not NULL, in the form asked for.
  ///
  /// - Returns: whether a CSV field of it is quoted.
  @discardableResult
  func append(
    _ cell: Cell, _ content: CellContent, as form: TextForm, to bytes: inout [UInt8]
  ) -> Bool {
    switch content {
    case .key(let style): return appendKey(Int(cell - 1), style, as: form, to: &bytes)
    case .integer: appendInteger(cell, to: &bytes)
    case .decimal: appendDecimal(cell, to: &bytes)
    case .moment: appendMoment(cell, to: &bytes)
    case .flag: bytes.append(0x30 + UInt8((cell >> 7) & 1))
    case .words(let length): appendWords(cell, length, as: form, to: &bytes)
    case .hostile(let long): return appendHostile(cell, long, as: form, to: &bytes)
    }
    return false
  }

  private func appendInteger(_ cell: Cell, to bytes: inout [UInt8]) {
    if cell & 15 == 0 { bytes.append(0x2D) }
    // Some beyond 2^53, where a Double would lose digits.
    Decimal.append(cell & 31 == 1 ? cell >> 2 : (cell >> 8) & 0xFF_FFFF, to: &bytes)
  }

  private func appendDecimal(_ cell: Cell, to bytes: inout [UInt8]) {
    Decimal.append((cell >> 8) & 0xFFFF, to: &bytes)
    bytes.append(0x2E)
    Decimal.append((cell >> 32) % 100, width: 2, to: &bytes)
    bytes.append(0x30)
    bytes.append(0x30)
  }

  private func appendMoment(_ cell: Cell, to bytes: inout [UInt8]) {
    Decimal.append(1990 + (cell >> 8) % 40, to: &bytes)
    bytes.append(0x2D)
    Decimal.append(1 + (cell >> 16) % 12, width: 2, to: &bytes)
    bytes.append(0x2D)
    Decimal.append(1 + (cell >> 24) % 28, width: 2, to: &bytes)
    bytes.append(0x20)
    Decimal.append((cell >> 32) % 24, width: 2, to: &bytes)
    bytes.append(0x3A)
    Decimal.append((cell >> 40) % 60, width: 2, to: &bytes)
    bytes.append(0x3A)
    Decimal.append((cell >> 48) % 60, width: 2, to: &bytes)
    bytes.append(0x2E)
    Decimal.append((cell >> 56) % 10, to: &bytes)
  }

  private func appendWords(
    _ cell: Cell, _ length: Int, as form: TextForm, to bytes: inout [UInt8]
  ) {
    let start = bytes.count
    let wanted = length / 2 + ((Int(cell & 0xFFFF) * length) >> 16)
    var choices = cell
    while true {
      bytes += lexicon.words[Int(choices & 63)].forms[form.rawValue]
      if bytes.count - start >= wanted { return }
      bytes.append(0x20)
      choices >>= 6
      if choices < 64 { choices = SeededRandom.mix(cell &+ UInt64(bytes.count - start)) }
    }
  }

  private func appendHostile(
    _ cell: Cell, _ long: Int, as form: TextForm, to bytes: inout [UInt8]
  ) -> Bool {
    var choices = SeededRandom(seed: cell)
    var wanted = choices.below(7)
    if choices.below(150) == 0 { wanted = long / 2 }
    var isQuoted = false
    for _ in 0..<wanted {
      let isWord = choices.chance(40)
      let pool = isWord ? lexicon.words : lexicon.hostile
      isQuoted = append(pool[choices.below(pool.count)], as: form, &choices, to: &bytes) || isQuoted
    }
    return isQuoted
  }

  private func append(
    _ fragment: Fragment, as form: TextForm, _ choices: inout SeededRandom,
    to bytes: inout [UInt8]
  ) -> Bool {
    // The choice is taken in every form, so that all forms go on alike.
    let escapes = choices.chance(30)
    let actual = form == .json && escapes ? TextForm.jsonEscaped : form
    bytes += fragment.forms[actual.rawValue]
    return fragment.needsQuotes
  }
}

/// Numbers as decimal digits.
enum Decimal {
  /// Appends a number, with leading zeros up to a width.
  static func append(_ number: UInt64, width: Int = 1, to bytes: inout [UInt8]) {
    let start = bytes.count
    var rest = number
    while rest > 0 || bytes.count - start < width {
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      bytes.append(0x30 + UInt8(digit))
      rest = quotient
    }
    var low = start
    var high = bytes.count - 1
    while low < high {
      bytes.swapAt(low, high)
      low += 1
      high -= 1
    }
  }
}
