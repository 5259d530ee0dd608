/// Which keys a batch file may hold changes of: a Bloom filter over their 64-bit hashes.
///
/// Ten bits and seven probes a key: of keys that were never added one in a hundred or so passes all
/// the same; one that was added always does.
package struct KeyFilter: Sendable, Hashable {
  private var bits: [UInt8]

  private static let bitsPerKey = 10
  private static let probeCount: UInt64 = 7
  /// Says in the first byte how the rest is to be read.
  private static let form: UInt8 = 1

  /// Makes the filter of some hashes, equal ones among them.
  package init(_ hashes: [UInt64]) {
    bits = Array(repeating: 0, count: max(8, (hashes.count * Self.bitsPerKey + 7) / 8))
    let count = UInt64(bits.count) * 8
    for hash in hashes {
      for probe in 0..<Self.probeCount {
        let bit = Self.bit(of: hash, probe: probe, count: count)
        bits[bit >> 3] |= 1 << UInt8(bit & 7)
      }
    }
  }

  /// Whether a key of this hash may have been added; false means that it was not.
  package func mayContain(_ hash: UInt64) -> Bool {
    let count = UInt64(bits.count) * 8
    return (0..<Self.probeCount).allSatisfy { probe in
      let bit = Self.bit(of: hash, probe: probe, count: count)
      return bits[bit >> 3] >> UInt8(bit & 7) & 1 == 1
    }
  }

  /// The bit of a probe: the hash, stepped on by an odd number that follows from it, and scaled.
  private static func bit(of hash: UInt64, probe: UInt64, count: UInt64) -> Int {
    let step = (hash >> 32 | hash << 32) &* 0x9E37_79B9_7F4A_7C15 | 1
    return Int((hash &+ probe &* step).multipliedFullWidth(by: count).high)
  }
}

extension KeyFilter {
  /// The filter as bytes, for the manifest.
  package var encoded: [UInt8] { [Self.form] + bits }

  /// Reads a filter that ``encoded`` wrote; nil when the bytes are not of this form.
  package init?(decoding bytes: [UInt8]) {
    guard bytes.first == Self.form, bytes.count > 8 else { return nil }
    bits = Array(bytes.dropFirst())
  }
}
