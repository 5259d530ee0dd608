import ChangeModel
import Glibc
import Scanning

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
  var hole: Hole
  /// For a value the index in ``RecordTemplate/Match/values``, for a number in `numbers`.
  var target: Int32
}

/// The bytes that records have in common which differ only in their values and positions; of an
/// open one, also in which columns they name.
///
/// Most records of a file are such: table, operation, column names, presence and the cursor's
/// shape repeat, byte for byte. A record that a template matches is neither indexed nor walked: its
/// literals are the bytes of the record that the template was learned from, which was checked whole,
/// and what stands between them are the contents of strings, which end at a quote, and digits. Any
/// deviation, however small, is no match, and the record is read the general way. What a match means
/// is said by a ``RecordForm``.
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
  /// The content of a string.
  struct Value {
    var start: Int
    var count: Int
    var hasEscape = false
  }
  /// What a record gave.
  struct Match {
    var values: UnsafeMutablePointer<Value>
    var numbers: UnsafeMutablePointer<UInt64>
    /// The digits of `exists`, two bits each, behind a first 1.
    var presence: UnsafeMutablePointer<UInt64>
  }

  /// So many columns' digits fit into one word.
  static let presenceMax = 31
  static let emptyPresence: UInt64 = 1

  var steps: UnsafeMutablePointer<TemplateStep>
  /// The table of its records.
  var table: UInt32
  /// The form of its records; -1 where the template is open, and presence tells it.
  var form: Int32

  /// Matches a record against the steps.
  ///
  /// - Parameters:
  ///   - steps: the template's.
  ///   - base: the text.
  ///   - start: where the first literal must begin.
  ///   - limit: the text's length.
  /// - Returns: where the record ends, or -1.
  static func match(
    _ steps: UnsafePointer<TemplateStep>, _ base: UnsafeRawPointer, from start: Int, limit: Int,
    into match: Match
  ) -> Int {
    var position = start
    var isASCII = true
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
        let end = JSONStringEnd.find(base, from: position, limit: limit)
        guard end.offset >= 0 else { return -1 }
        let value = Value(start: position, count: end.offset &- position, hasEscape: end.hasEscape)
        if value.hasEscape, hasBadEscape(base, value) { return -1 }
        isASCII = isASCII && end.isASCII
        match.values[Int(step.pointee.target)] = value
        position = end.offset
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
        return isASCII || isText(base, start..<position) ? position : -1
      }
      step += 1
    }
  }

  @inline(never)
  private static func hasBadEscape(_ base: UnsafeRawPointer, _ value: Value) -> Bool {
    JSONText.firstBadEscape(
      UnsafeRawBufferPointer(start: base + value.start, count: value.count)) != nil
  }

  @inline(never)
  private static func isText(_ base: UnsafeRawPointer, _ bytes: Range<Int>) -> Bool {
    isUTF8(UnsafeRawBufferPointer(start: base + bytes.lowerBound, count: bytes.count))
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
