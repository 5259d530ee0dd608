import BatchSource
import ChangeModel
import Hashing
import RecordFormats

/// Decodes files a step at a time; each step's changes go to the sequencer before the next.
///
/// Unchecked: a worker is handed over whole, from the task that decodes to the one that admits and
/// back, and never used by two at a time.
final class DecodeWorker: @unchecked Sendable {
  /// What one step decoded: stretches of one or more files.
  struct Step: Sendable {
    let worker: DecodeWorker
    var stretches: [Stretch] = []
    /// The values of all of them.
    var values: ValueStore.Place

    /// Whether some file ends in it: then the tables of its last batch have evidence.
    var endsFile: Bool { stretches.contains { $0.outcome != nil } }
  }

  /// The changes of one file, or of a part of it.
  struct Stretch: Sendable {
    let slot: Int
    var batch: ChangeBatch
    /// Bytes that were read for it, as they lie on disk; for a compressed file all at its end.
    var bytesRead: UInt64 = 0
    /// How the file ended; nil while it goes on.
    var outcome: RunFile.Outcome?
  }

  /// Which worker of the pass this is.
  let index: Int
  private var decoder: RecordDecoder
  private let reader = BatchFileReader()
  private let pool: ValuePool
  private let spillDirectory: BatchPath
  private var spill: SpillFile?
  /// What the values of a step are packed into, and what it is cut from; nil: it is the one that
  /// goes to a file.
  private var values = ValueBlock()
  private var slab: ValueSlab?
  private let unheld = ValueBlock()
  /// Whether the values of a change had more bytes, in the last step, than are worth memory: from a
  /// file they come nearly as fast.
  private var hasLongValues = false
  private static let longByteCount = 512
  private var waiting: ArraySlice<(slot: Int, file: RunFile)> = []
  private var open: (slot: Int, path: BatchPath, bytesTold: UInt64)?
  private var spare: [ChangeBatch] = []

  /// A step ends when so many changes are decoded, or their values have so many bytes.
  private static let stepChanges = 4_096
  private static let stepBytes = 8 << 20

  /// Makes a worker.
  ///
  /// - Parameters:
  ///   - pool: the memory that values are held in.
  ///   - spillDirectory: where they go when there is no more.
  init(
    index: Int, decoder: consuming RecordDecoder, pool: ValuePool, spillDirectory: BatchPath
  ) {
    self.index = index
    self.decoder = decoder
    self.pool = pool
    self.spillDirectory = spillDirectory
  }

  /// Whether the unit is finished.
  var isDone: Bool { open == nil && waiting.isEmpty }

  /// Starts a unit.
  func begin(_ unit: DecodeUnit, files: [RunFile]) {
    waiting = unit.slots.map { ($0, files[$0]) }[...]
  }

  /// Takes batches of earlier steps, to fill them again.
  func recycle(_ batches: inout [ChangeBatch]) {
    spare += batches
    batches.removeAll()
  }

  /// Decodes until there is enough to hand over, or the unit is finished.
  func step() throws -> Step {
    beginBlock()
    var step = Step(worker: self, values: .memory(values))
    var changes = 0
    while changes < Self.stepChanges, values.count < Self.stepBytes, !isDone {
      try Task.checkCancellation()
      let stretch = decodeStretch(into: emptyBatch(), limit: Self.stepChanges - changes)
      changes += stretch.batch.changes.count
      step.stretches.append(stretch)
    }
    if step.endsFile { decoder.takeEvidence(into: &step.stretches[step.stretches.count - 1].batch) }
    hasLongValues = values.count > changes * Self.longByteCount
    step.values = try putAside()
    return step
  }

  /// A batch to be filled: one that was filled before has memory.
  private func emptyBatch() -> ChangeBatch {
    var batch = spare.popLast() ?? ChangeBatch()
    batch.removeAll()
    batch.values = values
    return batch
  }

