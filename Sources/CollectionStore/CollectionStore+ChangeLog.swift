package import ChangeModel
import SQLiteKit

/// The changes that collections with a history took: a set, so that order and repeats cannot show.
extension CollectionStore {
  /// Remembers changes; each once, however often it comes.
  ///
  /// While the collection is rebuilt they go to its shadow. A record that was known before stays
  /// known since then.
  ///
  /// - Returns: for each change, whether it is new.
  package func record(_ batch: ChangeLogBatch) throws -> [Bool] {
    let collection = companion(batch.collection)
    let knownBefore = collection < 0 ? try oldestKnowledge() : nil
    let statement = try connection.cached(
      """
      INSERT OR IGNORE INTO _resequel_changes (collection, _id, rank, operation, old_id, position,
        event_time, file, byte_offset, record_index, known_at, cells)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    defer { statement.clear() }
    statement.bind(1, collection)
    var scratch: [UInt8] = []
    return try batch.buffer.bytes.withUnsafeBytes { bytes in
      try batch.changes.map { change in
        let id = UnsafeRawBufferPointer(rebasing: bytes[change.id.indices])
        try statement.bindText(2, id)
        scratch.removeAll(keepingCapacity: true)
        change.rank.encode(into: &scratch)
        try statement.bindCopy(3, blob: scratch)
        try statement.bind(4, change.operation.word)
        if let old = change.oldID {
          try statement.bindText(5, UnsafeRawBufferPointer(rebasing: bytes[old.indices]))
        } else {
          statement.bindNull(5)
        }
        try statement.bind(6, PositionText.text(of: change.rank))
        statement.bindTime(7, change.rank.eventTime)
        statement.bind(8, change.file)
        statement.bind(9, Int64(bitPattern: change.byteOffset))
        statement.bind(10, Int64(change.recordIndex))
        let known = try knownBefore.map { try knowledge($0, of: change, id, batch.collection) }
        statement.bind(11, (known ?? nil) ?? change.knownAt)
        scratch.removeAll(keepingCapacity: true)
        CellEncoding.append(
          batch.buffer.cells[change.cells], texts: batch.buffer.bytes, to: &scratch)
        try statement.bindCopy(12, blob: scratch)
        try statement.run()
        return connection.changeCount > 0
      }
    }
  }

  /// Every change that a row saw, oldest first: those under its `_id`, and those that moved it
  /// away. Empty where no history is kept.
  package func changes(of id: [UInt8], collection: Int64) throws -> [ChangeRecord] {
    var batch = ChangeLogBatch(collection: collection)
    try read("_id = ?2 OR old_id = ?2", id, into: &batch)
    batch.changes.sortChanges { $0.rank }
    return batch.changes.map { ChangeRecord($0, of: batch) }
  }

  /// All keys that moves among the remembered changes connect with a key, itself included.
  package func changeFamily(of id: [UInt8], collection: Int64) throws -> Set<[UInt8]> {
    let links = try connection.cached(
      """
      SELECT old_id FROM _resequel_changes
        WHERE collection = ?1 AND _id = ?2 AND old_id IS NOT NULL
        UNION SELECT _id FROM _resequel_changes WHERE collection = ?1 AND old_id = ?2
      """)
    defer { links.clear() }
    links.bind(1, companion(collection))
    var family: Set<[UInt8]> = []
    var rest = [id]
    while let next = rest.popLast() {
      guard family.insert(next).inserted else { continue }
      try links.bindCopy(2, text: next)
      while try links.step() { rest.append(links.copy(0)) }
      links.reset()
    }
    return family
  }

  /// Whether any remembered change moved a row.
  package func hasLoggedMoves(_ collection: Int64) throws -> Bool {
    let statement = try connection.cached(
      "SELECT 1 FROM _resequel_changes WHERE collection = ? AND old_id IS NOT NULL LIMIT 1")
    defer { statement.clear() }
    statement.bind(1, companion(collection))
    return try statement.step()
  }

  /// Appends the changes under a key to a batch; those that move its row away are under the new key.
  package func appendChanges(of id: [UInt8], to batch: inout ChangeLogBatch) throws {
    try read("_id = ?2", id, into: &batch)
  }

  // MARK: Parts

  private func read(
    _ condition: String, _ id: [UInt8], into batch: inout ChangeLogBatch
  ) throws {
    let statement = try connection.cached(
      """
      SELECT _id, rank, operation, old_id, file, byte_offset, record_index, known_at, cells
        FROM _resequel_changes WHERE collection = ?1 AND (\(condition)) ORDER BY _id, rank
      """)
    defer { statement.clear() }
    statement.bind(1, companion(batch.collection))
    try statement.bindCopy(2, text: id)
    while try statement.step() {
      guard let rank = statement.rank(1),
        let operation = Operation(word: statement.bytes(2)),
        let cells = CellEncoding.decode(statement.bytes(8), into: &batch.buffer)
      else { throw Self.unreadableChange }
      let id = batch.append(statement.bytes(0))
      let oldID = statement.isNull(3) ? nil : batch.append(statement.bytes(3))
      batch.changes.append(
        LoggedChange(
          id: id, oldID: oldID, rank: rank, operation: operation, file: statement.integer(4),
          byteOffset: UInt64(bitPattern: statement.integer(5)),
          recordIndex: UInt32(truncatingIfNeeded: statement.integer(6)),
          knownAt: statement.integer(7), cells: cells))
    }
  }

  private func oldestKnowledge() throws -> Statement {
    try connection.cached(
      """
      SELECT min(known_at) FROM _resequel_changes
        WHERE collection = ? AND _id = ? AND file = ? AND record_index = ?
      """)
  }

  /// When the record of a change became known first; nil when it is new.
  private func knowledge(
    _ statement: Statement, of change: LoggedChange, _ id: UnsafeRawBufferPointer,
    _ collection: Int64
  ) throws -> Int64? {
    defer { statement.clear() }
    statement.bind(1, collection)
    try statement.bindText(2, id)
    statement.bind(3, change.file)
    statement.bind(4, Int64(change.recordIndex))
    guard try statement.step(), !statement.isNull(0) else { return nil }
    return statement.integer(0)
  }

  static let unreadableChange = IngestError(
    .fatal, cause: "a change in _resequel_changes cannot be read",
    hint: "Build the collection anew: resequel replay --rebuild.")
}

extension Operation {
  /// The word for it in our tables.
  package var word: String {
    switch self {
    case .insert: "insert"
    case .update: "update"
    case .upsert: "upsert"
    case .delete: "delete"
    }
  }

  /// Reads ``word``; nil for any other.
  init?(word: UnsafeRawBufferPointer) {
    let all: [Operation] = [.insert, .update, .upsert, .delete]
    guard let known = all.first(where: { $0.word.utf8.elementsEqual(word) }) else { return nil }
    self = known
  }
}

extension Statement {
  /// Binds a time in microseconds; `Int64.min` is NULL.
  func bindTime(_ parameter: Int32, _ time: Int64) {
    if time == .min { bindNull(parameter) } else { bind(parameter, time) }
  }
}
