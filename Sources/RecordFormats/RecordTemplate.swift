import ChangeModel
import Glibc

/// A stretch of bytes that every record of a template has, and what varies behind it.
struct TemplateStep {
  enum Hole: UInt8 {
    /// Nothing: the record ends here.
    case end
    /// The content of a JSON string.
    case value
    /// Decimal digits, written as JSON writes an integer.
    case number
    /// Decimal digits, perhaps with zeros in front (the number of a log file).
    case padded
    /// A column's digit in `exists`, 0 to 3.
    case presence
  }
  var literal: UnsafeRawPointer
  var literalCount: Int32
  /// For a value: the token behind it, counted from the record's first.
  var token: Int32
  var hole: Hole
  /// For a value the index in ``RecordTemplate/Match/values``, for a number in `numbers`.
  var target: Int32
}

/// The bytes that records have in common which differ only in their values and positions; of an
/// open one, also in which columns they name.
///
/// Most records of a file are such: table, operation, column names, presence and the cursor's
/// shape repeat, byte for byte. A record that a template matches was not walked: its literals are
/// the same bytes in the same place between the same tokens as in the record that the template was
/// learned from, which was walked and checked whole. Any deviation, however small, is no match, and
/// the record is read the general way. What a match means is said by a ``RecordForm``.
struct RecordTemplate {
  /// Where numbers go: words of the position, the timestamp, the four counts, the row where SAP ASE's
  /// transaction began, and what is only looked over.
  enum Number {
    static let word = 0
    static let timestamp = 4
    static let count = 5
    static let transactionRow = 9
    static let ignored = 10
    static let total = 11
  }
  /// What a record gave.
  struct Match {
    var values: UnsafeMutablePointer<(start: Int, count: Int)>
    var numbers: UnsafeMutablePointer<UInt64>
    /// The digits of `exists`, two bits each, behind a first 1.
    var presence: UnsafeMutablePointer<UInt64>
  }

  /// So many columns' digits fit into one word.
  static let presenceMax = 31
  static let emptyPresence: UInt64 = 1

  var steps: UnsafeMutablePointer<TemplateStep>
  /// How many tokens a record has; of a CSV row 0.
  var tokenCount: Int
  /// The table of its records.
  var table: UInt32
  /// The form of its records; -1 where the template is open, and presence tells it.
  var form: Int32
  /// Runs of values between which there is no backslash but in the values themselves.
  var spans: ((first: Int, last: Int), (first: Int, last: Int))
  var spanCount: Int

  /// Matches a record against the steps.
  ///
  /// - Parameters:
  ///   - steps: the template's.
  ///   - base: the text.
  ///   - start: where the first literal must begin.
  ///   - limit: the text's length.
  ///   - offsets: the record's tokens, at least `tokenCount`; nil where no step has a value.
  /// - Returns: where the record ends, or -1.
  static func match(
    _ steps: UnsafePointer<TemplateStep>, _ base: UnsafeRawPointer, from start: Int, limit: Int,
    offsets: UnsafePointer<UInt32>?, into match: Match
  ) -> Int {
    var position = start
    var step = steps
    var presence = emptyPresence
    while true {
      let count = Int(step.pointee.literalCount)
      guard count <= limit &- position,
        isEqual(base + position, step.pointee.literal, count)
      else { return -1 }
      position &+= count
      switch step.pointee.hole {
      case .value:
        let end = Int(offsets.unsafelyUnwrapped[Int(step.pointee.token)]) &- 1
        guard end >= position else { return -1 }
        match.values[Int(step.pointee.target)] = (position, end &- position)
        position = end
      case .number, .padded:
        let first = position
        guard
          let value = DigitRun.read(base, &position, limit: limit),
          step.pointee.hole == .padded || position == first &+ 1
            || base.load(fromByteOffset: first, as: UInt8.self) != 0x30
        else { return -1 }
        match.numbers[Int(step.pointee.target)] = value
      case .presence:
        guard position < limit else { return -1 }
        let digit = base.load(fromByteOffset: position, as: UInt8.self) &- 0x30
        guard digit < 4 else { return -1 }
        presence = presence << 2 | UInt64(digit)
        position &+= 1
      case .end:
        match.presence.pointee = presence
        return position
      }
      step += 1
    }
  }

