/// Which database the world plays, which decides the cursor's fields.
package enum SourceKind: String, Sendable, Hashable, CaseIterable {
  /// Binary log: file, position, row.
  case mysql
  /// Commit log per node: segment, offset, part.
  case cassandra
  /// Cluster time and a number among equals.
  case mongodb
  /// Log page and row; the transaction's first page and row.
  case ase
  /// One sequence number.
  case informix
}

/// Which columns the images of an update or a delete carry.
package enum ImageStyle: String, Sendable, Hashable, CaseIterable {
  /// Every column before and after (exists 3).
  case full
  /// The key before (2), the assigned columns after (1), nothing else (0); as Cassandra does.
  case minimal
  /// The key before, every column after.
  case keyThenAll
  /// Every column before, the assigned ones after (unassigned: exists 2).
  case allThenUpdated
  /// One of the others at random, record by record.
  case mixed
}

/// How a world begins: rows that come without a cursor, before the log.
package enum SnapshotStyle: String, Sendable, Hashable {
  /// The log only.
  case none
  /// Flat rows: columns and nothing else.
  case flat
  /// Inserts in the shape of changes, without a cursor.
  case changeShaped
}

/// What happens to the source's log halfway.
package enum LogBreak: String, Sendable, Hashable, CaseIterable {
  /// It goes on.
  case none
  /// Its numbers begin again: MySQL's log files at 1 (`RESET MASTER`), ASE's log pages at 3.
  case restart
  /// Another server takes over, whose log has another name and lower numbers: MySQL only.
  case failover
}

/// What the `operationcount` of records counts.
package enum CounterStyle: String, Sendable, Hashable {
  /// Every record of its table, without a hole.
  case dense
  /// There is none.
  case absent
  /// Every record of the source.
  case global
  /// Like dense, but begins again halfway.
  case reset
}

/// How rows are told apart.
package enum KeyShape: String, Sendable, Hashable {
  /// Each table as its random number says.
  case mixed
  /// One column.
  case single
  /// Two or three columns.
  case compound
}

/// Everything that decides a world: the same plan gives the same bytes on every machine.
package struct WorldPlan: Sendable, Hashable {
  /// What all random choices follow from.
  package var seed: UInt64
  /// How many tables, not counting the heartbeat's.
  package var tableCount = 3
  /// How many different keys a table may use: small ones are deleted, moved and reused often.
  package var keySpace = 12
  /// How many transactions the log holds, unless ``records`` says when it ends.
  package var transactions = 40
  /// The exact count of records in the log, snapshot excluded; nil: ``transactions`` decides.
  package var records: Int?
  /// The longest transaction, in operations.
  package var operationsPerTransaction = 4
  /// Which database is played.
  package var source = SourceKind.mysql
  /// Cassandra's nodes; each owns the keys of its own, unless ``nodesShareKeys``.
  package var nodeCount = 1
  /// Any node may change any key; no two nodes log changes of one time.
  package var nodesShareKeys = false
  /// By how many milliseconds each node's clock is behind that of the node before. Changes count in
  /// the order of the nodes' own times then, so that the live source is no measure.
  package var clockSkew: Int64 = 0
  /// Every change is logged by so many of Cassandra's nodes, each at a place of its own.
  package var replicaCount = 1
  /// Which columns images carry.
  package var images = ImageStyle.full
  /// Names that need quoting: reserved words, quotes, spaces, mixed case, other alphabets.
  package var hasHostileNames = false
  /// Values that need quoting, and very long ones.
  package var hasHostileValues = false
  /// Values with the character U+0000.
  package var hasNulCharacters = false
  /// The length of hostile values that are "very long", in bytes.
  package var longValueBytes = 3_000
  /// How rows are told apart.
  package var keys = KeyShape.mixed
  /// How many columns a table has besides its key; at least one.
  package var valueColumns = 2...5
  /// The usual length of plain text values, in bytes.
  package var textBytes = 18
  /// Of a hundred operations, so many insert.
  package var insertShare = 40
  /// Of a hundred operations, so many delete; the rest update.
  package var deleteShare = 15
  /// Of a hundred updates, so many change the key.
  package var moveShare = 0
  /// Of a hundred values, so many are NULL.
  package var nullShare = 10
  /// Of a hundred updates, so many set nothing new.
  package var idleShare = 5
  /// Of a hundred updates, so many go to one row of the table.
  package var hotShare = 0
  /// Of a hundred operations, so many are log events of several rows.
  package var multiRowShare = 15
  /// Keys count up and are never used twice; ``keySpace`` does not matter.
  package var hasFreshKeys = false
  /// Rows that the log inserts into each table before anything else.
  package var initialRows = 0
  /// A log file's size in bytes, after which the next begins.
  package var logFileBytes = 1_000_000
  /// Begins with log file 999,998, so that the number soon has a seventh digit.
  package var rollsOver = false
  /// How the world begins.
  package var snapshot = SnapshotStyle.none
  /// Rows of each table in the snapshot.
  package var snapshotRows = 6
  /// What becomes of the log halfway.
  package var logBreak = LogBreak.none
  /// How all live rows come once more halfway, in the log's own files.
  package var resnapshot = SnapshotStyle.none
  /// Transactions just before that second snapshot which never reach the log.
  package var lostTransactions = 0
  /// What `operationcount` counts.
  package var counters = CounterStyle.dense
  /// Every other table gets a new column halfway.
  package var addsColumn = false
  /// There is a heartbeat table, whose key changes with each beat.
  package var hasHeartbeat = false

  /// The default world of a seed; change the properties to taste.
  package init(seed: UInt64) { self.seed = seed }
}

extension WorldPlan {
  /// A small world with everything the seed chooses switched on or off: the usual subject of tests.
  ///
  /// - Parameter withIncidents: whether logs may break, and snapshots come again.
  package static func hostile(seed: UInt64, withIncidents: Bool = false) -> WorldPlan {
    var random = SeededRandom(seed: seed, stream: 101)
    var plan = WorldPlan(seed: seed)
    plan.tableCount = random.within(1...4)
    plan.keySpace = random.within(2...14)
    plan.transactions = random.within(5...45)
    plan.source = SourceKind.allCases[random.below(SourceKind.allCases.count)]
    plan.nodeCount = plan.source == .cassandra ? random.within(1...3) : 1
    plan.images = ImageStyle.allCases[random.below(ImageStyle.allCases.count)]
    plan.hasHostileNames = random.chance(50)
    plan.hasHostileValues = random.chance(60)
    plan.moveShare = random.chance(60) ? random.within(5...50) : 0
    plan.hotShare = random.chance(20) ? 60 : 0
    plan.multiRowShare = random.within(0...40)
    plan.rollsOver = random.chance(30)
    plan.logFileBytes = random.chance(50) ? 4_000 : 1_000_000
    plan.snapshot = [.none, .none, .flat, .changeShaped][random.below(4)]
    plan.counters = [.dense, .dense, .absent, .global, .reset][random.below(5)]
    // Its log pages are used again, so there the counter decides the order.
    if plan.source == .ase && plan.counters == .reset { plan.counters = .dense }
    plan.addsColumn = random.chance(30)
    plan.hasHeartbeat = random.chance(20)
    if withIncidents { plan.addIncident(seed: seed) }
    return plan
  }
}
