public import Glibc

/// Encodes rows in SQLite's record format: for each a header of its values' types, then the values
/// (https://www.sqlite.org/fileformat2.html#record_format).
///
/// The values of a record are added in the order of its columns, between ``begin()`` and ``end()``.
@frozen @usableFromInline
package struct RecordEncoder: ~Copyable {
  /// The encoded records. Between two may lie bytes that belong to neither: values are written where
  /// they stay, behind room for a header, which is known last.
  @usableFromInline package private(set) var records = RawBytes()
  @usableFromInline var types = RawBytes()
  /// Where the values of the record at hand begin.
  @usableFromInline var valuesStart = 0
  /// So much room is left for a header: as much as the longest so far took, or a short one takes.
  @usableFromInline var headerRoom = 16

  /// Makes an encoder without records.
  @inlinable
  package init() {}

  /// Forgets all records, and keeps the memory.
  @inlinable
  package mutating func removeAll() { records.removeAll() }

  /// Begins a record.
  @inlinable
  package mutating func begin() {
    types.removeAll()
    records.insertRoom(headerRoom, at: records.count)
    valuesStart = records.count
  }

  /// Adds NULL.
  @inlinable
  package mutating func addNull() { addType(0) }

  /// Adds an integer, in as few bytes as SQLite would use; zero and one take none.
  @inlinable
  package mutating func add(_ value: Int64) {
    // The bits that a two's complement needs, sign included.
    let bits = 65 - max(value.leadingZeroBitCount, (~value).leadingZeroBitCount)
    switch bits {
    case ...2 where value == 0 || value == 1: addType(value == 0 ? 8 : 9)
    case ...8: add(value, type: 1, count: 1)
    case ...16: add(value, type: 2, count: 2)
    case ...24: add(value, type: 3, count: 3)
    case ...32: add(value, type: 4, count: 4)
    case ...48: add(value, type: 5, count: 6)
    default: add(value, type: 6, count: 8)
    }
  }

  /// Adds a floating-point number; NaN becomes NULL, as everywhere in SQLite.
  @inlinable
  package mutating func add(_ value: Double) {
    if value.isNaN { return addNull() }
    add(Int64(bitPattern: value.bitPattern), type: 7, count: 8)
  }

  /// Adds UTF-8 text.
  @inlinable
  package mutating func add(text: UnsafeRawBufferPointer) {
    addText(count: text.count)
    addBytes(text)
  }

  /// Adds the type of a text of so many bytes, which ``addBytes(_:)`` is to add.
  @inlinable
  package mutating func addText(count: Int) { addType(UInt64(count) * 2 + 13) }

  /// Adds the bytes of texts whose types were added, one behind the other.
  @inlinable
  package mutating func addBytes(_ bytes: UnsafeRawBufferPointer) { records.append(bytes) }

  /// Adds bytes.
  @inlinable
  package mutating func add(blob: UnsafeRawBufferPointer) {
    addType(UInt64(blob.count) * 2 + 12)
    records.append(blob)
  }

  /// How many bytes the values take that were added since ``begin()``; of texts and blobs their own.
  @inlinable
  package var valueByteCount: Int { records.count - valuesStart }

  /// Ends the record.
  ///
  /// - Returns: its place in ``records``.
  @inlinable
  package mutating func end() -> Range<Int> {
    // The header's size counts the bytes that tell it.
    var headerCount = types.count + 1
    if headerCount > 0x7F { headerCount = types.count + Varint.count(UInt64(types.count + 2)) }
    if headerCount > headerRoom {
      records.insertRoom(headerCount - headerRoom, at: valuesStart)
      valuesStart += headerCount - headerRoom
      headerRoom = headerCount
    }
    let start = valuesStart - headerCount
    records.write(varint: UInt64(headerCount), at: start)
    records.write(types.bytes, at: valuesStart - types.count)
    return start..<records.count
  }

  @inlinable
  mutating func addType(_ type: UInt64) { types.append(varint: type) }

  @inlinable
  mutating func add(_ value: Int64, type: UInt64, count: Int) {
    addType(type)
    withUnsafeBytes(of: value.bigEndian) { bytes in
      records.append(UnsafeRawBufferPointer(rebasing: bytes[(8 - count)...]))
    }
  }
}

/// Bytes that grow, without the checks that arrays make for every few of them.
@frozen @usableFromInline
package struct RawBytes: ~Copyable {
  @usableFromInline var start: UnsafeMutableRawPointer
  @usableFromInline var capacity: Int
  /// How many there are.
  @usableFromInline package private(set) var count = 0

  /// Makes no bytes.
  @inlinable
  package init() {
    capacity = 256
    start = .allocate(byteCount: capacity, alignment: 16)
  }

  @inlinable
  deinit { start.deallocate() }

  /// All of them; valid until the next is added.
  @inlinable
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// Forgets them, and keeps the memory.
  @inlinable
  package mutating func removeAll() { count = 0 }

  /// Adds bytes, which must lie elsewhere.
  @inlinable @inline(__always)
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    if count + bytes.count > capacity { grow(by: bytes.count) }
    memcpy(start + count, source, bytes.count)
    count += bytes.count
  }

  @inlinable @inline(__always)
  mutating func append(varint value: UInt64) {
    if count + Varint.longest > capacity { grow(by: Varint.longest) }
    count += Varint.write(value, to: start + count)
  }

  /// Moves what is at a place, and behind it, further back.
  @inlinable @inline(__always)
  mutating func insertRoom(_ byteCount: Int, at place: Int) {
    if count + byteCount > capacity { grow(by: byteCount) }
    if place < count { memmove(start + place + byteCount, start + place, count - place) }
    count += byteCount
  }

  /// Writes bytes over those at a place, of which there must be as many.
  @inlinable @inline(__always)
  mutating func write(_ bytes: UnsafeRawBufferPointer, at place: Int) {
    guard let source = bytes.baseAddress else { return }
    memcpy(start + place, source, bytes.count)
  }

  @inlinable @inline(__always)
  mutating func write(varint value: UInt64, at place: Int) {
    _ = Varint.write(value, to: start + place)
  }

  @usableFromInline
  mutating func grow(by more: Int) {
    let larger = max(capacity * 2, count + more)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    memcpy(grown, start, count)
    start.deallocate()
    start = grown
    capacity = larger
  }
}