  /// Makes a block for the values of a step, which may have as many as the last.
  private func beginBlock() {
    let last = values.count
    if pool.isFull(hasLongValues ? 0.25 : 1) {
      slab = nil
    } else if slab.map({ $0.rest < last * 9 / 8 }) ?? true {
      slab = pool.take()
    }
    unheld.removeAll()
    values = slab?.block() ?? unheld
  }

  /// Leaves the values of a step in memory, or writes them to a file where there is no more for them,
  /// or they have outgrown what they were given.
  private func putAside() throws(IngestError) -> ValueStore.Place {
    if let slab, values.isIn(slab) {
      slab.close(values)
      return .memory(values)
    }
    let file: SpillFile
    if let spill { file = spill } else { file = try SpillFile(directory: spillDirectory) }
    spill = file
    let offset = file.byteCount
    try file.append(values.bytes)
    return .file(file, offset: offset)
  }

  private func decodeStretch(into batch: consuming ChangeBatch, limit: Int) -> Stretch {
    var stretch = Stretch(slot: open?.slot ?? waiting[waiting.startIndex].slot, batch: batch)
    do throws(IngestError) {
      if open == nil {
        let next = waiting.removeFirst()
        if next.file.isRefused {
          stretch.outcome = next.file.outcome
          return stretch
        }
        try open(next.file, slot: next.slot)
      }
      try decode(into: &stretch, limit: limit)
    } catch {
      giveUp(on: &stretch, error)
    }
    return stretch
  }

  /// Ends a file that cannot be read on.
  private func giveUp(on stretch: inout Stretch, _ error: IngestError) {
    var outcome = RunFile.Outcome(error: error, isPartial: true)
    if open != nil {
      outcome.hasBegun = decoder.layout != nil
      reader.close()
    }
    stretch.outcome = outcome
    open = nil
  }

  private func open(_ file: RunFile, slot: Int) throws(IngestError) {
    try reader.open(file.file, startOffset: file.context.offset)
    decoder.begin(file.context)
    open = (slot, file.file.path, 0)
  }

  private func decode(into stretch: inout Stretch, limit: Int) throws(IngestError) {
    var consumed: UInt64 = 0
    while stretch.batch.changes.count < limit, values.count < Self.stepBytes {
      let window = try reader.next()
      let used = decoder.decode(window.bytes, isEnd: window.isEnd, into: &stretch.batch)
      reader.consume(used)
      // The last window brings more than is asked for.
      stretch.batch.reserve(limit + limit / 4)
      consumed = window.offset + UInt64(used)
      if window.isEnd {
        try finish(&stretch, consumed: consumed)
        break
      }
      if let failure { throw failure }
    }
    if let told = open?.bytesTold, reader.compression == .none, consumed > told {
      stretch.bytesRead += consumed - told
      open?.bytesTold = consumed
    }
  }

  /// Why the decoder reads no further, if it does not.
  private var failure: IngestError? {
    if case .failed(let error) = decoder.endState { return error }
    return nil
  }

  private func finish(_ stretch: inout Stretch, consumed: UInt64) throws(IngestError) {
    var outcome = RunFile.Outcome(error: failure, hasBegun: decoder.layout != nil)
    let read = try reader.finish()
    outcome.identity = read.identity
    outcome.hash = read.contentHash.bytes
    outcome.consumedBytes = consumed
    if case .torn(_, let reason) = decoder.endState { outcome.tornReason = reason }
    if read.isTruncated { outcome.tornReason = "its compressed data is cut off" }
    if read.hasChanged {
      outcome.error = IngestError(
        .file, file: open?.path.description, cause: "the file changed while it was read",
        hint: "Run again when it is complete.")
    }
    outcome.isPartial = read.isTruncated || read.hasChanged
    stretch.outcome = outcome
    stretch.bytesRead += read.rawByteCount - min(open?.bytesTold ?? 0, read.rawByteCount)
    open = nil
  }
}
