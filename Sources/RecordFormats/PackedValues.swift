package import ChangeModel
import Glibc
import Scanning

/// The values that a change gives its row, as they are put aside until the change is known to be
/// needed: texts as the record has them, without escapes, and what is to become of them.
///
/// The bytes: the decoder's table and shape (UInt32 each), a head for each column of the shape,
/// ascending, then the texts. A head has its value's kind in its lower three bits and how many bytes
/// the text has in the others; of a long text it has 31 there, and the count stands before the text:
/// in one byte, or behind a byte of 255 in four. Whole numbers are in the machine's order: nothing of
/// this outlives the process.
@frozen @usableFromInline
package enum PackedValues {
  /// What becomes of a text.
  enum Kind: UInt8 {
    case null
    case text
    /// The text of a column with a type; it stays text where that would lose something.
    case integer, real, boolean
    /// A JSON number; of a column of reals.
    case number, realNumber
  }

  @usableFromInline static let headerByteCount = 8
  /// A text of so many bytes or more is long.
  @usableFromInline static let longByteCount = 31
  /// The count of a text of so many bytes or more takes more than a byte.
  @usableFromInline static let longerByteCount = 255
  /// A value has at most so many bytes beside its text: a head and a count.
  static let headByteCountMax = 6

  /// Which of the decoder's tables the change is of, and which of the table's shapes it has.
  package static func layout(of change: UnsafeRawBufferPointer) -> (table: Int, shape: Int) {
    (
      Int(change.loadUnaligned(as: UInt32.self)),
      Int(change.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    )
  }

  /// What stands behind the layout: of a record that was put aside as it is, its bytes.
  package static func content(of change: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: change[headerByteCount...])
  }

  /// The values, one after another.
  @frozen @usableFromInline
  package struct Iterator {
    @usableFromInline var head: UnsafeRawPointer
    @usableFromInline var text: UnsafeRawPointer

    /// Begins with the first value.
    ///
    /// - Parameters:
    ///   - change: the bytes of a change that has values.
    ///   - count: how many columns its shape has: the next value may be asked for as often.
    @inlinable
    package init(_ change: UnsafeRawBufferPointer, count: Int) {
      precondition(change.count >= PackedValues.headerByteCount + count)
      // Not empty, so it is somewhere.
      head = change.baseAddress.unsafelyUnwrapped + PackedValues.headerByteCount
      text = head + count
    }

    /// The next value.
    @inlinable @inline(__always)
    package mutating func next() -> Value {
      let kind = head.load(as: UInt8.self) & 7
      var count = Int(head.load(as: UInt8.self) >> 3)
      head += 1
      if count == PackedValues.longByteCount {
        count = Int(text.load(as: UInt8.self))
        text += 1
        if count == PackedValues.longerByteCount {
          count = Int(text.loadUnaligned(as: UInt32.self))
          text += 4
        }
      }
      defer { text += count }
      return Value(kind: kind, text: UnsafeRawBufferPointer(start: text, count: count))
    }
  }

  /// A value as it was put aside.
  @frozen @usableFromInline
  package struct Value {
    @usableFromInline let kind: UInt8
    /// Its text.
    @usableFromInline package let text: UnsafeRawBufferPointer

    @inlinable
    init(kind: UInt8, text: UnsafeRawBufferPointer) {
      self.kind = kind
      self.text = text
    }

    /// Whether it is NULL.
    @inlinable package var isNull: Bool { kind == 0 }

    /// Whether it is a text for certain; what is not may still turn out to be one.
    @inlinable package var isText: Bool { kind == 1 }

    /// What a text of a column with a type is; nil where it stays text.
    package var typed: Cell? { Kind(rawValue: kind).flatMap { PackedValues.typed(0, text, $0) } }
  }

  /// Appends the values to a buffer.
  ///
  /// - Parameters:
  ///   - change: the bytes of a change that has values.
  ///   - columns: what the shape's columns are called there, in their order.
  package static func append(
    _ change: UnsafeRawBufferPointer, columns: [Int], to buffer: inout CellBuffer
  ) {
    var values = Iterator(change, count: columns.count)
    let texts = UnsafeRawBufferPointer(rebasing: change[(headerByteCount + columns.count)...])
    let copy = buffer.bytes.count
    buffer.bytes.append(contentsOf: texts)
    let first = buffer.cells.count
    buffer.cells.append(contentsOf: repeatElement(Cell(null: 0), count: columns.count))
    buffer.cells.withUnsafeMutableBufferPointer { cells in
      let start = values.text
      for (place, column) in columns.enumerated() {
        let value = values.next()
        let offset = value.text.baseAddress.map { $0 - start } ?? 0
        cells[first + place] = cell(
          UInt32(truncatingIfNeeded: column), value,
          copiedTo: ByteRange(offset: copy + offset, count: value.text.count))
      }
    }
  }

  /// A value as a cell, whose text was copied along with the others.
  @inline(__always)
  private static func cell(_ column: UInt32, _ value: Value, copiedTo copy: ByteRange) -> Cell {
    if value.isNull { return Cell(null: column) }
    if value.isText { return Cell(column: column, text: copy) }
    return Kind(rawValue: value.kind).flatMap { typed(column, value.text, $0) }
      ?? Cell(column: column, text: copy)
  }

  /// The value of a text that is to be more; nil where it must stay text.
  private static func typed(
    _ column: UInt32, _ text: UnsafeRawBufferPointer, _ kind: Kind
  ) -> Cell? {
    switch kind {
    case .null, .text: return nil
    case .integer:
      return NumberText.canonicalInteger(text).map { Cell(column: column, integer: $0) }
    case .real: return RealText.exact(text).map { Cell(column: column, real: $0) }
    case .boolean:
      if text.equals("1") || text.equals("true") || text.equals("t") {
        return Cell(column: column, integer: 1)
      }
      if text.equals("0") || text.equals("false") || text.equals("f") {
        return Cell(column: column, integer: 0)
      }
      return nil
    case .number: return number(column, text, prefersReal: false)
    case .realNumber: return number(column, text, prefersReal: true)
    }
  }

  /// A JSON number: INTEGER if it is written as one and fits, else REAL if nothing is lost by it.
  private static func number(
    _ column: UInt32, _ text: UnsafeRawBufferPointer, prefersReal: Bool
  ) -> Cell? {
    let isInteger = !text.contains { $0 == 0x2E || $0 | 0x20 == 0x65 }
    if isInteger, !prefersReal {
      return NumberText.signed(text).map { Cell(column: column, integer: $0) }
    }
    return RealText.exact(text).map { Cell(column: column, real: $0) }
  }
}

