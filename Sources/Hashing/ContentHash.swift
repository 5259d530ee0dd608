import CXXHash

/// The content of a file as 128 bits (XXH3), fed piece by piece: equal bytes have equal hashes.
package struct ContentHash: Sendable, Hashable {
  /// The upper and the lower half.
  package var high: UInt64
  package var low: UInt64

  /// Makes a hash of its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The hash of some bytes that are all there.
  package init(of bytes: UnsafeRawBufferPointer) {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    self.init(high: hash.high64, low: hash.low64)
  }

  /// The 16 bytes, most significant first.
  package var bytes: [UInt8] {
    (0..<8).reversed().map { UInt8(truncatingIfNeeded: high >> UInt64($0 * 8)) }
      + (0..<8).reversed().map { UInt8(truncatingIfNeeded: low >> UInt64($0 * 8)) }
  }

  /// Makes a hash of 16 bytes, most significant first; nil for any other number of bytes.
  package init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.init(
      high: bytes[0..<8].reduce(0) { $0 << 8 | UInt64($1) },
      low: bytes[8..<16].reduce(0) { $0 << 8 | UInt64($1) })
  }
}

/// Computes a ``ContentHash`` of bytes that come in pieces.
package final class ContentHasher {
  private let state: OpaquePointer

  /// Makes a hasher that was given nothing yet.
  package init() {
    guard let state = XXH3_createState() else { preconditionFailure("out of memory") }
    self.state = state
    XXH3_128bits_reset(state)
  }

  deinit { XXH3_freeState(state) }

  /// Takes the next piece.
  package func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_updateFast(state, bytes.baseAddress, bytes.count)
  }

  /// Forgets all pieces.
  package func reset() {
    XXH3_128bits_reset(state)
  }

  /// The hash of all pieces so far; more may follow.
  package func finish() -> ContentHash {
    let hash = XXH3_128bits_digest(state)
    return ContentHash(high: hash.high64, low: hash.low64)
  }
}
