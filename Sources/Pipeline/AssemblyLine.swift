import ChangeModel
import CollectionStore

/// Assembles rows on more than one core while the store writes others, in the order of ``RowIDs``.
///
/// Stretches of keys are dealt out to the workers in turn. A worker that is ahead goes on: but no
/// more batches exist at a time than one for each worker and a few that wait for their turn, however
/// slow the store is.
struct AssemblyLine {
  private let writer: StoreWriter
  /// The keys that are not dealt out yet.
  private var waiting: Range<Int>
  /// The first key whose row the store was not given yet.
  private var nextKey = 0
  /// Workers that wait for a batch to fill.
  private var idle: [AssemblyWorker]
  /// Batches that wait for their turn.
  private var ready: [AssembledRows] = []
  /// Empty batches.
  private var spare: [AssembledRows]
  private var isWriting = false
  /// The batch that comes next, where it was packed and cannot be loaded any more.
  private var refused: AssembledRows?
  private var isPacking = true

  private enum Event: Sendable {
    case assembled(AssembledRows, AssemblyWorker)
    case written(AssembledRows, ApplyCounts)
    case refused(AssembledRows)
  }

  /// So many keys are dealt out at a time: their rows stay in the processor's cache on their way.
  static let stretchKeys = 2048

  /// How many batches there are beside one for each worker.
  private static let batchesAhead = 3

  /// How many workers are worth their memory: two keep the one thread busy that writes.
  static func workerCount(keys: Int, cores: Int) -> Int {
    max(1, min(2, cores, (keys + stretchKeys - 1) / stretchKeys))
  }

  /// Makes a line of idle workers.
  init(_ workers: [AssemblyWorker], keyCount: Int, writer: StoreWriter) {
    self.writer = writer
    idle = workers
    waiting = 0..<keyCount
    spare = (0..<workers.count + Self.batchesAhead).map { _ in AssembledRows() }
  }

  /// Assembles and writes the rows of all keys.
  ///
  /// - Parameter written: told how many rows were written, and what became of them.
  mutating func run(written: (Int, ApplyCounts) -> Void) async throws {
    try await withThrowingTaskGroup(of: Event.self) { group in
      startIdle(in: &group)
      while let event = try await group.next() {
        try Task.checkCancellation()
        switch event {
        case .assembled(let rows, let worker):
          ready.append(rows)
          idle.append(worker)
        case .written(let rows, let counts):
          isWriting = false
          written(rows.content.keys.count, counts)
          nextKey = rows.content.keys.upperBound
          spare.append(rows)
        case .refused(let rows):
          isWriting = false
          isPacking = false
          refused = rows
        }
        writeNext(in: &group)
        startIdle(in: &group)
      }
    }
  }

  /// Lets idle workers go on with their keys, or with the next that wait, while there are batches.
  private mutating func startIdle(in group: inout ThrowingTaskGroup<Event, any Error>) {
    if let rows = refused, let worker = idle.popLast() {
      refused = nil
      worker.stopPacking()
      group.addTask {
        try worker.assembleAgain(rows)
        return .assembled(rows, worker)
      }
    }
    for worker in idle where worker.isDone {
      let stretch = waiting.prefix(Self.stretchKeys)
      waiting = stretch.upperBound..<waiting.upperBound
      worker.begin(stretch)
    }
    // Whoever has the first keys goes first: the others' rows wait for his.
    idle.sort { $0.isDone == $1.isDone ? $0.nextKey > $1.nextKey : $0.isDone }
    while let worker = idle.last, !worker.isDone, let rows = spare.popLast() {
      idle.removeLast()
      if !isPacking { worker.stopPacking() }
      group.addTask {
        try worker.assemble(into: rows)
        return .assembled(rows, worker)
      }
    }
  }

  /// Gives the store the batch that comes next, if it is complete.
  private mutating func writeNext(in group: inout ThrowingTaskGroup<Event, any Error>) {
    guard !isWriting,
      let place = ready.firstIndex(where: { $0.content.keys.lowerBound == nextKey })
    else { return }
    let rows = ready.remove(at: place)
    isWriting = true
    group.addTask { [writer] in
      guard let counts = try await writer.perform({ store in try rows.write(to: store) }) else {
        return .refused(rows)
      }
      return .written(rows, counts)
    }
  }
}
