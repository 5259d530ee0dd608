package import ChangeModel
import Glibc
import Scanning

/// The second pass: the values of records that matter.
extension RecordDecoder {
  /// Reads the values that a record gives its row, every column that the change names; none for a
  /// delete. To be called between files: what is known of the one at hand may change.
  ///
  /// - Parameters:
  ///   - bytes: the record's bytes, exactly those that its change points at.
  ///   - layout: the layout of the file that it is from.
  ///   - buffer: where the values are appended; their columns are indexes into the decoder's table.
  /// - Returns: the index of the record's table in ``tables``.
  /// - Throws: severity `record`, when the bytes are not a record that ``decode(_:isEnd:into:)``
  ///   makes a change of: the file was changed since.
  package mutating func values(
    ofRecord bytes: UnsafeRawBufferPointer, layout: FileLayout, into buffer: inout CellBuffer
  ) throws(IngestError) -> UInt32 {
    let ownSchemas = schemas
    schemas = layout.schemas
    defer {
      clearSlots()
      schemas = ownSchemas
    }
    do throws(RecordFault) {
      var draft = Draft()
      draft.bytes = bytes
      switch layout.format {
      case .json:
        if let table = valuesByTemplates(bytes, layout: layout, into: &buffer) { return table }
        try readJSON(bytes, layout: layout, into: &draft)
      case .csv:
        if csvLayout != layout { adopt(layout) }
        guard isUTF8(bytes), case .row(let end, _, _) = scanRow(bytes, from: 0, isWhole: true),
          isRow, end == bytes.count
        else { throw RecordFault(reason: Self.changed) }
        appendCells(ofRow: bytes, to: &buffer)
        return UInt32(csvTable)
      }
      _ = try resolvePresence(draft)
      appendCells(of: draft.table, to: &buffer)
      return UInt32(draft.table)
    } catch {
      throw IngestError(.record, file: file.name, cause: error.reason)
    }
  }

  /// Reads a record that no template matches, and learns from it.
  private mutating func readJSON(
    _ bytes: UnsafeRawBufferPointer, layout: FileLayout, into draft: inout Draft
  ) throws(RecordFault) {
    guard indexer.index(bytes) == .indexed else { throw RecordFault(reason: Self.changed) }
    let tokens = indexer.tokens
    guard tokens.byte(0) == UInt8(ascii: "{"),
      let end = try? JSONWalker.walk(tokens, from: 0), end == tokens.count
    else { throw RecordFault(reason: Self.changed) }
    let ownLayout = self.layout
    self.layout = layout
    defer { self.layout = ownLayout }
    // A decoder of the second pass has decoded nothing: what it knows of templates it learns here.
    if lessons < TemplateStore.formsMax {
      lessons += 1
      var lesson = ChangeBatch()
      decodeRecord(tokens, from: 0, to: tokens.count, chunk: 0, into: &lesson)
    }
    _ = try readRecord(tokens, at: 0, into: &draft, needsOrder: false)
  }

  private static var changed: String { "the file no longer holds the record that was read before" }

  private mutating func appendCells(of table: Int, to buffer: inout CellBuffer) {
    for column in touched where !slots[column].named.isAbsent {
      let type = states[table].types[column]
      buffer.cells.append(cell(column, slots[column].named, type, &buffer.bytes))
    }
  }

  /// Makes the cell of a value; its text is appended to `bytes`. Mutating, since to call it the
  /// compiler would copy the whole decoder else.
  mutating func cell(
    _ column: Int, _ value: RawValue, _ type: ColumnType?, _ bytes: inout [UInt8]
  ) -> Cell {
    let column = UInt32(column)
    switch value.kind {
    case .absent, .null: return Cell(null: column)
    case .yes, .no:
      if type != .text { return Cell(column: column, integer: value.kind == .yes ? 1 : 0) }
    case .number:
      if type != .text, let number = Self.number(column, value.text, prefersReal: type == .real) {
        return number
      }
    default: break
    }
    let start = bytes.count
    if value.kind == .number {
      bytes.append(contentsOf: value.text)
    } else {
      _ = texts.append(value, isNumeric: false, to: &bytes)
    }
    if let type, type != .text, value.kind != .number, value.kind != .json {
      let typed = bytes.withUnsafeBytes {
        Self.typed(column, UnsafeRawBufferPointer(rebasing: $0[start...]), type)
      }
      if let typed {
        bytes.removeSubrange(start...)
        return typed
      }
    }
    return Cell(column: column, text: ByteRange(offset: start, count: bytes.count - start))
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

  /// A text of a column whose type is known; nil where it must stay text.
  private static func typed(
    _ column: UInt32, _ text: UnsafeRawBufferPointer, _ type: ColumnType
  ) -> Cell? {
    switch type {
    case .text: return nil
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
    }
  }
}

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
