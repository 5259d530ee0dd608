/// Numbers as they are written: checked, compared and turned into one canonical form without ever
/// passing through a floating-point value.
@usableFromInline
package enum NumberText {
  /// Whether text is a number as JSON writes it.
  package static func isJSONNumber(_ text: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    if index < text.count, text[index] == UInt8(ascii: "-") { index += 1 }
    let integer = digits(text, from: index)
    guard integer > 0, integer == 1 || text[index] != UInt8(ascii: "0") else { return false }
    index += integer
    if index < text.count, text[index] == UInt8(ascii: ".") {
      let fraction = digits(text, from: index + 1)
      guard fraction > 0 else { return false }
      index += 1 + fraction
    }
    if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
      index += 1
      if index < text.count, text[index] == UInt8(ascii: "+") || text[index] == UInt8(ascii: "-") {
        index += 1
      }
      let exponent = digits(text, from: index)
      guard exponent > 0 else { return false }
      index += exponent
    }
    return index == text.count
  }

  /// The value of decimal digits and nothing else; nil for other text and from 2^64 on.
  package static func unsigned(_ text: UnsafeRawBufferPointer) -> UInt64? {
    guard text.count > 0 else { return nil }
    var value: UInt64 = 0
    for byte in text {
      guard byte &- 48 < 10 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(UInt64(byte &- 48))
      guard !overflow, !carry else { return nil }
      value = sum
    }
    return value
  }

  /// The value of an integer, perhaps with a minus sign; nil for other text and beyond 64 bits.
  package static func signed(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.count > 0 else { return nil }
    guard text[0] == UInt8(ascii: "-") else {
      return unsigned(text).flatMap { Int64(exactly: $0) }
    }
    guard let magnitude = unsigned(UnsafeRawBufferPointer(rebasing: text[1...])) else { return nil }
    if magnitude == 1 << 63 { return .min }
    return Int64(exactly: magnitude).map { -$0 }
  }

  /// The value of an integer written without superfluous zeros or signs, so that the number gives
  /// back the very text; nil for anything else.
  package static func canonicalInteger(_ text: UnsafeRawBufferPointer) -> Int64? {
    let isNegative = text.count > 0 && text[0] == UInt8(ascii: "-")
    let first = isNegative ? 1 : 0
    guard first < text.count else { return nil }
    if text[first] == UInt8(ascii: "0"), text.count > 1 { return nil }
    return signed(text)
  }

  /// How many decimal digits stand at `index`.
  @inlinable
  package static func digits(_ text: UnsafeRawBufferPointer, from index: Int) -> Int {
    var end = index
    while end < text.count, text[end] &- 48 < 10 { end += 1 }
    return end - index
  }

  /// The value of a hexadecimal digit.
  @inlinable
  package static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }
}

extension NumberText {
  /// Longer canonical forms keep an exponent, so that `1e999999999` stays small.
  private static let plainLengthMax = 1024

  /// Appends the one form that all texts of a decimal number share: `1.0`, `1e0` and `+01` give
  /// `1`, `1e2` gives `100`, `-0.50` gives `-0.5`, `-0` gives `0`.
  ///
  /// - Returns: false, and nothing appended, when the text is no decimal number.
  package static func appendCanonical(
    _ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]
  ) -> Bool {
    if canonicalInteger(text) != nil {
      bytes.append(contentsOf: text)
      return true
    }
    guard var parts = Parts(text) else { return false }
    parts.normalise()
    guard !parts.digits.isEmpty else {
      bytes.append(UInt8(ascii: "0"))
      return true
    }
    if parts.isNegative { bytes.append(UInt8(ascii: "-")) }
    parts.appendMagnitude(to: &bytes, plainLengthMax: plainLengthMax)
    return true
  }

  /// A decimal number: its digits as a whole number, times ten to the exponent.
  private struct Parts {
    var isNegative = false
    var digits: [UInt8] = []
    var exponent = 0

    init?(_ text: UnsafeRawBufferPointer) {
      var index = 0
      if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+") {
        isNegative = text[index] == UInt8(ascii: "-")
        index += 1
      }
      let integer = NumberText.digits(text, from: index)
      digits.append(contentsOf: text[index..<index + integer])
      index += integer
      if index < text.count, text[index] == UInt8(ascii: ".") {
        let fraction = NumberText.digits(text, from: index + 1)
        digits.append(contentsOf: text[index + 1..<index + 1 + fraction])
        exponent = -fraction
        index += 1 + fraction
      }
      guard !digits.isEmpty else { return nil }
      if index < text.count, text[index] | 0x20 == UInt8(ascii: "e") {
        index += 1
        var isSmall = false
        if index < text.count, text[index] == UInt8(ascii: "-") || text[index] == UInt8(ascii: "+")
        {
          isSmall = text[index] == UInt8(ascii: "-")
          index += 1
        }
        let count = NumberText.digits(text, from: index)
        // Beyond this no two texts of one number could be told apart by any computer we have.
        guard count > 0,
          let value = NumberText.unsigned(
            UnsafeRawBufferPointer(rebasing: text[index..<index + count])),
          value < 1 << 60
        else { return nil }
        exponent += isSmall ? -Int(value) : Int(value)
        index += count
      }
      guard index == text.count else { return nil }
    }

    mutating func normalise() {
      while digits.last == UInt8(ascii: "0") {
        digits.removeLast()
        exponent += 1
      }
      let zeros = digits.prefix { $0 == UInt8(ascii: "0") }.count
      digits.removeFirst(zeros)
    }

    func appendMagnitude(to bytes: inout [UInt8], plainLengthMax: Int) {
      let point = digits.count + exponent
      if exponent >= 0, point <= plainLengthMax {
        bytes.append(contentsOf: digits)
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: exponent))
      } else if exponent < 0, point > 0 {
        bytes.append(contentsOf: digits[..<point])
        bytes.append(UInt8(ascii: "."))
        bytes.append(contentsOf: digits[point...])
      } else if exponent < 0, point > -plainLengthMax {
        bytes.append(contentsOf: [UInt8(ascii: "0"), UInt8(ascii: ".")])
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: -point))
        bytes.append(contentsOf: digits)
      } else {
        bytes.append(contentsOf: digits)
        bytes.append(UInt8(ascii: "e"))
        bytes.append(contentsOf: String(exponent).utf8)
      }
    }
  }
}
