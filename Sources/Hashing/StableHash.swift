import CXXHash

/// Hashes that are the same on every machine and in every run: they are stored, and they rank.
package enum StableHash {
  /// The 64-bit hash (XXH3) of some bytes.
  package static func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits(bytes.baseAddress, bytes.count)
  }

  /// A 32-bit hash of a name (a lineage, a series): the low half of its XXH3. Never zero, which
  /// stands for "none", unless the name is empty.
  package static func hash32(_ name: String) -> UInt32 {
    guard !name.isEmpty else { return 0 }
    var name = name
    let hash = name.withUTF8 { hash64(UnsafeRawBufferPointer($0)) }
    return max(1, UInt32(truncatingIfNeeded: hash))
  }
}
