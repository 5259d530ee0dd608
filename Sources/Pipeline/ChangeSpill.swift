import BatchSource
import ChangeModel
import Sequencing

/// Changes that left memory because a call has more of them than it may hold, with those of their
/// values that were in memory too: sorted runs in temporary files, by collection.
struct ChangeSpill: Sendable {
  /// How many bytes of changes, and of their values, a call holds before it puts them aside.
  private let heldByteCount: Int
  private let heldValueByteCount: Int
  private let directory: BatchPath
  /// One for each core that writes.
  private var files: [SpillFile] = []
  /// The blocks of each run.
  private var runs: [Int: [[RunBlock]]] = [:]

  /// Makes a spill; there is no file before one is needed.
  init(directory: BatchPath, heldByteCount: Int, heldValueByteCount: Int) {
    self.directory = directory
    self.heldByteCount = heldByteCount
    self.heldValueByteCount = heldValueByteCount
  }

  /// Whether changes of a collection were put aside.
  func holds(_ collection: Int) -> Bool { runs[collection] != nil }

  /// Puts all changes aside where those that are held are too many. Where it can be told that there
  /// will be too many, fewer do, or fewer values: sorting takes memory too.
  ///
  /// - Parameters:
  ///   - before: how many bytes of changes there were before these files were begun.
  ///   - readShare: how much of them was read, up to 1.
  /// - Throws: a fatal error when the disk is full.
  mutating func relieve(
    _ sequencer: inout Sequencer, _ values: inout ValueStore, before: Int, readShare: Double
  ) throws(IngestError) {
    sequencer.reserve(byteCount: heldByteCount)
    let changes = Double(sequencer.byteCount) / Double(heldByteCount)
    let share = Double(values.heldByteCount) / Double(heldValueByteCount)
    let old = Double(before) / Double(heldByteCount)
    let willBeTooMuch = !runs.isEmpty || old + (changes - old) / max(readShare, 0.001) > 1
    if changes > 1 || willBeTooMuch && max(changes, share) > 0.4 {
      try setAsideAll(&sequencer, &values)
    }
  }

  /// Puts the rest aside where some changes were: their values' memory is needed for other things.
  mutating func finish(
    _ sequencer: inout Sequencer, _ values: inout ValueStore
  ) throws(IngestError) {
    if runs.isEmpty { return }
    try setAsideAll(&sequencer, &values)
    values.pool.trim()
  }

  /// Puts the changes of all collections aside: memory of values is given up when nobody needs any of
  /// it.
  private mutating func setAsideAll(
    _ sequencer: inout Sequencer, _ values: inout ValueStore
  ) throws(IngestError) {
    for collection in sequencer.collections {
      try setAside(collection, of: &sequencer, values)
    }
    values.removeHeld()
  }

  /// Puts all changes of a collection aside.
  private mutating func setAside(
    _ collection: Int, of sequencer: inout Sequencer, _ values: ValueStore
  ) throws(IngestError) {
    let cores = Cores.count
    while files.count < cores { files.append(try SpillFile(directory: directory)) }
    let files = files
    let held = HeldValues(values)
    let run = try sequencer.setAside(
      collection: collection, cores: cores, runCount: runs[collection]?.count ?? 0
    ) { place, count in
      held.bytes(at: place, count: count)
    } put: { (core, bytes) throws(IngestError) in
      let start = files[core].byteCount
      try files[core].append(bytes)
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
    let wanted = RunMerge.Wanted(changes: SpilledChanges.changesWanted, valueBytes: .max)
    while var part = try merge.next(
      wanted,
      read: { (block, bytes) throws(IngestError) in
        try files[block.part].read(at: block.headOffset, into: bytes)
      }, putValues: nil)
    {
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
    _ collection: Int, of sequencer: inout Sequencer, _ values: inout ValueStore
  ) throws(IngestError) -> SpilledChanges? {
    guard runs[collection] != nil else { return nil }
    try setAside(collection, of: &sequencer, values)
    let runs = runs.removeValue(forKey: collection) ?? []
    let model = sequencer.model(of: collection)
    _ = sequencer.release(collection: collection)
    return SpilledChanges(
      spill: self, merge: RunMerge(runs, of: model), hasMoves: model.hasMoves,
      blocks: (0..<2).map { _ in values.add(.nowhere) }, pool: values.pool)
  }

  /// A collection's changes that were put aside, on their way back.
  struct SpilledChanges: Sendable {
    private let spill: ChangeSpill
    private var merge: RunMerge
    /// The keys that moves link must be looked at together: all changes come at once.
    private let hasMoves: Bool
    /// The blocks of values that parts get, in turn: two parts are there at a time.
    private let blocks: [UInt32]
    private var partCount = 0
    /// The memory of values.
    private let pool: ValuePool

    /// So many are worth the work that each part makes.
    static let changesWanted = 1 << 16
    private static let valueBytesWanted = 12 << 20

    fileprivate init(
      spill: ChangeSpill, merge: RunMerge, hasMoves: Bool, blocks: [UInt32], pool: ValuePool
    ) {
      self.spill = spill
      self.merge = merge
      self.hasMoves = hasMoves
      self.blocks = blocks
      self.pool = pool
    }

    /// The changes of some keys.
    struct Part: Sendable {
      var changes: ChangeQueue
      /// The block that their values are in, and where that is.
      let block: UInt32
      let values: ValueStore.Place
    }

    /// All changes of the keys that come next, ascending; nil when there are no more.
    mutating func next() throws(IngestError) -> Part? {
      let wanted = RunMerge.Wanted(
        changes: hasMoves ? .max : Self.changesWanted,
        valueBytes: hasMoves ? .max : Self.valueBytesWanted)
      var values = CarriedValues(in: pool.take().block(), spill.directory)
      let files = spill.files
      let next = try merge.next(wanted) { (block, bytes) throws(IngestError) in
        try files[block.part].read(at: block.headOffset, into: bytes)
        if block.valueByteCount == 0 { files[block.part].discard(block) }
      } putValues: { (block, range) throws(IngestError) in
        let file = files[block.part]
        let start = block.offset + UInt64(range.lowerBound)
        let place = try values.add(from: file, at: start, range.count)
        if range.upperBound == block.valueByteCount { file.discard(block) }
        return place
      }
      guard var changes = next else { return nil }
      let block = blocks[partCount % blocks.count]
      partCount += 1
      changes.carriedBlock = block
      return Part(changes: changes, block: block, values: values.place)
    }
  }
}

extension SpillFile {
  fileprivate func discard(_ block: RunBlock) { discard(at: block.offset, count: block.byteCount) }
}
