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
    fileprivate var placed = Placement.Counts()

    /// Records it.
    func record(in store: CollectionStore) throws {
      if let share { return try store.record(share, goesOn: goesOn) }
      try store.setWaiting(
        placed.waitingTransactions, applied: placed.freeTransactions, file: file,
        collection: collection)
    }
  }

  /// What this call makes known of transactions: nothing where no log names them.
  func transactionUpdates() -> [TransactionUpdate] {
    var updates: [TransactionUpdate] = []
    // What was read again comes last: it tells of the whole file.
    for file in files where !file.isReread {
      for (index, known) in file.encodedTransactions {
        guard let id = storedID(of: index),
          let known = known.withUnsafeBytes({ TransactionSet(decoding: $0) })
        else { continue }
        let placed = placedTransactions[index]?[file.record.id] ?? Placement.Counts()
        let waiting = placed.waitingTransactions
        let share = TransactionShare(
          file: file.record.id, collection: id, known: known, waiting: waiting,
          applied: waiting.isEmpty ? nil : placed.freeTransactions)
        updates.append(
          TransactionUpdate(
            share: share, goesOn: !file.isWhole, file: file.record.id, collection: id))
      }
    }
    for file in files where file.isReread {
      for (index, placed) in placedTransactions {
        guard let id = storedID(of: index), let placed = placed[file.record.id] else { continue }
        updates.append(
          TransactionUpdate(file: file.record.id, collection: id, placed: placed))
      }
    }
    return updates
  }

  private func storedID(of index: Int) -> Int64? {
    catalog.entries[index].storeID ?? catalog.entries[index].heldID
  }
}
