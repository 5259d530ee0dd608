package import ChangeModel
import SQLiteKit

/// What is known of a collection's history.
package struct HistoryState: Sendable, Hashable {
  /// Whether it is whole: false when it was switched off and lacks what came since.
  package var isKept = true
  /// The columns, by source name, whose changes make no version; sorted.
  package var untracked: [String]
  /// Where a snapshot replaced all that was before it, ascending.
  package var floors: [Rank] = []

  /// Makes the state of a history that is kept and knows of no such snapshot.
  package init(untracked: [String]) {
    self.untracked = untracked
  }
}

/// Which collections have a history, and since when what is known.
extension CollectionStore {
  /// What is known of each collection's history; those that never had one are missing.
  package func histories() throws -> [Int64: HistoryState] {
    let statement = try connection.cached(
      "SELECT collection, is_kept, untracked, floors FROM _resequel_histories")
    defer { statement.clear() }
    var histories: [Int64: HistoryState] = [:]
    while try statement.step() {
      var state = HistoryState(
        untracked: try JSONText.strings(statement.text(2) ?? "[]", connection))
      state.isKept = statement.integer(1) != 0
      let floors = statement.bytes(3)
      var offset = 0
      while let floor = Rank(decoding: floors, at: &offset) { state.floors.append(floor) }
      histories[statement.integer(0)] = state
    }
    return histories
  }

  /// Begins to keep a collection's history, or goes on to; and makes room for its newest columns.
  ///
  /// - Parameter state: which columns make versions, and where snapshots replaced what was before.
  /// - Throws: a fatal ``IngestError`` when a column is named like one of the history's own.
  package func keepHistory(of id: Int64, _ state: HistoryState) throws {
    guard let collection = try collection(id) else { return }
    try HistoryTable.check(collection)
    let table = HistoryTable(id: id)
    let known = try versionColumns(of: table)
    if known.isEmpty { try connection.execute(table.creation) }
    let new = collection.columns.indices.filter {
      !collection.columns[$0].isID && !known.contains("c\($0)")
    }
    for column in new {
      try connection.execute("ALTER TABLE \(table.name) ADD COLUMN c\(column)")
    }
    if !new.isEmpty || known.isEmpty { try connection.execute(table.views(collection)) }
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_histories (collection, is_kept, untracked, floors, known_at)
        VALUES (?, 1, ?, ?, 0) ON CONFLICT (collection) DO UPDATE
        SET is_kept = 1, untracked = excluded.untracked, floors = excluded.floors
      """)
    defer { statement.clear() }
    statement.bind(1, id)
    try statement.bind(2, JSONText.array(state.untracked))
    var floors: [UInt8] = []
    for floor in state.floors { floor.encode(into: &floors) }
    try statement.bindCopy(3, blob: floors)
    try statement.run()
  }

  /// Notes that a collection's history is kept no longer. Its versions stay.
  package func stopHistory(of id: Int64) throws {
    try connection.execute("UPDATE _resequel_histories SET is_kept = 0 WHERE collection = \(id)")
  }

  /// The time at which what comes next becomes known: now, but behind all that was known before,
  /// even where the machine's clock went back.
  package func nextKnownTime(of id: Int64, now: Int64) throws -> Int64 {
    let statement = try connection.cached(
      """
      UPDATE _resequel_histories SET known_at = max(known_at + 1, ?) WHERE collection = ?
        RETURNING known_at
      """)
    defer { statement.clear() }
    statement.bind(1, now)
    statement.bind(2, id)
    return try statement.step() ? statement.integer(0) : now
  }

  /// Closes the versions of rows of which no change is remembered: after a rebuild without the
  /// files that had them. To be called before ``finishRebuild(_:)``.
  package func closeForgottenVersions(of id: Int64, knownAt: Int64) throws {
    let statement = try connection.cached(
      """
      UPDATE \(HistoryTable(id: id).name) AS v SET known_to = ?1 WHERE known_to IS NULL
        AND NOT EXISTS (SELECT 1 FROM _resequel_changes WHERE collection = ?2 AND _id = v._id)
        AND NOT EXISTS (SELECT 1 FROM _resequel_changes WHERE collection = ?2 AND old_id = v._id)
      """)
    defer { statement.clear() }
    statement.bind(1, knownAt)
    statement.bind(2, companion(id))
    try statement.run()
  }

  /// Visits the keys of which changes are remembered, some at a time, ascending.
  ///
  /// - Parameters:
  ///   - last: the key to begin behind; nil for the first.
  ///   - limit: at most so many.
  package func changedKeys(
    of collection: Int64, after last: [UInt8]?, limit: Int
  ) throws -> [[UInt8]] {
    let statement = try connection.cached(
      """
      SELECT DISTINCT _id FROM _resequel_changes WHERE collection = ? AND _id > ?
        ORDER BY _id LIMIT ?
      """)
    defer { statement.clear() }
    statement.bind(1, companion(collection))
    if let last {
      try statement.bindCopy(2, text: last)
    } else {
      // Integers come before every text.
      statement.bind(2, 0)
    }
    statement.bind(3, limit)
    var keys: [[UInt8]] = []
    while try statement.step() { keys.append(statement.copy(0)) }
    return keys
  }

  private func versionColumns(of table: HistoryTable) throws -> Set<String> {
    let statement = try connection.prepare("SELECT name FROM pragma_table_info('\(table.name)')")
    var names: Set<String> = []
    while try statement.step() { names.insert(statement.text(0) ?? "") }
    return names
  }
}
