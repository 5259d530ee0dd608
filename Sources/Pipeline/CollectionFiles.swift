import BatchSource
import ChangeModel
import CollectionStore
import Hashing
import Sequencing

/// The files that hold a collection's changes, as the manifest knows them: which of the changes
/// count, and where each stands.
struct CollectionFiles {
  /// A file.
  struct File {
    var record: FileRecord
    var share: FileShare
    /// Which keys it may hold changes of; nil: any.
    var filter: KeyFilter?
    var series: UInt32

    /// The path, for people.
    var name: String { BatchPath(record.path).description }
  }

  /// The collection.
  let collection: Collection
  /// The files that count, in the order in which they were first seen; superseded ones do not.
  let files: [File]
  /// The names of the collection's lineages, by their hashes.
  let lineages: [UInt32: String]
  /// Where changes belong, and which wait, by the index of their file; open transactions are not
  /// remembered, so it is the last one of each log that may wait.
  private let placement: Placement
  /// Below what nothing counts; nil for nothing.
  let floor: Rank?

  /// Reads what the store knows of a collection's files.
  ///
  /// - Parameter book: one that has read the numbers of the store's files.
  init(_ collection: Collection, in store: CollectionStore, book: OrderBook) throws {
    self.collection = collection
    let shares = Dictionary(
      try store.shares(ofCollection: collection.id).map { ($0.file, $0) }
    ) { $1 }
    files = try store.filesTouching(collection.id).filter { $0.state != .superseded }
      .compactMap { record in
        guard let share = shares[record.id] else { return nil }
        return File(
          record: record, share: share,
          filter: share.keyFilter.flatMap { KeyFilter(decoding: $0) },
          series: SeriesHash.of(record.series))
      }
    var book = book
    let ledger = try book.readLedger(of: collection.id, in: store)
    lineages = book.lineages
    placement = Placement(
      verdict: ledger.verdict, evidence: ledger.evidence,
      indexes: files.map { ledger.indexes[$0.record.id] },
      awaited: ledger.verdict.gaps.filter { gap in
        !ledger.gaps.contains { $0.isWaived && $0.isRecord(of: gap) }
      },
      waived: [], open: book.waitingTransactions(of: ledger))
    // A floor that only the configuration made is known from the store.
    floor = [collection.floor, ledger.verdict.floors(replaces: false).last]
      .compactMap { $0 }.max()
  }

  /// The place of a change of one of the files.
  func rank(of found: ChangeReader.Found, file: Int) -> Rank {
    let epoch = place(of: found, file: file).epoch
    let isSnapshot = found.change.flags.contains(.snapshot)
    return Rank(
      phase: 2 * epoch + (isSnapshot ? 0 : 1), lineage: found.lineage,
      position: found.change.position, eventTime: found.change.eventTime,
      ordinal: files[file].record.ordinal ?? 0, series: files[file].series,
      recordIndex: found.change.recordIndex)
  }

  /// Whether a change of one of the files is known and not applied yet.
  func isWaiting(_ found: ChangeReader.Found, file: Int) -> Bool {
    if isWaiting(file) { return true }
    return files[file].share.waiting > 0 && place(of: found, file: file).waits
  }

  /// Whether none of a file's changes is applied yet.
  func isWaiting(_ file: Int) -> Bool {
    let share = files[file].share
    return share.isHeld || (share.waiting > 0 && share.waiting >= share.changes)
  }

  /// Whether any of a file's changes is not applied yet.
  func hasWaiting(_ file: Int) -> Bool {
    files[file].share.isHeld || files[file].share.waiting > 0
  }

  private func place(
    of found: ChangeReader.Found, file: Int
  ) -> (epoch: UInt32, waits: Bool, isProvisional: Bool) {
    placement.place(
      record: found.change.recordIndex, ofFile: file, lineage: found.lineage,
      position: found.change.position, counter: found.change.counter)
  }

  /// The `_id` of a change's row, and the one that it had before where it moves the row.
  func ids(of found: ChangeReader.Found) -> (id: [UInt8], oldID: [UInt8]?) {
    let id = RowIDs.id(ofKey: found.key[...], rule: collection.key)
    return (id, found.oldKey.map { RowIDs.id(ofKey: $0[...], rule: collection.key) })
  }

  /// The collection's index in a catalog.
  func index(in catalog: Catalog) -> Int {
    guard let index = catalog.entries.firstIndex(where: { $0.storeID == collection.id }) else {
      preconditionFailure("the catalog was made of the same store")
    }
    return index
  }
}

extension Catalog {
  /// The catalog of what a store holds, for reading its files again: what its rows were made with
  /// counts, whatever key the settings ask for by now.
  init(_ configuration: Configuration, asStoredIn store: CollectionStore) throws {
    self.init(configuration, stored: try store.allTables())
    for index in entries.indices where entries[index].storeID != nil {
      update(index) { $0.plan.key = $0.key }
    }
  }
}

extension GapRecord {
  /// Whether it is what the store keeps of a gap.
  fileprivate func isRecord(of gap: OrderVerdict.Gap) -> Bool {
    let number = gap.incompleteFile ?? 0
    let numbers = gap.ordinals ?? number...number
    return SeriesHash.of(series) == gap.series
      && afterOrdinal == numbers.lowerBound &- 1 && beforeOrdinal == numbers.upperBound &+ 1
      && counters?.lowerBound == gap.counters.map { Int64(clamping: $0.lowerBound) }
  }
}

extension KeyFilter {
  /// Whether a key of these bytes may have been added.
  func mayContain(key: [UInt8]) -> Bool {
    mayContain(key.withUnsafeBytes { StableHash.hash64($0) })
  }
}
