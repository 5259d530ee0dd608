import ChangeModel
import Scanning

/// Puts the values of decoded changes aside.
extension RecordDecoder {
  /// Whether the values of a table's changes are wanted: changes of a table that is left out, or
  /// whose key is not known, are not kept.
  func isPacked(_ table: Int) -> Bool {
    states[table].key != nil && !states[table].plan.isSkipped
  }

  /// Packs the values of a record that was read the general way: those of the columns that it names.
  mutating func pack(
    _ change: Change, _ columns: ColumnSet, into block: ValueBlock
  ) -> ByteRange {
    let table = Int(change.table)
    packScratch.removeAll(keepingCapacity: true)
    packed.removeAll(keepingCapacity: true)
    for column in columns.columns {
      let start = packScratch.count
      let kind = packText(of: slots[column].named, states[table].types[column])
      packed.append((kind, packScratch.count - start))
    }
    if packed.isEmpty { return ByteRange() }
    let room = block.room(
      for: ValueWriter.byteCount(values: packed.count, texts: packScratch.count))
    var writer = ValueWriter(of: change, values: packed.count, at: room)
    packScratch.withUnsafeBytes { texts in
      var start = 0
      for (kind, count) in packed {
        let text = UnsafeRawBufferPointer(rebasing: texts[start..<start + count])
        if kind == .null {
          writer.putNull()
        } else {
          writer.put(kind.rawValue, text, readable: count)
        }
        start += count
      }
    }
    return block.add(writer.byteCount)
  }

  /// Appends a value's text to `packScratch`, and tells what becomes of it.
  private mutating func packText(
    of value: RawValue, _ type: ColumnType?
  ) -> PackedValues.Kind {
    switch value.kind {
    case .absent, .null: return .null
    case .yes where type != .text:
      packScratch.append(UInt8(ascii: "1"))
      return .boolean
    case .no where type != .text:
      packScratch.append(UInt8(ascii: "0"))
      return .boolean
    case .number:
      packScratch.append(contentsOf: value.text)
      return type == .text ? .text : type == .real ? .realNumber : .number
    default:
      _ = texts.append(value, isNumeric: false, to: &packScratch)
      return value.kind == .json ? .text : PackedValues.Kind(type)
    }
  }

  /// Puts a record aside as it is.
  func packRecord(_ bytes: UnsafeRawBufferPointer, into block: ValueBlock) -> ByteRange {
    let room = block.room(for: PackedValues.headerByteCount + bytes.count)
    UnsafeMutableRawBufferPointer(start: room, count: PackedValues.headerByteCount)
      .initializeMemory(as: UInt8.self, repeating: 0)
    if let base = bytes.baseAddress {
      (room + PackedValues.headerByteCount).copyMemory(from: base, byteCount: bytes.count)
    }
    return block.add(PackedValues.headerByteCount + bytes.count)
  }

  /// Packs the values of the record that a template matched last.
  ///
  /// - Parameter limit: how many bytes there are from `base`.
  @inline(__always)
  mutating func pack(
    _ change: Change, _ form: UnsafePointer<RecordForm>, _ base: UnsafeRawPointer, limit: Int,
    into block: ValueBlock
  ) -> ByteRange {
    let count = form.pointee.namedCount
    if count == 0 { return ByteRange() }
    let values = templates.memory.values
    let named = form.pointee.named
    var texts = 0
    for index in 0..<count where named[index].value >= 0 {
      texts &+= values[Int(named[index].value)].count
    }
    let room = block.room(for: ValueWriter.byteCount(values: count, texts: texts))
    var writer = ValueWriter(of: change, values: count, at: room)
    for index in 0..<count {
      let place = Int(named[index].value)
      guard place >= 0 else {
        writer.putNull()
        continue
      }
      let (start, length) = (values[place].start, values[place].count)
      if length == 4, base.loadUnaligned(fromByteOffset: start, as: UInt32.self) == Self.nullText {
        writer.putNull()
      } else if values[place].hasEscape {
        putUnescaped(
          RawValue(kind: .jsonEscaped, text: value(place, base)), named[index].kind, to: &writer)
      } else {
        writer.put(named[index].kind, value(place, base), readable: limit - start)
      }
    }
    return block.add(writer.byteCount)
  }

  /// `null`, as four bytes of memory.
  static var nullText: UInt32 { 0x6C6C_756E }

  /// Packs the values of the CSV row that was scanned last, and whose form is known.
  @inline(__always)
  mutating func pack(
    row window: UnsafeRawBufferPointer, _ change: Change, _ form: UnsafePointer<RecordForm>,
    into block: ValueBlock
  ) -> ByteRange {
    let count = form.pointee.namedCount
    if count == 0 { return ByteRange() }
    let named = form.pointee.named
    var length = 0
    for index in 0..<count { length &+= texts.csv.fields[Int(named[index].value)].count }
    let room = block.room(for: ValueWriter.byteCount(values: count, texts: length))
    var writer = ValueWriter(of: change, values: count, at: room)
    for index in 0..<count {
      let field = texts.csv.fields[Int(named[index].value)]
      if isNull(field, window) {
        writer.putNull()
      } else if field.hasEscape {
        putUnescaped(value(field, window), named[index].kind, to: &writer)
      } else {
        writer.put(
          named[index].kind, content(field, window), readable: window.count - field.start)
      }
    }
    return block.add(writer.byteCount)
  }

  /// Writes a text that has escapes; without them it is not longer.
  @inline(never)
  private mutating func putUnescaped(
    _ value: RawValue, _ kind: UInt8, to writer: inout ValueWriter
  ) {
    packScratch.removeAll(keepingCapacity: true)
    _ = texts.append(value, isNumeric: false, to: &packScratch)
    packScratch.withUnsafeBytes { writer.put(kind, $0, readable: $0.count) }
  }
}