extension PackedValues.Kind {
  /// What becomes of the texts of a column.
  init(_ type: ColumnType?) {
    switch type {
    case nil, .text: self = .text
    case .integer: self = .integer
    case .real: self = .real
    case .boolean: self = .boolean
    }
  }
}

/// Writes the values of one change.
struct ValueWriter {
  private let start: UnsafeMutableRawPointer
  private var heads: UnsafeMutableRawPointer
  private var texts: UnsafeMutableRawPointer

  /// How many bytes values take at the most.
  @inline(__always)
  static func byteCount(values: Int, texts: Int) -> Int {
    PackedValues.headerByteCount + values * PackedValues.headByteCountMax + texts
  }

  /// Makes a writer of a change's values.
  ///
  /// - Parameter memory: room for all that will be written.
  @inline(__always)
  init(of change: Change, values: Int, at memory: UnsafeMutableRawPointer) {
    start = memory
    memory.storeBytes(of: change.table, as: UInt32.self)
    memory.storeBytes(of: change.shape, toByteOffset: 4, as: UInt32.self)
    heads = memory + PackedValues.headerByteCount
    texts = heads + values
  }

  /// How many bytes were written.
  @inline(__always)
  var byteCount: Int { texts - start }

  /// Writes the next value.
  ///
  /// - Parameter readable: how many bytes may be read at `text`.
  @inline(__always)
  mutating func put(_ kind: UInt8, _ text: UnsafeRawBufferPointer, readable: Int) {
    let isLong = text.count >= PackedValues.longByteCount
    let count = isLong ? PackedValues.longByteCount : text.count
    heads.storeBytes(of: kind | UInt8(truncatingIfNeeded: count << 3), as: UInt8.self)
    heads += 1
    if isLong { putCount(text.count) }
    if let base = text.baseAddress {
      if text.count <= ValueBlock.slack, readable >= ValueBlock.slack {
        texts.storeBytes(of: base.loadUnaligned(as: SIMD32<UInt8>.self), as: SIMD32<UInt8>.self)
      } else {
        memcpy(texts, base, text.count)
      }
    }
    texts += text.count
  }

  @inline(__always)
  private mutating func putCount(_ count: Int) {
    let isLonger = count >= PackedValues.longerByteCount
    texts.storeBytes(
      of: UInt8(truncatingIfNeeded: isLonger ? PackedValues.longerByteCount : count),
      as: UInt8.self)
    texts += 1
    if !isLonger { return }
    texts.storeBytes(of: UInt32(truncatingIfNeeded: count), as: UInt32.self)
    texts += 4
  }

  /// Writes NULL as the next value.
  @inline(__always)
  mutating func putNull() {
    heads.storeBytes(of: PackedValues.Kind.null.rawValue, as: UInt8.self)
    heads += 1
  }
}
