import BatchSource
import ChangeModel
import RecordFormats

/// A batch file of a run: what is known before it is read, and what the first pass found.
struct RunFile: Sendable {
  /// The file as it was listed.
  let file: BatchFile
  /// What its decoder must know: table by path, `schemas.yaml`, where an earlier run stopped.
  let context: FileContext
  /// The manifest's id; zero until it is recorded.
  var manifestID: Int64 = 0
  /// Whether the store has this version of the file already, and it is read only for changes that
  /// were held.
  var isReread = false
  /// What the first pass learned of its form; nil when nothing could be read.
  var layout: FileLayout?
  /// How the reading ended; nil until it did.
  var outcome: ReadOutcome?
  /// Records read, by the first pass over the whole file.
  var records = 0
  /// The records that could not be used.
  var quarantined: [QuarantinedRecord] = []
  /// What it holds for each collection, by the catalog's index.
  var tallies: [Int: Tally] = [:]

  /// How the reading of a file ended.
  struct ReadOutcome: Sendable {
    /// Hash of its raw bytes, and how many they are.
    var hash: [UInt8]
    var rawBytes: UInt64
    /// How many decompressed bytes were used: whole records.
    var consumedBytes: UInt64
    /// Why the rest was not, or nil: the last record is cut off.
    var tornReason: String?
    /// What made the file unusable from here on, or nil.
    var error: IngestError?
  }

  /// How many changes a file holds for one collection, and their counters.
  struct Tally: Sendable {
    var changes = 0
    var taken = 0
    var counterCount = 0
    var counterMin = Int64.max
    var counterMax = Int64.min
    var positionMin: Position?
    var positionMax: Position?

    mutating func add(_ change: Change) {
      changes += 1
      if change.counter >= 0 {
        counterCount += 1
        counterMin = min(counterMin, change.counter)
        counterMax = max(counterMax, change.counter)
      }
      guard !change.flags.contains(.snapshot) else { return }
      positionMin = positionMin.map { min($0, change.position) } ?? change.position
      positionMax = positionMax.map { max($0, change.position) } ?? change.position
    }
  }
}
