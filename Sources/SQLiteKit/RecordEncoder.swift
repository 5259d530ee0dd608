public import Glibc

/// Encodes rows in SQLite's record format, one behind the other: for each a header of its values'
/// types, then the values (https://www.sqlite.org/fileformat2.html#record_format).
///
/// The values of a record are added in the order of its columns, between ``begin()`` and ``end()``.
@frozen @usableFromInline
package struct RecordEncoder: ~Copyable {
  /// The encoded records.
  @usableFromInline package private(set) var records = RawBytes()
  @usableFromInline var types = RawBytes()
  @usableFromInline var values = RawBytes()

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
    values.removeAll()
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
  package mutating func addBytes(_ bytes: UnsafeRawBufferPointer) { values.append(bytes) }

  /// Adds bytes.
  @inlinable
  package mutating func add(blob: UnsafeRawBufferPointer) {
    addType(UInt64(blob.count) * 2 + 12)
    values.append(blob)
  }

  /// How many bytes the values take that were added since ``begin()``; of texts and blobs their own.
  @inlinable
  package var valueByteCount: Int { values.count }

  /// Ends the record.
  ///
  /// - Returns: its place in ``records``.
  @inlinable
  package mutating func end() -> Range<Int> {
    let start = records.count
    // The header's size counts the bytes that tell it.
    var headerCount = types.count + 1
    if headerCount > 0x7F { headerCount = types.count + Varint.count(UInt64(types.count + 2)) }
    records.append(varint: UInt64(headerCount))
    records.append(types.bytes)
    records.append(values.bytes)
    return start..<records.count
  }

  @inlinable
  mutating func addType(_ type: UInt64) { types.append(varint: type) }

  @inlinable
  mutating func add(_ value: Int64, type: UInt64, count: Int) {
    addType(type)
    withUnsafeBytes(of: value.bigEndian) { bytes in
      values.append(UnsafeRawBufferPointer(rebasing: bytes[(8 - count)...]))
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
