/// The value of one column, ready to be bound to a statement.
@frozen @usableFromInline
package struct Cell: Sendable {
  /// What kind of value it is.
  @frozen @usableFromInline
  package enum Kind: UInt8, Sendable {
    case null, text, integer, real
  }
  /// Index of the column: of the decoder's table when decoded, of the collection when applied.
  @usableFromInline package var column: UInt32
  /// What kind of value it is.
  @usableFromInline package var kind: Kind
  /// For text: the bytes of the cell buffer that hold it, valid UTF-8.
  @usableFromInline package var text: ByteRange
  /// For integers the value, for reals its bit pattern; else 0.
  @usableFromInline package var bits: UInt64

  /// Makes a NULL.
  @inlinable
  package init(null column: UInt32) {
    self.column = column
    kind = .null
    text = ByteRange()
    bits = 0
  }

  /// Makes a text whose bytes lie in the cell buffer.
  @inlinable
  package init(column: UInt32, text: ByteRange) {
    self.column = column
    kind = .text
    self.text = text
    bits = 0
  }

  /// Makes an integer.
  @inlinable
  package init(column: UInt32, integer: Int64) {
    self.column = column
    kind = .integer
    text = ByteRange()
    bits = UInt64(bitPattern: integer)
  }

  /// Makes a floating-point number.
  @inlinable
  package init(column: UInt32, real: Double) {
    self.column = column
    kind = .real
    text = ByteRange()
    bits = real.bitPattern
  }

  /// The same value for other bytes: its text is copied to their end.
  package func copied(from texts: [UInt8], to bytes: inout [UInt8]) -> Cell {
    guard kind == .text else { return self }
    var copy = self
    copy.text = ByteRange(offset: bytes.count, count: Int(text.count))
    bytes += texts[text.indices]
    return copy
  }
}

/// Values, and the bytes that their texts lie in.
package struct CellBuffer: Sendable {
  /// The values.
  package var cells: [Cell] = []
  /// The bytes that texts point into.
  package var bytes: [UInt8] = []

  /// Makes an empty buffer.
  package init() {}

  /// Fails where a buffer has more bytes than a ``ByteRange`` can tell: 4 GiB.
  ///
  /// - Throws: a fatal ``IngestError``; what was gathered must not be used.
  package static func checkSize(of bytes: [UInt8]) throws(IngestError) {
    if bytes.count <= Int(UInt32.max) { return }
    throw IngestError(
      .fatal, cause: "rows that must be computed together hold more than 4 GiB",
      hint: "Give fewer files to a call, or fewer tables: --only.")
  }

  /// Empties the buffer and keeps its memory.
  package mutating func removeAll() {
    cells.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: true)
  }
}
