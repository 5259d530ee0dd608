import CXXHash

/// The XXH3-128 of some bytes: tells whether two files hold the same.
package struct ContentHash: Sendable, Hashable {
  /// The upper half.
  package var high: UInt64
  /// The lower half.
  package var low: UInt64

  /// Makes a hash of its halves.
  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Makes the hash of bytes that are all there.
  package init(of bytes: UnsafeRawBufferPointer) {
    let hash = XXH3_128bits(bytes.baseAddress, bytes.count)
    high = hash.high64
    low = hash.low64
  }

  /// The hash as it is stored: 16 bytes, most significant first.
  package var bytes: [UInt8] {
    [high, low].flatMap { half in
      (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) }
    }
  }

  /// Makes a hash of the 16 bytes that ``bytes`` gave; nil for another number of bytes.
  package init?(bytes: some Collection<UInt8>) {
    guard bytes.count == 16 else { return nil }
    high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    low = bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

/// Hashes bytes as they pass.
final class ContentHasher {
  private let state: OpaquePointer

  /// Makes a hasher that has seen nothing.
  init() {
    guard let state = XXH3_createState() else { preconditionFailure("out of memory") }
    self.state = state
    reset()
  }

  deinit { XXH3_freeState(state) }

  /// Forgets what it has seen.
  func reset() { XXH3_128bits_reset(state) }

  /// Adds bytes.
  func update(_ bytes: UnsafeRawBufferPointer) {
    XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
  }

  /// The hash of all bytes so far; more may be added.
  func finish() -> ContentHash {
    let hash = XXH3_128bits_digest(state)
    return ContentHash(high: hash.high64, low: hash.low64)
  }
}
