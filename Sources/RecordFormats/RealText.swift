import Scanning

/// Decimal texts that a binary fraction gives back unchanged.
enum RealText {
  /// The value, if its shortest text is the same number as this one; nil otherwise.
  static func exact(_ text: UnsafeRawBufferPointer) -> Double? {
    guard text.count > 0, text.count <= 40 else { return nil }
    var canonical: [UInt8] = []
    guard NumberText.appendCanonical(text, to: &canonical),
      let value = Double(String(decoding: text, as: UTF8.self)), value.isFinite
    else { return nil }
    let shortest = Array(value.description.utf8)
    var back: [UInt8] = []
    let isNumber = shortest.withUnsafeBytes { NumberText.appendCanonical($0, to: &back) }
    return isNumber && back == canonical ? value : nil
  }
}
