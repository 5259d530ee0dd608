import ChangeModel
import CollectionStore
import Sequencing

/// Which of the source's transactions the files' changes belong to, and which of these wait: from
/// this status tells what is split between tables.
extension IngestAttempt {
  /// What a call makes known of the transactions of one file, for one collection.
  struct TransactionUpdate: Sendable {
    /// What was read of it; nil for a file that was read again, whose transactions are known.
    fileprivate var share: TransactionShare?
    /// Whether the file has grown.
    fileprivate var goesOn = false
    fileprivate var file: Int64
    fileprivate var collection: Int64
    fileprivate var placed = Placement.Outcome()

    /// Records it.
    func record(in store: CollectionStore) throws {
      if let share { return try store.record(share, goesOn: goesOn) }
      try store.setWaiting(
        placed.waitingTransactions, applied: placed.freeTransactions, file: file,
        collection: collection)
    }
  }

  /// What this call makes known of transactions.
  func transactionUpdates() -> [TransactionUpdate] {
    var updates: [TransactionUpdate] = []
    for (slot, sets) in transactions.encoded {
      for (index, known) in sets {
        guard let id = storedID(of: index),
          let known = known.withUnsafeBytes({ TransactionSet(decoding: $0) })
        else { continue }
        let file = files[slot].record.id
        let placed = transactions.placed[index]?[file]
        let waiting = placed?.waitingTransactions ?? TransactionSet()
        let share = TransactionShare(
          file: file, collection: id, known: known, waiting: waiting,
          applied: waiting.isEmpty ? nil : placed?.freeTransactions)
        updates.append(
          TransactionUpdate(
            share: share, goesOn: !files[slot].isWhole, file: file, collection: id))
      }
    }
    // What was read again comes last: it tells of the whole file.
    for (index, outcomes) in transactions.placedAgain {
      guard let id = storedID(of: index) else { continue }
      for (file, placed) in outcomes {
        updates.append(TransactionUpdate(file: file, collection: id, placed: placed))
      }
    }
    return updates
  }

  /// The store's number for a table; nil while it has none.
  func storedID(of index: Int) -> Int64? {
    catalog.entries[index].storeID ?? catalog.entries[index].heldID
  }
}
