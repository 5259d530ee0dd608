import ChangeModel
import CollectionStore
import Sequencing

/// The source's transactions that a call's files hold changes of, where their logs name them.
struct FileTransactions: Sendable {
  /// While a file is read: by its slot and the catalog's index.
  private var open: [Int: [Int: TransactionSet]] = [:]
  /// When it was read, encoded, which takes less memory.
  private(set) var encoded: [Int: [Int: [UInt8]]] = [:]
  /// Which of them wait: by the catalog's index and the manifest's number of the file; and the same
  /// of files that were read again.
  private(set) var placed: [Int: [Int64: Placement.Outcome]] = [:]
  private(set) var placedAgain: [Int: [Int64: Placement.Outcome]] = [:]

  /// Gathers those that a batch's changes name.
  ///
  /// - Parameter isEnd: whether the file ends here.
  mutating func gather(_ batch: ChangeBatch, slot: Int, _ routes: DecoderRoutes, isEnd: Bool) {
    var last: (number: UInt64, lineage: UInt32, table: UInt32)?
    for change in batch.changes {
      let number = change.position.word3
      guard number != 0, routes.namesTransactions[Int(change.lineage)] else { continue }
      // Changes of one transaction often stand together.
      if let last, last == (number, change.lineage, change.table) { continue }
      last = (number, change.lineage, change.table)
      open[slot, default: [:]][routes.collections[Int(change.table)], default: TransactionSet()]
        .insert(number, of: routes.lineages[Int(change.lineage)])
    }
    if isEnd, let gathered = open.removeValue(forKey: slot) {
      encoded[slot] = gathered.mapValues(\.encoded)
    }
  }

  /// Notes which of a file's transactions wait.
  mutating func note(_ outcome: Placement.Outcome, of index: Int, in file: RunFile) {
    if file.isReread {
      placedAgain[index, default: [:]][file.record.id] = outcome
    } else {
      placed[index, default: [:]][file.record.id] = outcome
    }
  }
}
