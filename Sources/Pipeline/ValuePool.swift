import ChangeModel
import Synchronization

/// The memory that values are held in: a few large pieces, which are used again.
final class ValuePool: Sendable {
  private struct State {
    var made = 0
    var free: [ValueSlab.Memory] = []
  }

  private let limit: Int
  private let state = Mutex(State())

  /// Makes a pool.
  ///
  /// - Parameter byteCount: how much it gives out at a time, about.
  init(_ byteCount: Int) {
    limit = (byteCount + ValueSlab.byteCount - 1) / ValueSlab.byteCount
  }

  /// An empty slab; nil where all are in use.
  func take() -> ValueSlab? { take(of: limit) }

  /// An empty slab, where few are in use; else nil.
  func takeOfFew() -> ValueSlab? { take(of: limit / 4) }

  private func take(of limit: Int) -> ValueSlab? {
    let memory: ValueSlab.Memory? = state.withLock { state in
      if state.made - state.free.count >= limit { return nil }
      if let memory = state.free.popLast() { return memory }
      state.made += 1
      return ValueSlab.Memory()
    }
    return memory.map { ValueSlab($0, of: self) }
  }

  /// Gives the memory back that is not used.
  func trim() {
    state.withLock { state in
      state.made -= state.free.count
      state.free = []
    }
  }

  fileprivate func give(_ memory: ValueSlab.Memory) {
    state.withLock { $0.free.append(memory) }
  }
}

/// A piece of memory that blocks of values are cut from, one behind the other; it goes back when all
/// of them are given up.
///
/// Unchecked: one task at a time cuts blocks.
final class ValueSlab: @unchecked Sendable {
  fileprivate static let byteCount = 16 << 20

  /// The memory itself. Without huge pages: a machine that has just given its free memory back to its
  /// host pays for these twice.
  ///
  /// Unchecked: it belongs to a slab or to the pool.
  fileprivate final class Memory: @unchecked Sendable {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)

    deinit { bytes.deallocate() }
  }

  private let memory: Memory
  private let pool: ValuePool
  private var used = 0

  fileprivate init(_ memory: Memory, of pool: ValuePool) {
    self.memory = memory
    self.pool = pool
  }

  deinit { pool.give(memory) }

  /// How much is left.
  var rest: Int { memory.bytes.count - used }

  /// An empty block that may take all that is left. Only the one that was made last is filled.
  func block() -> ValueBlock {
    ValueBlock(in: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[used...]), of: self)
  }

  /// Says how many bytes the block has got that was made last.
  func close(_ block: ValueBlock) {
    guard block.isIn(self) else { return }
    used = min(memory.bytes.count, (used + block.count + ValueBlock.slack + 63) & ~63)
  }
}
