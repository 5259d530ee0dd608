package import ChangeModel

/// What the verdict on a collection's files means for the changes that were admitted: which epoch
/// each belongs to, and which must wait behind a gap.
package struct Placement: Sendable {
  /// The verdict.
  package var verdict: OrderVerdict
  /// The evidence that it was made of, by the same index.
  package var evidence: [FileEvidence]
  /// For each of the run's file slots the index of its evidence; nil for a file without any.
  package var indexes: [Int?]
  /// The gaps that changes behind them wait for.
  package var awaited: [OrderVerdict.Gap]
  /// The gaps that are not waited for any longer.
  package var waived: [OrderVerdict.Gap]
  /// The transactions of which more may come, by the lineage's hash: their changes wait.
  package var open: [UInt32: UInt64]
  /// The hashes of the lineages whose transactions are gathered: those that wait, and those that go
  /// on.
  package var gathered: Set<UInt32> = []
  /// The slots of files none of whose changes wait: what is in rows already does not leave them for a
  /// gap that was proven later.
  package var applied: Set<Int> = []

  /// Makes a placement of its parts.
  package init(
    verdict: OrderVerdict, evidence: [FileEvidence], indexes: [Int?],
    awaited: [OrderVerdict.Gap], waived: [OrderVerdict.Gap], open: [UInt32: UInt64]
  ) {
    self.open = open
    self.verdict = verdict
    self.evidence = evidence
    self.indexes = indexes
    self.awaited = awaited
    self.waived = waived
  }

  /// How many changes of a file wait, and how many go on although they lie behind a gap.
  package struct Counts: Sendable, Hashable {
    package var waiting: Int
    package var provisional: Int

    /// Makes counts; none unless told otherwise.
    package init(waiting: Int = 0, provisional: Int = 0) {
      self.waiting = waiting
      self.provisional = provisional
    }

    /// Adds others.
    package static func += (counts: inout Counts, more: Counts) {
      counts.waiting += more.waiting
      counts.provisional += more.provisional
    }
  }

  /// What became of the changes of a file.
  package struct Outcome: Sendable {
    package var counts = Counts()
    /// The transactions of changes that wait, and those of changes that do not; of lineages whose
    /// transactions are ``gathered``.
    package var waitingTransactions = TransactionSet()
    package var freeTransactions = TransactionSet()

    /// Makes the outcome for a file without changes.
    package init() {}

    /// Adds what became of others.
    package static func += (outcome: inout Outcome, more: Outcome) {
      outcome.counts += more.counts
      outcome.waitingTransactions.formUnion(more.waitingTransactions)
      outcome.freeTransactions.formUnion(more.freeTransactions)
    }

    fileprivate mutating func note(_ transaction: UInt64, of lineage: UInt32, waits: Bool) {
      if waits {
        waitingTransactions.insert(transaction, of: lineage)
      } else {
        freeTransactions.insert(transaction, of: lineage)
      }
    }
  }

  /// Whether every change is simply taken, in the first epoch.
  package var isPlain: Bool {
    awaited.isEmpty && waived.isEmpty && open.isEmpty
      && verdict.epochs.allSatisfy { $0.allSatisfy { $0 == 0 } }
  }

  /// Where one change belongs.
  func place(of change: SequencedChange) -> (epoch: UInt32, waits: Bool, isProvisional: Bool) {
    place(
      record: change.recordIndex, ofFile: Int(change.file), lineage: change.lineage,
      position: change.position, counter: change.counter)
  }

  /// Where a change belongs.
  ///
  /// - Parameters:
  ///   - record: its record's index in the file.
  ///   - slot: the file's slot: an index of ``indexes``.
  ///   - lineage: the hash of its lineage's name.
  ///   - counter: its running count; negative for none.
  package func place(
    record: UInt32, ofFile slot: Int, lineage: UInt32, position: Position, counter: Int64
  ) -> (epoch: UInt32, waits: Bool, isProvisional: Bool) {
    guard let file = indexes[slot] else { return (0, false, false) }
    let evidence = evidence[file]
    let segment =
      evidence.segments.count == 1 ? 0 : evidence.segment(ofRecord: record, lineage: lineage) ?? 0
    guard segment < verdict.epochs[file].count else { return (0, false, false) }
    let counter = counter >= 0 ? UInt64(counter) : nil
    func isBehind(_ gap: OrderVerdict.Gap) -> Bool {
      verdict.isBehind(gap, evidence: evidence, file: file, segment: segment, counter: counter)
    }
    let isOpen = !open.isEmpty && open[lineage] == position.word3
    let waits = !applied.contains(slot) && (isOpen || awaited.contains(where: isBehind))
    return (verdict.epochs[file][segment], waits, !waits && waived.contains(where: isBehind))
  }
}

extension Sequencer {
  /// Gives a collection's changes their epochs, and takes those out that must wait.
  ///
  /// - Returns: by file slot, what became of them.
  package mutating func place(
    collection: Int, by placement: Placement
  ) -> [UInt32: Placement.Outcome] {
    guard collection < queues.count else { return [:] }
    return queues[collection].place(by: placement)
  }
}

extension ChangeQueue {
  /// Gives the changes their epochs, and takes those out that must wait.
  ///
  /// - Returns: by file slot, what became of them.
  package mutating func place(by placement: Placement) -> [UInt32: Placement.Outcome] {
    if placement.isPlain { return [:] }
    var outcomes: [UInt32: Placement.Outcome] = [:]
    revise { change in
      let place = placement.place(of: change)
      if place.waits { outcomes[change.file, default: .init()].counts.waiting += 1 }
      if place.isProvisional { outcomes[change.file, default: .init()].counts.provisional += 1 }
      if !placement.gathered.isEmpty, placement.gathered.contains(change.lineage),
        change.position.word3 != 0
      {
        outcomes[change.file, default: .init()]
          .note(change.position.word3, of: change.lineage, waits: place.waits)
      }
      if place.waits { return nil }
      var placed = change
      placed.phase = 2 * place.epoch + change.phase & 1
      return placed
    }
    return outcomes
  }
}
