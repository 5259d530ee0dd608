import ChangeModel
import Hashing

/// The hashes of the keys that a file's changes of one collection name, until they become its
/// ``KeyFilter``.
struct KeyHashes: Sendable {
  private var hashes: [UInt64] = []
  /// Whether some change's key was not known when the file was read: any key may be in it then.
  private var hasUnknown = false

  /// Whether there was no change.
  var isEmpty: Bool { hashes.isEmpty && !hasUnknown }

  /// Adds a change whose key is not known.
  mutating func addUnknown() { hasUnknown = true }

  /// Adds the keys of a change; an empty text is a key as well.
  @inline(__always)
  mutating func add(_ change: Change, keys: UnsafeRawBufferPointer) {
    hashes.append(
      StableHash.hash64(UnsafeRawBufferPointer(rebasing: keys[change.key.indices])))
    guard change.flags.contains(.keyMove) else { return }
    hashes.append(
      StableHash.hash64(UnsafeRawBufferPointer(rebasing: keys[change.oldKey.indices])))
  }

  /// Adds what later records of the file name.
  mutating func append(_ later: KeyHashes) {
    hashes += later.hashes
    hasUnknown = hasUnknown || later.hasUnknown
  }

  /// The filter of all of them; nil where any key may be meant.
  var filter: KeyFilter? {
    hasUnknown ? nil : KeyFilter(hashes)
  }
}

extension DecodePass {
  /// Gathers the keys that a batch's changes name, and at the file's end makes filters of them.
  mutating func gatherKeys(of batch: ChangeBatch, slot: Int, routes: DecoderRoutes, isEnd: Bool) {
    var found = Array(repeating: KeyHashes(), count: batch.tables.count)
    batch.keyBytes.withUnsafeBytes { keys in
      for change in batch.changes { found[Int(change.table)].add(change, keys: keys) }
    }
    for (index, table) in batch.tables.enumerated() where !found[index].isEmpty {
      let isSkipped = catalog.entries[routes.collections[index]].plan.isSkipped
      if isSkipped || table.key == nil || table.key == .append { found[index].addUnknown() }
    }
    for (table, hashes) in found.enumerated() where !hashes.isEmpty {
      files[slot].keyHashes[routes.collections[table], default: KeyHashes()].append(hashes)
    }
    guard isEnd else { return }
    // A file that goes on where an earlier run stopped holds more keys than these.
    if files[slot].isWhole {
      files[slot].keyFilters = files[slot].keyHashes.compactMapValues { $0.filter?.encoded }
    }
    files[slot].keyHashes = [:]
  }
}
