package import ChangeModel
import SQLiteKit

/// Which of the source's transactions a file's changes of a collection belong to, of logs that name
/// them.
package struct TransactionShare: Sendable, Hashable {
  /// The file's number.
  package var file: Int64
  /// The collection's, or held table's.
  package var collection: Int64
  /// All of them.
  package var known: TransactionSet
  /// Those of changes that wait behind a gap, or for the end of their transaction.
  package var waiting: TransactionSet
  /// Those of changes that do not wait; nil: all. Held changes are not told from others here.
  package var applied: TransactionSet?

  /// Makes a share of its parts.
  package init(
    file: Int64, collection: Int64, known: TransactionSet, waiting: TransactionSet,
    applied: TransactionSet?
  ) {
    self.file = file
    self.collection = collection
    self.known = known
    self.waiting = waiting
    self.applied = applied
  }

  /// Takes in what the file held before it grew.
  fileprivate mutating func formUnion(_ earlier: TransactionShare) {
    waiting.formUnion(earlier.waiting)
    if !waiting.isEmpty {
      var applied = applied ?? known
      applied.formUnion(earlier.applied ?? earlier.known)
      self.applied = applied
    }
    known.formUnion(earlier.known)
  }
}

/// The transactions of which changes wait in one collection while others are applied in another.
package struct SplitTransactions: Sendable, Hashable {
  /// How many.
  package var count = 0
  /// Whether that is all of them, and not only those that the store remembers.
  package var isExact = true

  /// Makes a count of none.
  package init() {}
}

/// The source's transactions, where its records name them.
extension CollectionStore {
  /// Records which transactions a file's changes belong to; over what was recorded before.
  ///
  /// - Parameter goesOn: whether the file has grown, so that these are of its new part.
  package func record(_ share: TransactionShare, goesOn: Bool) throws {
    var share = share
    if goesOn {
      let condition = "t.collection = \(share.collection) AND t.file = \(share.file)"
      var earlier: TransactionShare?
      try visitTransactionShares(condition) { known, _ in earlier = known }
      if let earlier { share.formUnion(earlier) }
    }
    let statement = try connection.cached(
      """
      INSERT OR REPLACE INTO _resequel_transactions (collection, file, known, waiting, applied)
        VALUES (?, ?, ?, ?, ?)
      """)
    defer { statement.clear() }
    statement.bind(1, share.collection)
    statement.bind(2, share.file)
    try statement.bindCopy(3, blob: share.known.encoded)
    try Self.bindWaiting(share.waiting, share.applied, to: statement, at: 4)
    try statement.run()
  }

  /// Notes which transactions of a file wait now.
  ///
  /// - Parameter applied: those of the file's changes that do not wait.
  package func setWaiting(
    _ waiting: TransactionSet, applied: TransactionSet, file: Int64, collection: Int64
  ) throws {
    let statement = try connection.cached(
      """
      UPDATE _resequel_transactions SET waiting = ?, applied = ?
        WHERE collection = ? AND file = ?
      """)
    defer { statement.clear() }
    try Self.bindWaiting(waiting, applied, to: statement, at: 1)
    statement.bind(3, collection)
    statement.bind(4, file)
    try statement.run()
  }

  private static func bindWaiting(
    _ waiting: TransactionSet, _ applied: TransactionSet?, to statement: Statement, at index: Int32
  ) throws {
    if waiting.isEmpty { return }
    try statement.bindCopy(index, blob: waiting.encoded)
    if let applied { try statement.bindCopy(index + 1, blob: applied.encoded) }
  }

  /// The transactions that are split: those of each collection of which changes wait there, and
  /// those of all collections together.
  func splitTransactions() throws -> (
    byTable: [Int64: SplitTransactions], overall: SplitTransactions
  ) {
    let waiting = try waitingTransactions()
    if waiting.isEmpty { return ([:], SplitTransactions()) }
    var isExact = waiting.values.allSatisfy(\.isWhole)
    var split: [Int64: TransactionSet] = [:]
    try visitTransactionShares("NOT s.is_held") { share, _ in
      let applied = share.applied ?? share.known
      isExact = isExact && applied.isWhole
      for (collection, waiting) in waiting where collection != share.collection {
        split[collection, default: TransactionSet()].formUnion(waiting.intersection(applied))
      }
    }
    var all = TransactionSet()
    for transactions in split.values { all.formUnion(transactions) }
    return (
      split.filter { !$0.value.isEmpty }.mapValues { SplitTransactions($0, isExact: isExact) },
      SplitTransactions(all, isExact: isExact)
    )
  }

  /// The transactions of which changes wait, behind a gap or for what a person must give. What is
  /// left out does not wait.
  private func waitingTransactions() throws -> [Int64: TransactionSet] {
    var waiting: [Int64: TransactionSet] = [:]
    let condition = "t.waiting IS NOT NULL OR (s.is_held AND c.held_reason IS NOT NULL)"
    try visitTransactionShares(condition) { share, isHeld in
      waiting[share.collection, default: TransactionSet()]
        .formUnion(isHeld ? share.known : share.waiting)
    }
    return waiting
  }

  /// Visits the shares that meet a condition, of files that are not superseded.
  private func visitTransactionShares(
    _ condition: String, _ visit: (_ share: TransactionShare, _ isHeld: Bool) -> Void
  ) throws {
    let statement = try connection.cached(
      """
      SELECT t.file, t.collection, t.known, t.waiting, t.applied, s.is_held
        FROM _resequel_transactions AS t
        JOIN _resequel_file_collections AS s ON s.collection = t.collection AND s.file = t.file
        JOIN _resequel_files AS f ON f.id = t.file
        JOIN _resequel_collections AS c ON c.id = t.collection
        WHERE f.state <> 'superseded' AND (\(condition))
      """)
    defer { statement.clear() }
    while try statement.step() {
      func transactions(_ column: Int32) -> TransactionSet? {
        statement.isNull(column) ? nil : TransactionSet(decoding: statement.bytes(column))
      }
      let share = TransactionShare(
        file: statement.integer(0), collection: statement.integer(1),
        known: transactions(2) ?? TransactionSet(), waiting: transactions(3) ?? TransactionSet(),
        applied: transactions(4))
      visit(share, statement.integer(5) != 0)
    }
  }
}

extension SplitTransactions {
  fileprivate init(_ transactions: TransactionSet, isExact: Bool) {
    count = transactions.count
    self.isExact = isExact && transactions.isWhole
  }
}
