package import ChangeModel
import SQLiteKit

/// What a store holds and waits for, at one moment.
package struct StatusReport: Sendable {
  /// The collections, by name.
  package var collections: [CollectionStatus] = []
  /// The tables that are held and have no collection, by name.
  package var held: [Hold] = []
  /// How many file versions there are of each kind, by a word: their states, but that files that
  /// were read are told apart by what became of their changes. All kinds, in a fixed order.
  package var files: [(kind: String, count: Int)] = []
  /// The files that are torn or failed, with the reason.
  package var troubledFiles: [FileRecord] = []
  /// The records in quarantine that count, all tables together.
  package var quarantined = QuarantineOverview()
  /// Rows of which columns are unknown.
  package var incompleteRows = 0
  /// The transactions that are split between tables: all of them, and by source table those of
  /// which changes wait there.
  package var split = SplitTransactions()
  package var splitByTable: [SourceTable: SplitTransactions] = [:]
  /// What the last run had to say that still holds: one sentence each.
  package var warnings: [String] = []
  /// The newest events, newest first.
  package var events: [StoreEvent] = []
}

/// What there is to say of one collection.
package struct CollectionStatus: Sendable {
  /// Its definition.
  package var collection: Collection
  /// Its live rows.
  package var rows = 0
  /// The files that hold changes of it.
  package var files = 0
  /// Changes in those files that do not wait.
  package var appliedChanges = 0
  /// Deleted rows that are remembered.
  package var tombstones = 0
  /// Rows of which columns are unknown.
  package var incompleteRows = 0
  /// Records in quarantine that may be its.
  package var quarantined = 0
  /// Rows about which two files disagree.
  package var conflicts = ConflictOverview()
  /// Why some of its changes wait; nil when none do.
  package var hold: Hold?
  /// Its logs, and how far they are applied.
  package var lineages: [LineageRecord] = []
  /// The holes in them.
  package var gaps: [GapRecord] = []
  /// Changes that wait behind a gap.
  package var waiting = 0
  /// Changes that were applied although they lie behind a gap.
  package var provisional = 0
  /// What the running counts are worth, and what about the order is in doubt.
  package var note = CollectionStore.OrderNote()
}

extension CollectionStore {
  /// Reports what the store holds and waits for, all of it at one moment, while others may write.
  ///
  /// - Parameter eventLimit: how many events to name.
  package func status(eventLimit: Int = 20) throws -> StatusReport {
    try snapshot {
      var report = StatusReport()
      let holds = try self.holds()
      let split = try splitTransactions()
      report.split = split.overall
      for table in split.byTable.isEmpty ? [] : try allTables() {
        report.splitByTable[table.source] = split.byTable[table.id]
      }
      let passedOver = try passedOverShares()
      for collection in try allCollections() {
        var status = try self.status(of: collection)
        status.files -= passedOver[collection.id]?.files ?? 0
        status.appliedChanges -= passedOver[collection.id]?.changes ?? 0
        status.hold = holds.first { $0.source == collection.source }
        report.incompleteRows += status.incompleteRows
        report.collections.append(status)
      }
      report.held = holds.filter { hold in
        !report.collections.contains { $0.collection.source == hold.source }
      }
      report.files = try fileCounts()
      report.troubledFiles = try files(in: [.torn, .failed])
      report.quarantined = try quarantineOverview()
      report.warnings = try keptWarnings()
      report.events = try events(limit: eventLimit)
      return report
    }
  }

  /// Runs reads that must all see one state of the database.
  package func snapshot<Result>(_ work: () throws -> Result) throws -> Result {
    if connection.isInTransaction { return try work() }
    try connection.execute("BEGIN")
    defer { try? connection.execute("COMMIT") }
    collections.removeAll()
    return try work()
  }

  private func status(of collection: Collection) throws -> CollectionStatus {
    var status = CollectionStatus(collection: collection)
    let id = collection.id
    status.rows = try rowCount(of: collection)
    status.files = try count("_resequel_file_collections WHERE collection = \(id)")
    status.appliedChanges = try number(
      """
      SELECT coalesce(sum(changes - waiting), 0) FROM _resequel_file_collections
        WHERE collection = \(id) AND NOT is_held
      """)
    let shares = "FROM _resequel_file_collections WHERE collection = \(id)"
    status.waiting = try number("SELECT coalesce(sum(waiting), 0) \(shares)")
    status.provisional = try number("SELECT coalesce(sum(provisional), 0) \(shares)")
    status.note = try orderNote(ofCollection: id)
    status.tombstones = try count("_resequel_tombstones WHERE collection = \(id)")
    status.incompleteRows = try count("_resequel_partial_rows WHERE collection = \(id)")
    status.conflicts = try conflictOverview(ofCollection: id)
    status.quarantined = try quarantinedCount(of: collection)
    status.lineages = try lineages(ofCollection: id)
    status.gaps = try gaps(ofCollection: id)
    return status
  }

  private func count(_ what: String) throws -> Int {
    try number("SELECT count(*) FROM \(what)")
  }

  func number(_ sql: String) throws -> Int {
    let statement = try connection.prepare(sql)
    return try statement.step() ? Int(statement.integer(0)) : 0
  }
}
