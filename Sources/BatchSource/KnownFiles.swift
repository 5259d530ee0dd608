import CXXHash

/// The file versions that need not be looked at again: 16 bytes each, so that a million known
/// files cost some 32 MB.
///
/// A version is path, size, modification time and inode: what the manifest keeps. It is held as two independent 64-bit hashes; that a changed
/// file passes for a known one takes a collision of both.
package struct KnownFiles: Sendable {
  private struct Slot: Sendable {
    var path: UInt64
    var version: UInt64
  }

  /// Path hash 0 marks a free slot.
  private var slots: [Slot]
  /// How many paths are known.
  package private(set) var count = 0

  /// Makes a set with room for some files; it grows when it must.
  package init(minimumCapacity: Int = 0) {
    slots = []
    grow(to: minimumCapacity)
  }

  /// Makes the version known, in place of an older one of the same path.
  package mutating func insert(_ file: BatchFile) {
    insert(path: file.path, identity: file.identity)
  }

  /// Makes the version known, in place of an older one of the same path.
  package mutating func insert(path: BatchPath, identity: FileIdentity) {
    if (count + 1) * 4 > slots.count * 3 { grow(to: max(8, count * 2)) }
    let slot = path.bytes.withUnsafeBytes { Self.slot($0, identity) }
    let index = find(slot.path)
    if slots[index].path == 0 { count += 1 }
    slots[index] = slot
  }

  /// Forgets a path: the file counts as new when it is seen again, whatever its version.
  package mutating func remove(path: BatchPath) {
    guard !slots.isEmpty else { return }
    let index = find(path.bytes.withUnsafeBytes { Self.pathHash($0) })
    // The path stays, with a version that no file has: an open table cannot have holes.
    if slots[index].path != 0 { slots[index].version = 0 }
  }

  /// Whether just this version is known.
  package func contains(_ file: BatchFile) -> Bool {
    match(file) == .sameVersion
  }

  /// What is known of a file's path.
  func match(_ file: BatchFile) -> Match {
    file.path.bytes.withUnsafeBytes { match($0, file.identity) }
  }

  /// What is known of a path.
  enum Match {
    case unknown, otherVersion, sameVersion
  }

  func match(_ path: UnsafeRawBufferPointer, _ identity: FileIdentity) -> Match {
    guard !slots.isEmpty else { return .unknown }
    let wanted = Self.slot(path, identity)
    let found = slots[find(wanted.path)]
    if found.path == 0 { return .unknown }
    return found.version == wanted.version ? .sameVersion : .otherVersion
  }

  private mutating func grow(to capacity: Int) {
    var size = 16
    while size * 3 < capacity * 4 { size *= 2 }
    guard size > slots.count else { return }
    let old = slots
    slots = Array(repeating: Slot(path: 0, version: 0), count: size)
    for slot in old where slot.path != 0 { slots[find(slot.path)] = slot }
  }

  /// Where a path is, or would be.
  private func find(_ path: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: path) & (slots.count - 1)
    while slots[index].path != 0, slots[index].path != path {
      index = (index + 1) & (slots.count - 1)
    }
    return index
  }

  private static func pathHash(_ path: UnsafeRawBufferPointer) -> UInt64 {
    max(1, XXH3_64bits(path.baseAddress, path.count))
  }

  private static func slot(_ path: UnsafeRawBufferPointer, _ identity: FileIdentity) -> Slot {
    let stamp = (identity.size, identity.modificationTime, identity.inode)
    let seed = withUnsafeBytes(of: stamp) { XXH3_64bits($0.baseAddress, $0.count) }
    let version = XXH3_64bits_withSeed(path.baseAddress, path.count, seed)
    return Slot(path: pathHash(path), version: max(1, version))
  }
}
