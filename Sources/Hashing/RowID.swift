import CCrypto

/// The `_id` of a row with a compound key: `ID_HASH` of the key's parts.
///
/// It is the SHA-256 of the key as ``KeyEncoding`` writes it, its first 128 bits as 32 lower-case
/// hexadecimal digits. The key of one column is its own `_id`, and never comes here.
package enum RowID {
  /// How many bytes an id has.
  package static let byteCount = 32

  /// Appends the id of an encoded key.
  package static func append(ofKey key: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digest in
      guard let start = digest.baseAddress else { return }
      resequel_sha256(key.baseAddress, key.count, start)
      for byte in digest[0..<16] {
        bytes.append(hexDigit(byte >> 4))
        bytes.append(hexDigit(byte & 15))
      }
    }
  }

  /// The id of an encoded key, as text.
  package static func text(ofKey key: [UInt8]) -> String {
    var bytes: [UInt8] = []
    key.withUnsafeBytes { append(ofKey: $0, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The lower-case hexadecimal digit of a number below 16.
func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? value + 48 : value + 87
}