  /// The bits in which 16 bytes differ.
  @inline(__always)
  private static func difference(
    _ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ offset: Int
  ) -> SIMD2<UInt64> {
    left.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
      ^ right.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
  }

  /// Whether two stretches of memory are equal.
  @inline(__always)
  static func isEqual(_ left: UnsafeRawPointer, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
    if count >= 16 {
      if count > 64 { return memcmp(left, right, count) == 0 }
      var differences = difference(left, right, count &- 16)
      var offset = 0
      while offset &+ 16 < count {
        differences |= difference(left, right, offset)
        offset &+= 16
      }
      return differences == SIMD2<UInt64>(repeating: 0)
    }
    if count >= 8 {
      return left.loadUnaligned(as: UInt64.self) == right.loadUnaligned(as: UInt64.self)
        && left.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
          == right.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    }
    if count >= 4 {
      return left.loadUnaligned(as: UInt32.self) == right.loadUnaligned(as: UInt32.self)
        && left.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
          == right.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)
    }
    var offset = 0
    while offset < count {
      if left.load(fromByteOffset: offset, as: UInt8.self)
        != right.load(fromByteOffset: offset, as: UInt8.self)
      {
        return false
      }
      offset += 1
    }
    return true
  }
}

/// Decimal digits, read eight at a time.
enum DigitRun {
  /// Reads the digits at a place and moves behind them; nil for none, and for more than 18, which
  /// might not fit.
  @inline(__always)
  static func read(_ base: UnsafeRawPointer, _ position: inout Int, limit: Int) -> UInt64? {
    var value: UInt64 = 0
    var total = 0
    while limit &- position >= 8 {
      let chunk = base.loadUnaligned(fromByteOffset: position, as: UInt64.self)
      let digits = chunk ^ 0x3030_3030_3030_3030
      // The high bit of each byte that is no digit.
      let others =
        (((digits & 0x7F7F_7F7F_7F7F_7F7F) &+ 0x7676_7676_7676_7676) | digits)
        & 0x8080_8080_8080_8080
      let count = others.trailingZeroBitCount >> 3
      if count == 0 { break }
      value =
        value &* scale(count) &+ combine(digits &<< UInt64(truncatingIfNeeded: (8 &- count) &* 8))
      total &+= count
      position &+= count
      if count < 8 { return total <= 18 ? value : nil }
      if total > 18 { return nil }
    }
    if limit &- position < 8 {
      while position < limit {
        let digit = base.load(fromByteOffset: position, as: UInt8.self) ^ 0x30
        guard digit < 10 else { break }
        value = value &* 10 &+ UInt64(digit)
        total += 1
        position += 1
        if total > 18 { return nil }
      }
    }
    return total == 0 || total > 18 ? nil : value
  }

  /// The number that eight digits give, the first in the lowest byte.
  @inline(__always)
  private static func combine(_ digits: UInt64) -> UInt64 {
    let pairs = (digits &* 10) &+ (digits >> 8)
    let low = (pairs & 0x0000_00FF_0000_00FF) &* 0x000F_4240_0000_0064
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF) &* 0x0000_2710_0000_0001
    return (low &+ high) >> 32
  }

  @inline(__always)
  private static func scale(_ count: Int) -> UInt64 {
    switch count {
    case 8: 100_000_000
    case 7: 10_000_000
    case 6: 1_000_000
    case 5: 100_000
    case 4: 10_000
    case 3: 1000
    case 2: 100
    default: 10
    }
  }
}
