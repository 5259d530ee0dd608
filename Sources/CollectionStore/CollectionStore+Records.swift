import ChangeModel
import SQLiteKit

/// Settings and events.
extension CollectionStore {
  /// A remembered setting; nil where it was never set.
  package func setting(_ name: String) throws -> String? {
    let statement = try connection.cached("SELECT value FROM _resequel_settings WHERE name = ?")
    defer { statement.clear() }
    try statement.bind(1, name)
    return try statement.step() ? statement.text(0) : nil
  }

  /// Remembers a setting; nil forgets it.
  package func setSetting(_ name: String, _ value: String?) throws {
    let statement = try connection.cached(
      value == nil
        ? "DELETE FROM _resequel_settings WHERE name = ?"
        : "INSERT OR REPLACE INTO _resequel_settings (name, value) VALUES (?, ?)")
    defer { statement.clear() }
    try statement.bind(1, name)
    if let value { try statement.bind(2, value) }
    try statement.run()
  }

  /// What the last run had to say that holds until the next: one sentence each.
  package func keptWarnings() throws -> [String] {
    try JSONText.strings(setting("warnings") ?? "[]", connection)
  }

  /// Remembers that, in a transaction of its own.
  package func keepWarnings(_ warnings: [String]) throws {
    try transaction {
      try setSetting("warnings", warnings.isEmpty ? nil : JSONText.array(warnings))
    }
  }

  /// Remembers that something happened.
  package func insert(_ event: StoreEvent) throws {
    let statement = try connection.cached(
      "INSERT INTO _resequel_events (kind, collection, file, text, at) VALUES (?, ?, ?, ?, ?)")
    defer { statement.clear() }
    try statement.bind(1, event.kind)
    if let collection = event.collection { statement.bind(2, collection) }
    if let file = event.file { statement.bind(3, file) }
    try statement.bind(4, event.text)
    statement.bind(5, event.at)
    try statement.run()
  }

  /// The newest events, newest first.
  package func events(limit: Int) throws -> [StoreEvent] {
    let statement = try connection.cached(
      "SELECT kind, collection, file, text, at FROM _resequel_events ORDER BY id DESC LIMIT ?")
    defer { statement.clear() }
    statement.bind(1, limit)
    var events: [StoreEvent] = []
    while try statement.step() {
      events.append(
        StoreEvent(
          at: statement.integer(4), kind: statement.text(0) ?? "",
          collection: statement.isNull(1) ? nil : statement.integer(1),
          file: statement.isNull(2) ? nil : statement.integer(2), text: statement.text(3) ?? ""))
    }
    return events
  }

  func update(_ sql: String, _ id: Int64) throws {
    let statement = try connection.cached(sql)
    defer { statement.clear() }
    statement.bind(1, id)
    try statement.run()
  }
}

/// Tables that wait.
extension CollectionStore {
  /// Holds a table: its changes wait. What was said of it before is overwritten. A table that has a
  /// collection keeps it as it is.
  ///
  /// - Parameter id: its number, where it is known; nil to look for it by its source.
  /// - Returns: the number under which its files' shares are recorded, and which its collection
  ///   will have.
  @discardableResult
  package func hold(_ hold: Hold, id known: Int64? = nil) throws -> Int64 {
    let id =
      try known ?? collection(of: hold.source)?.id ?? heldID(of: hold.source) ?? insertHeld(hold)
    let statement = try connection.cached(
      """
      UPDATE _resequel_collections SET held_reason = ?, held_changes = ?, held_cause = ?,
        held_evidence = ?, held_hint = ?, name = iif(state = 'held', ?, name) WHERE id = ?
      """)
    defer { statement.clear() }
    try statement.bind(1, hold.reason)
    statement.bind(2, hold.changes)
    try statement.bind(3, hold.cause)
    try statement.bind(4, JSONText.array(hold.evidence))
    try statement.bind(5, hold.hint)
    try statement.bind(6, hold.name)
    statement.bind(7, id)
    try statement.run()
    return id
  }

  /// The tables that are held, by name.
  package func holds() throws -> [Hold] {
    let statement = try connection.prepare(
      """
      SELECT catalog, schema, source, name, held_reason, held_changes, held_cause, held_evidence,
        held_hint FROM _resequel_collections WHERE held_reason IS NOT NULL
        ORDER BY name, catalog, schema
      """)
    var holds: [Hold] = []
    while try statement.step() {
      holds.append(
        Hold(
          source: SourceTable(
            catalog: statement.text(0), schema: statement.text(1), name: statement.text(2) ?? ""),
          name: statement.text(3) ?? "", reason: statement.text(4) ?? "",
          changes: Int(statement.integer(5)), cause: statement.text(6) ?? "",
          evidence: try JSONText.strings(statement.text(7) ?? "[]", connection),
          hint: statement.text(8) ?? ""))
    }
    return holds
  }

  private func insertHeld(_ hold: Hold) throws -> Int64 {
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_collections (name, catalog, schema, source, state)
        VALUES (?, ?, ?, ?, 'held')
      """)
    defer { statement.clear() }
    try statement.bind(1, hold.name)
    try statement.bind(2, hold.source.catalog)
    try statement.bind(3, hold.source.schema)
    try statement.bind(4, hold.source.name)
    try statement.run()
    return connection.lastInsertedRowID
  }
}

/// Lineages and gaps.
extension CollectionStore {
  /// Remembers a lineage; over what was remembered of it before.
  package func record(_ lineage: LineageRecord) throws {
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
    if let last = lineage.last {
      var rank: [UInt8] = []
      last.encode(into: &rank)
      try statement.bindCopy(6, blob: rank)
    }
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
      var offset = 0
      lineage.last =
        statement.isNull(4) ? nil : Rank(decoding: statement.bytes(4), at: &offset)
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
}
