/// Memory that the values of changes are packed into, one change's behind the other's.
///
/// A decoder fills it, and its changes refer to it (``Change/values``); who keeps them keeps it too,
/// or puts its bytes elsewhere. Unchecked: it belongs to one task while it is filled, and is only
/// read after that.
@usableFromInline
package final class ValueBlock: @unchecked Sendable {
  // Not checked for exclusive access: no access reaches into another, and each record makes several.
  @exclusivity(unchecked) @usableFromInline var start: UnsafeMutableRawPointer?
  /// Whose its memory is; nil: its own.
  private var owner: (any ValueMemory)?
  /// How many bytes of memory it has; of what is someone's, so many are ready.
  @exclusivity(unchecked) @usableFromInline package internal(set) var capacity = 0
  /// How many bytes there are of what is someone's.
  private var lentByteCount = 0
  private let expected: Int
  /// How many bytes are in it.
  @exclusivity(unchecked) @usableFromInline package internal(set) var count = 0

  /// So many bytes may be written behind those that were asked for: a short value is copied as if it
  /// had as many.
  @inlinable package static var slack: Int { 32 }

  /// Makes an empty block, which has no memory yet.
  ///
  /// - Parameter byteCount: how much it will get at the least: what a block like it has needed.
  package init(expecting byteCount: Int = 0) {
    expected = max(4096, byteCount)
  }

  /// Makes an empty block in memory that belongs to someone else, who is kept as long as it is used.
  package init(in memory: UnsafeMutableRawBufferPointer, of owner: any ValueMemory) {
    expected = 4096
    start = memory.baseAddress
    lentByteCount = memory.count
    self.owner = owner
  }

  deinit { if owner == nil { start?.deallocate() } }

  /// Whether its memory is someone's.
  package func isIn(_ owner: AnyObject) -> Bool { self.owner === owner }

  /// All bytes; valid until more are added.
  package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }

  /// Empties it, and keeps its memory.
  package func removeAll() { count = 0 }

  /// Where the next bytes may be written: so many, and ``slack``.
  @inlinable @inline(__always)
  package func room(for added: Int) -> UnsafeMutableRawPointer {
    if let start, count &+ added &+ Self.slack <= capacity { return start + count }
    return roomOfMore(for: added)
  }

  /// Where the next bytes may be written, which no memory is ready for.
  @usableFromInline @inline(never)
  func roomOfMore(for added: Int) -> UnsafeMutableRawPointer {
    let needed = count + added + Self.slack
    if let start, let owner, needed <= lentByteCount {
      capacity = min(lentByteCount, owner.makeReady(start, byteCount: needed))
      return start + count
    }
    capacity = max(expected, (count + added + Self.slack) * 3 / 2)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    if let start {
      larger.copyMemory(from: start, byteCount: count)
      if owner == nil { start.deallocate() }
      owner = nil
    }
    start = larger
    return larger + count
  }

  /// Says how many bytes were written there.
  ///
  /// - Returns: where they are.
  @inlinable @inline(__always)
  package func add(_ added: Int) -> ByteRange {
    let range = ByteRange(offset: count, count: added)
    count += added
    precondition(count <= UInt32.max, "a block of values has grown beyond what changes can name")
    return range
  }
}

/// Whoever lends memory to blocks of values.
package protocol ValueMemory: AnyObject {
  /// Makes memory of a block ready to be written to.
  ///
  /// - Parameters:
  ///   - start: where the block begins.
  ///   - byteCount: how much must be ready at the least.
  /// - Returns: how much is.
  func makeReady(_ start: UnsafeMutableRawPointer, byteCount: Int) -> Int
}
