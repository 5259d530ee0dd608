import ChangeModel
import SQLiteKit

/// What is known about the order and the completeness of collections.
extension CollectionStore {
  /// Visits every numbered file of the manifest, by series and then by number.
  package func visitSeries(
    _ visit: (
      _ series: [UInt8], _ ordinal: UInt64, _ state: FileRecord.State, _ isEmpty: Bool
    ) -> Void
  ) throws {
    let statement = try connection.prepare(
      """
      SELECT series, ordinal, state, records = 0 FROM _resequel_files
        WHERE ordinal <> -1 AND state <> 'superseded' ORDER BY series, ordinal
      """)
    while try statement.step() {
      visit(
        statement.copy(0), UInt64(bitPattern: statement.integer(1)),
        FileRecord.State(rawValue: statement.text(2) ?? "") ?? .pending,
        statement.integer(3) != 0)
    }
  }

  /// Notes how many changes of a file wait behind a gap, and how many do not wait any longer.
  package func setWaiting(
    _ waiting: Int, provisional: Int, file: Int64, collection: Int64
  ) throws {
    let statement = try connection.cached(
      """
      UPDATE _resequel_file_collections SET waiting = ?, provisional = ?
        WHERE file = ? AND collection = ?
      """)
    defer { statement.clear() }
    statement.bind(1, waiting)
    statement.bind(2, provisional)
    statement.bind(3, file)
    statement.bind(4, collection)
    try statement.run()
  }

  /// What the files of a collection say together.
  package struct OrderNote: Sendable, Hashable {
    /// What the running counts are worth: `absent`, `dense`, or why they prove nothing.
    package var counters: String?
    /// What a person must look at, a sentence each.
    package var doubts: [String]

    /// Makes a note.
    package init(counters: String? = nil, doubts: [String] = []) {
      self.counters = counters
      self.doubts = doubts
    }
  }

  /// Notes it.
  package func setOrderNote(_ note: OrderNote, ofCollection id: Int64) throws {
    let statement = try connection.cached(
      "UPDATE _resequel_collections SET counters = ?, doubts = ? WHERE id = ?")
    defer { statement.clear() }
    try statement.bind(1, note.counters)
    if !note.doubts.isEmpty { try statement.bind(2, JSONText.array(note.doubts)) }
    statement.bind(3, id)
    try statement.run()
  }

  /// What was noted.
  package func orderNote(ofCollection id: Int64) throws -> OrderNote {
    let statement = try connection.cached(
      "SELECT counters, doubts FROM _resequel_collections WHERE id = ?")
    defer { statement.clear() }
    statement.bind(1, id)
    guard try statement.step() else { return OrderNote() }
    return OrderNote(
      counters: statement.text(0),
      doubts: try JSONText.strings(statement.text(1) ?? "[]", connection))
  }

  /// Replaces what is known of the lineages of a collection.
  package func setLineages(_ lineages: [LineageRecord], ofCollection id: Int64) throws {
    try update("DELETE FROM _resequel_lineages WHERE collection = ?", id)
    for lineage in lineages { try insert(lineage) }
  }

  private func insert(_ lineage: LineageRecord) throws {
    let statement = try connection.cached(
      """
      INSERT OR REPLACE INTO _resequel_lineages
        (collection, name, hash, epoch, first_ordinal, last_rank, last_counter)
        VALUES (?, ?, ?, ?, ?, ?, ?)
      """)
    defer { statement.clear() }
    statement.bind(1, lineage.collection)
    try statement.bind(2, lineage.name)
    statement.bind(3, Int64(lineage.hash))
    statement.bind(4, Int64(lineage.epoch))
    statement.bind(5, lineage.firstOrdinal.map { Int64(bitPattern: $0) } ?? -1)
    if let last = lineage.last { try statement.bindCopy(6, blob: last.encoded) }
    if let counter = lineage.lastCounter { statement.bind(7, counter) }
    try statement.run()
  }

