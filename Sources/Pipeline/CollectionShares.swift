import CollectionStore
import Sequencing

/// What a call's files held for one collection, on its way into the store.
struct CollectionShares: Sendable {
  let files: [RunFile]
  /// The collection's place in the catalog.
  let index: Int
  /// Its number in the store.
  let collection: Int64
  /// What its files say together; nil where they were not judged.
  let order: OrderBook.Ledger?
  /// Whether its changes wait for what a person must give.
  let isHeld: Bool

  /// So many files' shares are in memory at a time.
  private static let partCount = 64

  /// Records them: some are encoded while the store writes those before.
  func record(by writer: StoreWriter) async throws {
    var next = files.startIndex
    var part = shares(from: &next)
    while !part.isEmpty {
      let ready = part
      async let recorded: Void = writer.perform { store in
        for share in ready { try store.record(share) }
      }
      part = shares(from: &next)
      try await recorded
    }
  }

  /// The shares of the files that come next; none at the end.
  private func shares(from slot: inout Int) -> [FileShare] {
    var shares: [FileShare] = []
    while slot < files.endIndex, shares.count < Self.partCount {
      if !files[slot].isReread, let share = share(ofSlot: slot) { shares.append(share) }
      slot += 1
    }
    return shares
  }

  // By its slot: a file that is taken out of the list is copied.
  private func share(ofSlot slot: Int) -> FileShare? {
    guard let tally = files[slot].tallies[index] else { return nil }
    let file = files[slot].record.id
    let evidence = order?.evidence(of: file) ?? tally.evidence
    var share = FileShare(file: file, collection: collection)
    share.changes = tally.changes
    share.counterCount = Int(clamping: evidence.counters.count)
    share.counterMin = evidence.counters.first.map { Int64(clamping: $0) }
    share.counterMax = evidence.counters.last.map { Int64(clamping: $0) }
    share.evidence = evidence.encoded
    share.isHeld = isHeld
    let counts = order?.counts[file]
    share.waiting = counts?.waiting ?? 0
    share.provisional = counts?.provisional ?? 0
    // What is held may get another key.
    share.keyFilter = isHeld ? nil : files[slot].keyFilters[index]
    return share
  }
}
