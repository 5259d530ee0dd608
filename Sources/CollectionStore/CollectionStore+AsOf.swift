import ChangeModel
import SQLiteKit

/// What is asked of a history.
package struct HistoryQuery: Sendable {
  /// The moment of the source; nil for its last.
  package var asOf: HistoryMoment?
  /// What was known at this time, microseconds since 1970; nil for what is known now.
  package var knownAt: Int64?
  /// Only the row of this `_id`; nil for all.
  package var id: String?
  /// At most so many rows or versions; nil for all.
  package var limit: Int?

  /// Asks for everything as it is known now.
  package init() {}
}

/// Reading histories.
extension CollectionStore {
  /// The columns that ``readRows(_:asIn:_:)`` shows: those of the collection without `_position`
  /// and `_file`.
  package func rowColumns(ofHistory collection: Collection) -> [String] {
    ["_id", "_event_time"] + collection.columns.filter { !$0.isID }.map(\.name)
  }

  /// The columns that ``readVersions(_:asIn:_:)`` shows.
  package func versionColumns(ofHistory collection: Collection) -> [String] {
    rowColumns(ofHistory: collection)
      + HistoryTable.columns.dropFirst(HistoryTable.leadingCount).map(\.view)
  }

  /// Visits the rows of a collection as they were, ascending by `_id`.
  ///
  /// Of each row it is the newest version that had begun, unless that had ended.
  package func readRows(
    _ collection: Collection, asIn query: HistoryQuery, _ visit: (RowView) throws -> Void
  ) throws {
    let reached = try reached(query, of: collection)
    try visitVersions(collection, query, [], visit) { versions in
      guard let newest = versions.last(where: { reached.contains($0.from) }) else { return [] }
      if let end = newest.to, reached.contains(end) { return [] }
      return [newest]
    }
  }

  /// Visits the versions of the rows of a collection, ascending by `_id` and then by rank.
  package func readVersions(
    _ collection: Collection, asIn query: HistoryQuery, _ visit: (RowView) throws -> Void
  ) throws {
    let ours = HistoryTable.columns.dropFirst(HistoryTable.leadingCount).map(\.table)
    try visitVersions(collection, query, ours, visit) { $0 }
  }

  // MARK: Parts

  private struct StoredVersion {
    var rowID: Int64
    var from: Rank
    var to: Rank?
  }

  /// Visits the versions that are chosen of those that each row has, given oldest first.
  private func visitVersions(
    _ collection: Collection, _ query: HistoryQuery, _ more: [String],
    _ visit: (RowView) throws -> Void, choose: ([StoredVersion]) -> [StoredVersion]
  ) throws {
    try requireHistory(collection)
    let columns = collection.columns.indices.filter { !collection.columns[$0].isID }
    let names = ["_id", "event_time"] + columns.map { "c\($0)" } + more
    let row = try connection.prepare(
      "SELECT \(names.joined(separator: ", ")) FROM \(HistoryTable(id: collection.id).name) "
        + "WHERE rowid = ?")
    var rest = query.limit ?? Int.max
    func show(_ versions: [StoredVersion]) throws {
      var versions = versions
      versions.sortChanges { $0.from }
      for version in choose(versions).prefix(rest) {
        row.bind(1, version.rowID)
        if try row.step() { try visit(RowView(statement: row)) }
        row.clear()
        rest -= 1
      }
    }
    let scan = try scan(query, of: collection)
    var id: [UInt8] = []
    var versions: [StoredVersion] = []
    while rest > 0, try scan.step() {
      if !scan.bytes(3).elementsEqual(id) {
        try show(versions)
        versions.removeAll(keepingCapacity: true)
        id = scan.copy(3)
      }
      versions.append(try Self.version(scan))
    }
    try show(versions)
  }

  /// The versions that were known: row number, ranks, `_id`; ascending by `_id`.
  private func scan(_ query: HistoryQuery, of collection: Collection) throws -> Statement {
    var conditions = ["known_to IS NULL"]
    if query.knownAt != nil {
      conditions = ["known_from <= ?1", "(known_to IS NULL OR known_to > ?1)"]
    }
    if query.id != nil { conditions.append("_id = ?2") }
    let statement = try connection.prepare(
      "SELECT rowid, from_rank, to_rank, _id FROM \(HistoryTable(id: collection.id).name) "
        + "WHERE \(conditions.joined(separator: " AND ")) ORDER BY _id")
    if let time = query.knownAt { statement.bind(1, time) }
    if let id = query.id { try statement.bind(2, id) }
    return statement
  }

  private static func version(_ statement: Statement) throws -> StoredVersion {
    guard let from = statement.rank(1) else { throw unreadableChange }
    return StoredVersion(rowID: statement.integer(0), from: from, to: statement.rank(2))
  }

  private func reached(_ query: HistoryQuery, of collection: Collection) throws -> ReachedChanges {
    switch query.asOf {
    case nil: return ReachedChanges()
    case .time(let time):
      return ReachedChanges(upTo: time, known: try knownRanks(query, of: collection))
    case .position(let position):
      return try ReachedChanges(
        upTo: position, known: knownRanks(query, of: collection),
        lineages: lineages(ofCollection: collection.id), of: collection.name)
    }
  }

  /// The ranks at which versions were known to begin or end, in all rows.
  private func knownRanks(
    _ query: HistoryQuery, of collection: Collection
  ) throws -> Set<Rank> {
    try requireHistory(collection)
    var everything = query
    everything.id = nil
    let scan = try scan(everything, of: collection)
    var known: Set<Rank> = []
    while try scan.step() {
      let version = try Self.version(scan)
      known.insert(version.from)
      if let to = version.to { known.insert(to) }
    }
    return known
  }

  private func requireHistory(_ collection: Collection) throws {
    if try histories()[collection.id] != nil { return }
    throw IngestError(
      .fatal, cause: "\(collection.name) has no history",
      hint: "Set history: true for it in the configuration file, and run replay or sync again.")
  }
}