  /// The lineages of a collection, or a held table, by epoch and name.
  package func lineages(ofCollection id: Int64) throws -> [LineageRecord] {
    let statement = try connection.cached(
      """
      SELECT name, hash, epoch, first_ordinal, last_rank, last_counter FROM _resequel_lineages
        WHERE collection = ? ORDER BY epoch, name
      """)
    defer { statement.clear() }
    statement.bind(1, id)
    var lineages: [LineageRecord] = []
    while try statement.step() {
      var lineage = LineageRecord(
        collection: id, name: statement.text(0) ?? "",
        hash: UInt32(truncatingIfNeeded: statement.integer(1)),
        epoch: UInt32(truncatingIfNeeded: statement.integer(2)))
      let ordinal = statement.integer(3)
      lineage.firstOrdinal = ordinal == -1 ? nil : UInt64(bitPattern: ordinal)
      lineage.last = statement.rank(4)
      lineage.lastCounter = statement.isNull(5) ? nil : statement.integer(5)
      lineages.append(lineage)
    }
    return lineages
  }

  /// Replaces what is known of the gaps of a collection.
  package func setGaps(_ gaps: [GapRecord], ofCollection id: Int64) throws {
    try update("DELETE FROM _resequel_gaps WHERE collection = ?", id)
    if gaps.isEmpty { return }
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_gaps (collection, series, after_ordinal, before_ordinal, kind,
        first_counter, last_counter, likely_file, since, deadline, is_waived, waiting)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    defer { statement.clear() }
    for gap in gaps {
      statement.bind(1, id)
      try statement.bindCopy(2, text: gap.series)
      statement.bind(3, Int64(bitPattern: gap.afterOrdinal))
      statement.bind(4, Int64(bitPattern: gap.beforeOrdinal))
      try statement.bind(5, gap.kind.rawValue)
      statement.bind(6, gap.counters?.lowerBound ?? -1)
      statement.bind(7, gap.counters?.upperBound ?? -1)
      try statement.bindCopy(8, text: gap.likelyFile)
      statement.bind(9, gap.since)
      if let deadline = gap.deadline {
        statement.bind(10, deadline)
      } else {
        statement.bindNull(10)
      }
      statement.bind(11, gap.isWaived ? 1 : 0)
      statement.bind(12, gap.waiting)
      try statement.run()
    }
  }

  /// The gaps of a collection, by series and number.
  package func gaps(ofCollection id: Int64) throws -> [GapRecord] {
    let statement = try connection.cached(
      """
      SELECT series, after_ordinal, before_ordinal, kind, first_counter, last_counter, likely_file,
        since, deadline, is_waived, waiting
        FROM _resequel_gaps WHERE collection = ? ORDER BY series, after_ordinal, first_counter
      """)
    defer { statement.clear() }
    statement.bind(1, id)
    var gaps: [GapRecord] = []
    while try statement.step() {
      let counters = (statement.integer(4), statement.integer(5))
      var gap = GapRecord(
        series: statement.copy(0), afterOrdinal: UInt64(bitPattern: statement.integer(1)),
        beforeOrdinal: UInt64(bitPattern: statement.integer(2)),
        kind: GapRecord.Kind(rawValue: statement.text(3) ?? "") ?? .suspected,
        counters: counters.0 >= 0 && counters.0 <= counters.1 ? counters.0...counters.1 : nil,
        likelyFile: statement.copy(6), since: statement.integer(7),
        deadline: statement.isNull(8) ? nil : statement.integer(8),
        isWaived: statement.integer(9) != 0)
      gap.waiting = Int(statement.integer(10))
      gaps.append(gap)
    }
    return gaps
  }

  /// The collections with gaps, waited for or not, or with changes that wait.
  package func unsettledCollections() throws -> Set<Int64> {
    let statement = try connection.cached(
      """
      SELECT collection FROM _resequel_gaps
        UNION SELECT collection FROM _resequel_file_collections WHERE waiting > 0
      """)
    defer { statement.clear() }
    var ids: Set<Int64> = []
    while try statement.step() { ids.insert(statement.integer(0)) }
    return ids
  }

  /// When the first gap will not be waited for any longer, microseconds since 1970; nil for never.
  ///
  /// - Parameter moment: only what is waited for longer than to this moment.
  package func nextDeadline(after moment: Int64) throws -> Int64? {
    let statement = try connection.cached(
      "SELECT min(deadline) FROM _resequel_gaps WHERE NOT is_waived AND deadline > ?")
    defer { statement.clear() }
    statement.bind(1, moment)
    return try statement.step() && !statement.isNull(0) ? statement.integer(0) : nil
  }
}
