/// The bits in which some words differ, closed up to numbers that are shorter and order as the words
/// do: of "user-10" to "user-99" little more than what two digits tell.
struct DifferingBits: Sendable {
  /// The bits of a byte, from the highest that differs to the lowest.
  private struct Field: Sendable {
    var shift: UInt64
    var mask: UInt64
    var width: UInt64
  }

  private let fields: [Field]
  /// How many bits the numbers have, at most 64.
  let count: Int

  /// Makes it of the bits in which words differ.
  init(_ differences: UInt64) {
    var fields: [Field] = []
    for shift in stride(from: 56, through: 0, by: -8) {
      let byte = UInt8(truncatingIfNeeded: differences >> UInt64(shift))
      if byte == 0 { continue }
      let lowest = byte.trailingZeroBitCount
      let width = 8 - byte.leadingZeroBitCount - lowest
      fields.append(
        Field(shift: UInt64(shift + lowest), mask: 1 << UInt64(width) - 1, width: UInt64(width)))
    }
    self.fields = fields
    count = fields.reduce(0) { $0 + Int($1.width) }
  }

  /// Replaces each word by its number.
  func closeUp(_ words: UnsafeMutableBufferPointer<UInt64>) {
    fields.withUnsafeBufferPointer { fields in
      for index in words.indices {
        let word = words[index]
        var number: UInt64 = 0
        for field in fields {
          number = number &<< field.width | (word &>> field.shift) & field.mask
        }
        words[index] = number
      }
    }
  }
}
