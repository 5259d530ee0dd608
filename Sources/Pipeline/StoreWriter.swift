import ChangeModel
import CollectionStore

/// The store's only writer: everything that touches SQLite while a run goes on happens in here.
///
/// On a thread of its own, because SQLite blocks and the cooperative pool has one thread a core.
actor StoreWriter {
  private let executor: BlockingExecutor
  private let store: CollectionStore

  nonisolated var unownedExecutor: UnownedSerialExecutor {
    executor.asUnownedSerialExecutor()
  }

  /// Takes over an open store.
  init(_ store: sending CollectionStore) {
    executor = BlockingExecutor(label: "resequel.store")
    self.store = store
  }

  /// Runs a stretch of work on the store.
  func perform<Result: Sendable, Failure: Error>(
    _ work: @Sendable (CollectionStore) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try work(store)
  }

  /// Closes the store after a failure. That one is the cause; a failure to close would only hide it.
  func abandon() { try? store.close() }
}
