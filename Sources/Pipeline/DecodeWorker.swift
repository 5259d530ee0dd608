import BatchSource
import ChangeModel
import RecordFormats

/// Files that are decoded one after another by one worker, so that small ones cost little.
struct DecodeUnit: Sendable {
  /// The slots of its files.
  var slots: [Int]

  /// Cuts slots into units of a few megabytes.
  static func units(of slots: [Int], files: [RunFile]) -> [DecodeUnit] {
    let unitBytes: UInt64 = 8 << 20
    let unitFiles = 256
    var units: [DecodeUnit] = []
    var current: [Int] = []
    var bytes: UInt64 = 0
    for slot in slots {
      current.append(slot)
      bytes += files[slot].file.size
      if bytes >= unitBytes || current.count >= unitFiles {
        units.append(DecodeUnit(slots: current))
        current = []
        bytes = 0
      }
    }
    if !current.isEmpty { units.append(DecodeUnit(slots: current)) }
    return units
  }
}

/// Decodes files a step at a time; each step's changes go to the sequencer before the next.
///
/// Unchecked: a worker is handed over whole, from the task that decodes to the one that admits and
/// back, and never used by two at a time.
final class DecodeWorker: @unchecked Sendable {
  /// What one step decoded: stretches of one or more files.
  struct Step: Sendable {
    let worker: DecodeWorker
    var stretches: [Stretch] = []
  }

  /// The changes of one file, or of a part of it.
  struct Stretch: Sendable {
    let slot: Int
    var batch: ChangeBatch
    /// Raw bytes that were read for it.
    var bytesRead: UInt64 = 0
    /// How the file ended; nil while it goes on.
    var outcome: RunFile.ReadOutcome?
    var layout: FileLayout?
  }

  /// Which worker of the pass this is.
  let index: Int
  private var decoder: RecordDecoder
  private let fetcher: RecordFetcher
  private var waiting: ArraySlice<(slot: Int, file: BatchFile, context: FileContext)> = []
  private var reading: (slot: Int, reader: BatchFileReader)?
  private var spare: [ChangeBatch] = []

  /// A step ends when so many changes are decoded.
  private static let stepChanges = 16_384

  init(index: Int, decoder: RecordDecoder, fetcher: RecordFetcher) {
    self.index = index
    self.decoder = decoder
    self.fetcher = fetcher
  }

  /// Whether the unit is finished.
  var isDone: Bool { reading == nil && waiting.isEmpty }

  /// Starts a unit.
  func begin(_ unit: DecodeUnit, files: [RunFile]) {
    waiting = unit.slots.map { ($0, files[$0].file, files[$0].context) }[...]
  }

  /// Takes back the batches of a step, to fill them again.
  func recycle(_ step: Step) {
    spare = step.stretches.map(\.batch)
  }

  /// Decodes until there is enough to hand over, or the unit is finished.
  func step() throws(CancellationError) -> Step {
    var step = Step(worker: self)
    var changes = 0
    while changes < Self.stepChanges, !isDone {
      if Task.isCancelled { throw CancellationError() }
      var batch = spare.popLast() ?? ChangeBatch()
      batch.removeAll()
      let stretch = decodeStretch(into: batch, limit: Self.stepChanges - changes)
      changes += stretch.batch.changes.count
      step.stretches.append(stretch)
    }
    return step
  }

  private func decodeStretch(into batch: consuming ChangeBatch, limit: Int) -> Stretch {
    let slot = reading?.slot ?? waiting[waiting.startIndex].slot
    var stretch = Stretch(slot: slot, batch: batch)
    do throws(IngestError) {
      if reading == nil { try open() }
      try decode(into: &stretch, limit: limit)
    } catch {
      finish(&stretch, error: error)
    }
    return stretch
  }

  private func open() throws(IngestError) {
    let next = waiting.removeFirst()
    reading = try (
      next.slot,
      BatchFileReader(
        next.file, startingAt: next.context.resumeOffset, spill: fetcher.spill(slot: UInt32(next.slot)))
    )
    decoder.begin(next.context)
  }

  private func decode(into stretch: inout Stretch, limit: Int) throws(IngestError) {
    guard let reader = reading?.reader else { return }
    while stretch.batch.changes.count < limit {
      guard let window = try reader.next() else { break }
      let used = decoder.decode(window.bytes, isEnd: window.isEnd, into: &stretch.batch)
      reader.consume(used)
      if window.isEnd { break }
    }
    if reader.isAtEnd { finish(&stretch, error: nil) }
  }

  private func finish(_ stretch: inout Stretch, error: IngestError?) {
  }
}
