import CXXHash
import ChangeModel
import SQLiteKit

extension CollectionStore {
  /// The logical digest of a collection: of its rows by `_id`, columns by name, without `_position`
  /// and `_file`. Equal collections have equal digests, whatever order their files came in.
  ///
  /// It is XXH3, 128 bits, over the following, numbers being eight bytes, big-endian: the number of
  /// columns; each name's length and bytes; then per row each value as a letter (`n`ull, `i`nteger,
  /// `r`eal, `t`ext, `b`lob) with the integer, the real's bits, or the length and the bytes. `_id`
  /// and `_event_time` come first, the source's columns after them, ascending by the bytes of their
  /// names.
  ///
  /// - Returns: 32 lower-case hexadecimal digits.
  package func logicalDigest(of collection: Collection) throws -> String {
    let names =
      ["_id", "_event_time"]
      + collection.columns.filter { !$0.isID }.map(\.name)
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    let statement = try connection.prepare(
      "SELECT \(names.map(Identifier.quoted).joined(separator: ", ")) "
        + "FROM \(Identifier.quoted(collection.name)) ORDER BY _id")
    let digest = try Digest()
    digest.add(UInt64(names.count))
    for name in names {
      var name = name
      name.withUTF8 { digest.add(length: UnsafeRawBufferPointer($0)) }
    }
    let row = RowView(statement: statement)
    while try statement.step() {
      for column in names.indices { digest.add(row[column]) }
    }
    return digest.finish()
  }
}

/// An XXH3 in progress.
private final class Digest {
  private let state: OpaquePointer
  private var buffer: [UInt8] = []

  init() throws(IngestError) {
    guard let state = XXH3_createState(), XXH3_128bits_reset(state) == XXH_OK else {
      throw IngestError(.fatal, cause: "out of memory")
    }
    self.state = state
    buffer.reserveCapacity(1 << 16)
  }

  deinit { XXH3_freeState(state) }

  func add(_ value: RowView.Value) {
    switch value {
    case .null: buffer.append(UInt8(ascii: "n"))
    case .integer(let value):
      buffer.append(UInt8(ascii: "i"))
      add(UInt64(bitPattern: value))
    case .real(let value):
      buffer.append(UInt8(ascii: "r"))
      add(value.bitPattern)
    case .text(let bytes):
      buffer.append(UInt8(ascii: "t"))
      add(length: bytes)
    case .blob(let bytes):
      buffer.append(UInt8(ascii: "b"))
      add(length: bytes)
    }
  }

  func add(length bytes: UnsafeRawBufferPointer) {
    add(UInt64(bytes.count))
    buffer += bytes
    if buffer.count >= 1 << 16 { flush() }
  }

  func add(_ number: UInt64) {
    for shift in stride(from: 56, through: 0, by: -8) {
      buffer.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  func finish() -> String {
    flush()
    let hash = XXH3_128bits_digest(state)
    return Self.hex(hash.high64) + Self.hex(hash.low64)
  }

  private func flush() {
    buffer.withUnsafeBytes { _ = XXH3_128bits_update(state, $0.baseAddress, $0.count) }
    buffer.removeAll(keepingCapacity: true)
  }

  private static func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
