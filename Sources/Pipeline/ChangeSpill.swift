import BatchSource
import ChangeModel
import Sequencing

/// Changes that left memory because a call has more of them than it may hold: sorted runs in
/// temporary files, by collection.
struct ChangeSpill: Sendable {
  /// How many bytes of changes a call holds before it puts the largest collection's aside.
  let heldByteCount: Int
  private let directory: BatchPath
  /// One for each core that writes.
  private var files: [SpillFile] = []
  /// The blocks of each run.
  private var runs: [Int: [[RunBlock]]] = [:]

  /// Makes a spill; there is no file before one is needed.
  init(directory: BatchPath, heldByteCount: Int) {
    self.directory = directory
    self.heldByteCount = heldByteCount
  }

  /// Whether changes of a collection were put aside.
  func holds(_ collection: Int) -> Bool { runs[collection] != nil }

  /// Puts changes aside while the sequencer holds too many.
  ///
  /// - Throws: a fatal error when the disk is full.
  mutating func relieve(_ sequencer: inout Sequencer) throws(IngestError) {
    sequencer.reserve(byteCount: heldByteCount)
    while sequencer.byteCount > heldByteCount, let collection = sequencer.largestCollection {
      try setAside(collection, of: &sequencer)
    }
  }

  /// Puts all changes of a collection aside.
  private mutating func setAside(
    _ collection: Int, of sequencer: inout Sequencer
  ) throws(IngestError) {
    let cores = Cores.count
    while files.count < cores { files.append(try SpillFile(directory: directory)) }
    let files = files
    let run = try sequencer.setAside(collection: collection, cores: cores) {
      (core, changes, keys) throws(IngestError) in
      let start = files[core].byteCount
      try files[core].append(changes)
      try files[core].append(keys)
      return start
    }
    if !run.isEmpty { runs[collection, default: []].append(run) }
  }

  /// What becomes of the changes put aside, by a placement.
  func outcomes(
    of collection: Int, in sequencer: Sequencer, by placement: Placement
  ) throws(IngestError) -> [UInt32: Placement.Outcome] {
    var outcomes: [UInt32: Placement.Outcome] = [:]
    guard let runs = runs[collection], !placement.isPlain else { return outcomes }
    var merge = RunMerge(runs, of: sequencer.model(of: collection))
    while var part = try next(of: &merge, runs) {
      for (file, more) in part.place(by: placement) { outcomes[file, default: .init()] += more }
    }
    return outcomes
  }

  /// Forgets the changes of a collection that were put aside.
  mutating func drop(_ collection: Int) { runs[collection] = nil }

  /// Takes the changes of a collection back, some keys' at a time.
  ///
  /// - Returns: nil where none were put aside: then the sequencer has all.
  mutating func take(
    _ collection: Int, of sequencer: inout Sequencer
  ) throws(IngestError) -> SpilledChanges? {
    guard runs[collection] != nil else { return nil }
    try setAside(collection, of: &sequencer)
    let runs = runs.removeValue(forKey: collection) ?? []
    let model = sequencer.model(of: collection)
    _ = sequencer.release(collection: collection)
    return SpilledChanges(
      spill: self, runs: runs, merge: RunMerge(runs, of: model),
      // The keys that moves link must be looked at together.
      wanted: model.hasMoves ? .max : SpilledChanges.changesWanted)
  }

  private func next(
    of merge: inout RunMerge, _ runs: [[RunBlock]], wanted: Int = SpilledChanges.changesWanted,
    isLast: Bool = false
  ) throws(IngestError) -> ChangeQueue? {
    try merge.next(wanted) { (run, block, bytes) throws(IngestError) in
      let block = runs[run][block]
      try files[block.part].read(at: block.offset, into: bytes)
      if isLast { files[block.part].discard(at: block.offset, count: bytes.count) }
    }
  }

  /// A collection's changes that were put aside, on their way back.
  struct SpilledChanges: Sendable {
    private let spill: ChangeSpill
    private let runs: [[RunBlock]]
    private var merge: RunMerge
    private let wanted: Int

    /// So many are worth the work that each part makes; two parts are there at a time.
    static let changesWanted = 1 << 16

    fileprivate init(spill: ChangeSpill, runs: [[RunBlock]], merge: RunMerge, wanted: Int) {
      self.spill = spill
      self.runs = runs
      self.merge = merge
      self.wanted = wanted
    }

    /// All changes of the keys that come next, ascending; nil when there are no more.
    mutating func next() throws(IngestError) -> ChangeQueue? {
      try spill.next(of: &merge, runs, wanted: wanted, isLast: true)
    }
  }
}
