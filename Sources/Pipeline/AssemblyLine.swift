import ChangeModel
import CollectionStore

/// Assembles rows on more than one core while the store applies others, in the order of `_id`.
///
/// Stretches of keys are dealt out to the workers in turn. No more batches exist at a time than one
/// for each worker and the one that is being applied, however slow the store is.
struct AssemblyLine {
  private let workers: [AssemblyWorker]
  private let writer: StoreWriter
  /// The keys that are not dealt out yet.
  private var waiting: Range<Int>
  /// The first key whose row the store was not given yet.
  private var nextKey: Int
  /// Workers whose batches are complete.
  private var ready: [AssemblyWorker] = []
  private var spare: [AssembledRows] = []
  private var isApplying = false

  private enum Event: Sendable {
    case assembled(AssemblyWorker)
    case applied(AssembledRows, ApplyCounts)
  }

  /// So many keys are dealt out at a time: their rows stay in the processor's cache on their way.
  static let stretchKeys = 2048

  /// How many workers are worth their memory: two keep the one thread busy that applies.
  static func workerCount(keys: Int, cores: Int) -> Int {
    max(1, min(2, cores, (keys + stretchKeys - 1) / stretchKeys))
  }

  /// Makes a line of idle workers.
  init(_ workers: [AssemblyWorker], keyCount: Int, writer: StoreWriter) {
    self.workers = workers
    self.writer = writer
    waiting = 0..<keyCount
    nextKey = 0
  }

  /// Assembles and applies the rows of all keys.
  ///
  /// - Parameter applied: told how many rows were applied, and what became of them.
  mutating func run(applied: (Int, ApplyCounts) -> Void) async throws {
    try await withThrowingTaskGroup(of: Event.self) { group in
      for worker in workers { start(worker, in: &group) }
      while let event = try await group.next() {
        try Task.checkCancellation()
        switch event {
        case .assembled(let worker): ready.append(worker)
        case .applied(let rows, let counts):
          isApplying = false
          applied(rows.batch.rows.count, counts)
          spare.append(rows)
        }
        applyNext(in: &group)
      }
    }
  }

  /// Lets a worker go on with its keys, or with the next that wait; it rests when there are none.
  private mutating func start(
    _ worker: AssemblyWorker, in group: inout ThrowingTaskGroup<Event, any Error>
  ) {
    if worker.isDone {
      let stretch = waiting.prefix(Self.stretchKeys)
      if stretch.isEmpty { return }
      waiting = stretch.upperBound..<waiting.upperBound
      worker.begin(stretch)
    }
    group.addTask {
      try worker.step()
      return .assembled(worker)
    }
  }

  /// Gives the store the batch that comes next, if it is complete.
  private mutating func applyNext(in group: inout ThrowingTaskGroup<Event, any Error>) {
    guard !isApplying, let place = ready.firstIndex(where: { $0.firstKey == nextKey }) else {
      return
    }
    let worker = ready.remove(at: place)
    nextKey = worker.endKey
    let rows = worker.handOver(for: spare.popLast() ?? AssembledRows())
    isApplying = true
    group.addTask { [writer] in
      let counts = try await writer.perform { store in try rows.write(to: store) }
      return .applied(rows, counts)
    }
    start(worker, in: &group)
  }
}
