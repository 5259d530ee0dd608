import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// A batch file of a run: what is known before it is read, and what reading it showed.
struct RunFile: Sendable {
  /// The file as it was listed.
  let file: BatchFile
  /// What the manifest says, or will say, of it.
  var record: FileRecord
  /// What of it takes part in ranks.
  let stamp: FileStamp
  /// What its decoder must know: table by path, `schemas.yaml`, where an earlier run stopped.
  let context: FileContext
  /// Whether the manifest has this version already: it is read for changes that were held, or for
  /// a refold.
  let isReread: Bool
  /// Whether an earlier attempt found that nothing of it can be used: it is not read again.
  let isRefused: Bool
  /// How the reading ended; nil until it did.
  var outcome: Outcome?
  /// The records that could not be used.
  var quarantined: [QuarantinedRecord] = []
  /// How many records were read.
  var records = 0
  /// What it holds for each collection, by the catalog's index.
  var tallies: [Int: Tally] = [:]
  /// Of a file that has grown: what it held when it was read last.
  var earlierShares: [FileShare] = []
  /// While it is read, the keys that its changes name, by the catalog's index.
  var keyHashes: [Int: KeyHashes] = [:]
  /// When it was read, which keys those may be, encoded; collections without one: any key.
  var keyFilters: [Int: [UInt8]] = [:]

  init(
    file: BatchFile, record: FileRecord, stamp: FileStamp, context: FileContext, isReread: Bool,
    refusal: Outcome?
  ) {
    outcome = refusal
    isRefused = refusal != nil
    self.file = file
    self.record = record
    self.stamp = stamp
    self.context = context
    self.isReread = isReread
  }

  /// Whether it is read from its beginning.
  var isWhole: Bool { context.offset == 0 }

  /// How the reading of a file ended.
  struct Outcome: Sendable {
    /// What made the file unusable from some byte on, or nil.
    var error: IngestError?
    /// Whether its form was recognised.
    var hasBegun = false
    /// The version that was read; nil when it was not read to its end.
    var identity: FileIdentity?
    /// Hash of its raw bytes; empty when it was not read to its end.
    var hash: [UInt8] = []
    /// How many decompressed bytes were used, from the file's beginning: whole records.
    var consumedBytes: UInt64 = 0
    /// Why the rest was not used, or nil: the last record is cut off.
    var tornReason: String?
    /// Whether it was not read to its end, where the checksum of a compressed file stands, or
    /// changed meanwhile: nothing of it is used, so that a later content under its name need not take
    /// anything back.
    var isPartial = false
  }

  /// What a file holds for one collection.
  struct Tally: Sendable {
    /// How many changes.
    var changes = 0
    /// How many of them were there when the file was read last, and it has grown since.
    var earlierChanges = 0
    /// What they say about order and completeness.
    var evidence: FileEvidence

    /// How many of the changes were not there before.
    var newChanges: Int { changes - earlierChanges }

    mutating func add(_ change: Change, lineage: UInt32, keyHash: UInt64) {
      changes += 1
      evidence.add(change, lineage: lineage, keyHash: keyHash)
    }
  }

  /// The tally of a collection; a file that has grown goes on with what was counted before.
  ///
  /// - Parameters:
  ///   - index: the catalog's index.
  ///   - id: the collection's number in the store; nil while it has none.
  func openTally(of index: Int, storedAs id: Int64?) -> Tally {
    if let known = tallies[index] { return known }
    let nothing = FileEvidence(ordinal: record.ordinal, series: stamp.series)
    guard let share = earlierShares.first(where: { $0.collection == id }) else {
      return Tally(evidence: nothing)
    }
    if isWhole { return Tally(earlierChanges: share.changes, evidence: nothing) }
    return Tally(
      changes: share.changes, earlierChanges: share.changes,
      evidence: share.orderEvidence ?? nothing)
  }
}

extension FileShare {
  /// What the file says about order and completeness; nil where that was not stored.
  var orderEvidence: FileEvidence? {
    evidence.flatMap { bytes in bytes.withUnsafeBytes { FileEvidence(decoding: $0) } }
  }
}
