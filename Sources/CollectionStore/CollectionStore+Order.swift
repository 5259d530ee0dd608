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
    let statement = try connection.cached("DELETE FROM _resequel_lineages WHERE collection = ?")
    defer { statement.clear() }
    statement.bind(1, id)
    try statement.run()
    for lineage in lineages { try record(lineage) }
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
