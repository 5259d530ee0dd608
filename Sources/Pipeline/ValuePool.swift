import ChangeModel
import Glibc
import Synchronization

/// The memory that values are held in: a few large pieces, which are used again.
final class ValuePool: Sendable {
  private struct State {
    /// How many bytes of values there are in the slabs that are in use.
    var usedByteCount = 0
    var free: [ValueSlab.Memory] = []
  }

  private let byteLimit: Int
  private let state = Mutex(State())

  /// Makes a pool.
  ///
  /// - Parameter byteLimit: how many bytes of values it has memory for, about: where there are so
  ///   many, those of the blocks that are open may still come.
  init(_ byteLimit: Int) {
    self.byteLimit = byteLimit
  }

  /// Whether there is memory for no more blocks.
  ///
  /// - Parameter share: of how much of it.
  func isFull(_ share: Double = 1) -> Bool {
    state.withLock { Double($0.usedByteCount) >= Double(byteLimit) * share }
  }

  /// An empty slab.
  func take() -> ValueSlab {
    ValueSlab(state.withLock { $0.free.popLast() } ?? ValueSlab.Memory(), of: self)
  }

  /// Gives the memory back that is not used.
  func trim() {
    state.withLock { $0.free = [] }
  }

  /// Gives the memory back that is not used, on every core: of much of it that takes as long as a
  /// commit.
  func empty() async {
    let free = state.withLock { state in
      defer { state.free = [] }
      return state.free
    }
    await withTaskGroup { group in
      for memory in free { group.addTask { memory.empty() } }
    }
  }

  fileprivate func use(_ byteCount: Int) {
    state.withLock { $0.usedByteCount += byteCount }
  }

  fileprivate func give(_ memory: ValueSlab.Memory, usedByteCount: Int) {
    state.withLock { state in
      state.usedByteCount -= usedByteCount
      state.free.append(memory)
    }
  }
}

/// A piece of memory that blocks of values are cut from, one behind the other; it goes back when all
/// of them are given up.
///
/// Unchecked: one task at a time cuts blocks.
final class ValueSlab: ValueMemory, @unchecked Sendable {
  fileprivate static let byteCount = 16 << 20

  /// The memory itself.
  ///
  /// Unchecked: it belongs to a slab or to the pool.
  fileprivate final class Memory: @unchecked Sendable {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
    /// So many of its first bytes have memory by now.
    private(set) var readyByteCount = 0

    deinit { bytes.deallocate() }

    /// Has the system give memory to so many of the first bytes and some more.
    func makeReady(_ byteCount: Int) {
      let end = min(bytes.count, (byteCount + stepByteCount - 1) & ~(stepByteCount - 1))
      guard end > readyByteCount else { return }
      FreshMemory.makeReady(UnsafeMutableRawBufferPointer(rebasing: bytes[readyByteCount..<end]))
      readyByteCount = end
    }

    /// Gives the memory back to the system, and keeps the addresses.
    func empty() {
      madvise(bytes.baseAddress, readyByteCount, MADV_DONTNEED)
      readyByteCount = 0
    }
  }

  /// So much is made ready at a time: while it is written it is still in the processor's cache.
  private static let stepByteCount = 128 << 10

  private let memory: Memory
  private let pool: ValuePool
  private var used = 0

  fileprivate init(_ memory: Memory, of pool: ValuePool) {
    self.memory = memory
    self.pool = pool
  }

  deinit { pool.give(memory, usedByteCount: used) }

  /// How much is left.
  var rest: Int { memory.bytes.count - used }

  /// An empty block that may take all that is left. Only the one that was made last is filled.
  func block() -> ValueBlock {
    ValueBlock(in: UnsafeMutableRawBufferPointer(rebasing: memory.bytes[used...]), of: self)
  }

  func makeReady(_ start: UnsafeMutableRawPointer, byteCount: Int) -> Int {
    guard let base = memory.bytes.baseAddress else { return 0 }
    let offset = start - UnsafeMutableRawPointer(base)
    memory.makeReady(offset + byteCount)
    return memory.readyByteCount - offset
  }

  /// Says how many bytes the block has got that was made last; it is still in here.
  func close(_ block: ValueBlock) {
    let end = min(memory.bytes.count, (used + block.count + ValueBlock.slack + 63) & ~63)
    pool.use(end - used)
    used = end
  }
}
