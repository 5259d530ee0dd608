import ChangeModel

/// The values of a change as bytes: for each its column, its kind, and the value; numbers as
/// ``Rank/append(_:to:)`` writes them.
enum CellEncoding {
  /// Appends cells whose texts lie in `texts`.
  static func append(_ cells: ArraySlice<Cell>, texts: [UInt8], to bytes: inout [UInt8]) {
    for cell in cells {
      Rank.append(UInt64(cell.column), to: &bytes)
      bytes.append(cell.kind.rawValue)
      switch cell.kind {
      case .null: break
      case .integer, .real: Rank.append(cell.bits, to: &bytes)
      case .text:
        Rank.append(UInt64(cell.text.count), to: &bytes)
        bytes += texts[cell.text.indices]
      }
    }
  }

  /// Appends the cells that were written to a buffer; nil when the bytes are not of this form.
  static func decode(_ bytes: UnsafeRawBufferPointer, into buffer: inout CellBuffer) -> Range<Int>?
  {
    let first = buffer.cells.count
    var offset = 0
    while offset < bytes.count {
      guard let column = Rank.read(bytes, &offset), column <= 1 << 16, offset < bytes.count,
        let kind = Cell.Kind(rawValue: bytes[offset])
      else { return nil }
      offset += 1
      guard kind != .null else {
        buffer.cells.append(Cell(null: UInt32(column)))
        continue
      }
      guard let number = Rank.read(bytes, &offset) else { return nil }
      switch kind {
      case .integer:
        buffer.cells.append(
          Cell(column: UInt32(column), integer: Int64(bitPattern: number)))
      case .real:
        buffer.cells.append(Cell(column: UInt32(column), real: Double(bitPattern: number)))
      default:
        guard number <= UInt64(bytes.count - offset) else { return nil }
        let text = ByteRange(offset: buffer.bytes.count, count: Int(number))
        buffer.bytes.append(contentsOf: bytes[offset..<offset + Int(number)])
        buffer.cells.append(Cell(column: UInt32(column), text: text))
        offset += Int(number)
      }
    }
    return first..<buffer.cells.count
  }
}
