import CCrypto

/// The `_id` of a row with a compound key: `ID_HASH` of the key's parts.
///
/// It is the first 128 bits of the SHA-256 of the key as ``KeyEncoding`` writes it: as numbers, which
/// order as their texts do, until it is written. The key of one column is its own `_id`, and never
/// comes here.
package struct RowHash: Sendable, Hashable, Comparable {
  private var high: UInt64
  private var low: UInt64

  /// The hash of an encoded key.
  package init(ofKey key: ArraySlice<UInt8>) {
    (high, low) = key.withUnsafeBytes { key in
      withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
        if let start = digest.baseAddress {
          resequel_sha256(
            key.baseAddress, key.count, start.assumingMemoryBound(to: UInt8.self))
        }
        return (
          UInt64(bigEndian: digest.load(as: UInt64.self)),
          UInt64(bigEndian: digest.load(fromByteOffset: 8, as: UInt64.self))
        )
      }
    }
  }

  /// Orders as the ids' texts do.
  package static func < (left: RowHash, right: RowHash) -> Bool {
    left.high != right.high ? left.high < right.high : left.low < right.low
  }

  /// Appends the id: 32 lower-case hexadecimal digits.
  package func append(to bytes: inout [UInt8]) {
    for word in [high, low] {
      for shift in stride(from: 60, through: 0, by: -4) {
        bytes.append(hexDigit(UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15))
      }
    }
  }
}

/// The lower-case hexadecimal digit of a number below 16.
private func hexDigit(_ value: UInt8) -> UInt8 {
  value < 10 ? value + 48 : value + 87
}
