import Hashing

/// The logical digest of rows by `_id`, columns by name, without `_position` and `_file`. Equal
/// collections have equal digests, whatever order their files came in.
///
/// It is XXH3, 128 bits, over the following, numbers being eight bytes, big-endian: the number of
/// columns; each name's length and bytes; then per row each value as a letter (`n`ull, `i`nteger,
/// `r`eal, `t`ext, `b`lob) with the integer, the real's bits, or the length and the bytes. `_id`
/// and `_event_time` come first, the source's columns after them, ascending by the bytes of their
/// names.
struct PlainDigest {
  private let hasher = ContentHasher()
  private var buffer: [UInt8] = []

  /// Begins the digest of rows with these columns, `_id` and `_event_time` first.
  init(columns: [String]) {
    add(UInt64(columns.count))
    for column in columns { add(sized: Array(column.utf8)) }
  }

  /// Adds a row's values, in the order of the columns.
  mutating func add(_ row: [PlainValue]) {
    for value in row {
      switch value {
      case .null: buffer.append(UInt8(ascii: "n"))
      case .integer(let number):
        buffer.append(UInt8(ascii: "i"))
        add(UInt64(bitPattern: number))
      case .real(let number):
        buffer.append(UInt8(ascii: "r"))
        add(number.bitPattern)
      case .text(let bytes):
        buffer.append(UInt8(ascii: "t"))
        add(sized: bytes)
      case .blob(let bytes):
        buffer.append(UInt8(ascii: "b"))
        add(sized: bytes)
      }
    }
    if buffer.count >= 1 << 16 { flush() }
  }

  /// Ends the digest: 32 lower-case hexadecimal digits.
  mutating func finish() -> String {
    flush()
    return hasher.finish().bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private mutating func add(sized bytes: [UInt8]) {
    add(UInt64(bytes.count))
    buffer += bytes
  }

  private mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.bigEndian) { buffer.append(contentsOf: $0) }
  }

  private mutating func flush() {
    buffer.withUnsafeBytes { hasher.update($0) }
    buffer.removeAll(keepingCapacity: true)
  }
}
