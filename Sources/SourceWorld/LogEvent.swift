/// What a record of the log did.
package enum LogOperation: UInt8, Sendable, Hashable {
  /// A row began.
  case insert
  /// Columns were assigned, perhaps the key's.
  case update
  /// A row ended.
  case delete

  /// Arcion's letter.
  var letter: UInt8 {
    switch self {
    case .insert: 0x49
    case .update: 0x55
    case .delete: 0x44
    }
  }
}

/// Where a record stands in the source's log; each source names these numbers otherwise.
package struct LogPosition: Sendable, Hashable {
  /// The node whose log it is, from one.
  package var node = 1
  /// Which of the source's successive logs it is, from zero: see ``WorldPlan/logBreak``.
  package var era = 0
  /// MySQL's file, Cassandra's segment, MongoDB's second, ASE's page, Informix's log.
  package var major: UInt64 = 0
  /// MySQL's and Cassandra's offset, MongoDB's increment, ASE's row, Informix's offset.
  package var minor: UInt64 = 0
  /// The row of a log event of several, from one.
  package var row: UInt64 = 1
  /// ASE's page of the transaction's begin, Informix's number of the transaction.
  package var transaction: UInt64 = 0
  /// ASE's row of the transaction's begin.
  package var transactionRow: UInt64 = 0
}

/// How many records of each kind there were, this one included.
package struct OperationCounts: Sendable, Hashable {
  /// Inserts.
  package var inserts = 0
  /// Updates.
  package var updates = 0
  /// Deletes.
  package var deletes = 0

  /// All of them: the running count that files carry.
  package var total: Int { inserts + updates + deletes }

  mutating func count(_ operation: LogOperation) {
    switch operation {
    case .insert: inserts += 1
    case .update: updates += 1
    case .delete: deletes += 1
    }
  }
}

/// One record of the world's log, or one row of its snapshot.
package struct LogEvent: Sendable, Hashable {
  /// The true sequence number, from zero without a hole: the first snapshot's rows, then the log,
  /// in which the second snapshot's rows stand where they were read.
  package var index = 0
  /// The index of the table.
  package var table = 0
  /// What was done.
  package var operation = LogOperation.insert
  /// Whether it is a row of a snapshot, without a position or a time.
  package var isSnapshot = false
  /// Whether it is a row of a snapshot that has columns and nothing else.
  package var isFlat = false
  /// The number of the row's key before.
  package var key = 0
  /// The number of the row's key after: another one where the key was changed.
  package var newKey = 0
  /// Arcion's `exists` of each column the table then had: 1 after, 2 before, 3 both, 0 neither.
  package var exists: [UInt8] = []
  /// The before-image; zero where absent or NULL.
  package var before: [Cell] = []
  /// The after-image; zero where absent or NULL.
  package var after: [Cell] = []
  /// Where it stands in the log.
  package var position = LogPosition()
  /// The source's time, milliseconds since 1970 UTC.
  package var time: Int64 = 0
  /// When the replicator read it, in the same unit.
  package var extractionTime: Int64 = 0
  /// `operationcount`.
  package var counts = OperationCounts()

  /// An insert into the first table, of no column.
  package init() {}
}
