package import ChangeModel
import SQLiteKit

extension CollectionStore {
  /// Makes a collection, with its table.
  ///
  /// - Parameters:
  ///   - name: the table's name, usually the source table's own.
  ///   - source: whose changes it takes.
  ///   - key: what identifies its rows.
  ///   - keyOrigin: how that is known.
  ///   - columns: its columns so far; their places are their indexes from now on. A column `_id` is
  ///     allowed where it is the whole key: it is then the document's key, not stored again.
  ///   - layout: see ``Collection/layout(forRowWidth:)``.
  ///   - heldID: the number that the table got when it was held; nil to look for it by its source.
  /// - Throws: a ``NameProblem`` when the names cannot be taken: the table is to be held.
  package func createCollection(
    name: String, source: SourceTable, key: KeyRule, keyOrigin: Collection.KeyOrigin,
    columns: [Collection.Column], layout: Collection.Layout, heldID known: Int64? = nil
  ) throws -> Collection {
    try NameProblem.checkTable(name, of: source)
    try NameProblem.checkColumns(columns, of: source, key: key)
    if let owner = try owner(ofTable: name) {
      throw NameProblem(kind: .takenTable(by: owner), source: source)
    }
    let collection = Collection(
      id: try known ?? heldID(of: source) ?? nextCollectionID(), name: name, source: source,
      key: key,
      keyOrigin: keyOrigin, layout: layout, columns: columns, floor: nil, closed: nil, pruned: nil)
    try connection.execute(Self.tableSQL(collection, name: name))
    try write(collection)
    return collection
  }

  /// Adds columns behind those that a collection has; the rows that are there have NULL in them.
  ///
  /// - Returns: the collection with all its columns.
  /// - Throws: a ``NameProblem`` when a name cannot be taken; nothing was added then.
  @discardableResult
  package func addColumns(
    _ columns: [Collection.Column], to id: Int64
  ) throws -> Collection {
    let writer = try writer(id)
    var collection = writer.collection
    if columns.isEmpty { return collection }
    try NameProblem.checkColumns(
      collection.columns + columns, of: collection.source, key: collection.key)
    for column in columns where !column.isID {
      try connection.execute(
        "ALTER TABLE \(writer.table) ADD COLUMN \(Identifier.quoted(column.name))")
    }
    collection.columns += columns
    if rebuilds[id] == nil { try writeColumns(of: collection) } else { rebuilds[id] = collection }
    collections[id] = nil
    try listPartialRows(self.writer(id))
    return collection
  }

  /// All collections, ascending by name.
  package func allCollections() throws -> [Collection] {
    let statement = try connection.cached(
      "SELECT id FROM _resequel_collections WHERE state = 'live' ORDER BY name")
    var ids: [Int64] = []
    while try statement.step() { ids.append(statement.integer(0)) }
    statement.reset()
    return try ids.compactMap { try collection($0) }
  }

  /// The collection of this number; nil where there is none.
  package func collection(_ id: Int64) throws -> Collection? {
    if let writer = collections[id] { return writer.collection }
    if let collection = rebuilds[id] { return collection }
    let statement = try connection.cached(
      """
      SELECT name, catalog, schema, source, key_rule, key_origin, layout, floor,
        closed, pruned FROM _resequel_collections WHERE id = ? AND state = 'live'
      """)
    statement.bind(1, id)
    defer { statement.reset() }
    guard try statement.step() else { return nil }
    return Collection(
      id: id, name: statement.text(0) ?? "",
      source: SourceTable(
        catalog: statement.text(1), schema: statement.text(2), name: statement.text(3) ?? ""),
      key: try KeyText.key(statement.text(4) ?? "[]", connection),
      keyOrigin: Collection.KeyOrigin(rawValue: statement.text(5) ?? "") ?? .inferred,
      layout: Collection.Layout(rawValue: statement.text(6) ?? "") ?? .rowid,
      columns: try columns(of: id),
      floor: statement.rank(7), closed: statement.rank(8),
      pruned: statement.rank(9))
  }

  /// The collection that takes a source table's changes; nil where there is none yet.
  package func collection(of source: SourceTable) throws -> Collection? {
    try id(of: source, state: "live").flatMap { try collection($0) }
  }

  /// The collection whose table has this name, in whatever case; nil where there is none.
  package func collection(named name: String) throws -> Collection? {
    let statement = try connection.cached(
      "SELECT id FROM _resequel_collections WHERE name = ? AND state = 'live'")
    try statement.bind(1, name)
    defer { statement.clear() }
    return try statement.step() ? try collection(statement.integer(0)) : nil
  }

  // MARK: Parts

  /// A collection that must be there.
  func existing(_ id: Int64) throws -> Collection {
    if let collection = try collection(id) { return collection }
    throw IngestError(.fatal, cause: "there is no collection number \(id)")
  }

  /// The statements of a collection.
  func writer(_ id: Int64) throws -> CollectionWriter {
    loadedCounts[id] = nil
    loadedAbove[id] = nil
    if let writer = collections[id] { return writer }
    let collection = try existing(id)
    let name = rebuilds[id] == nil ? collection.name : Self.shadowName(id)
    let writer = CollectionWriter(collection, table: name, companion: companion(id), connection)
    collections[id] = writer
    return writer
  }

  static func tableSQL(_ collection: Collection, name: String) -> String {
    let columns = collection.columns.filter { !$0.isID }
      .map { Identifier.quoted($0.name) + ", " }.joined()
    let ending = collection.layout == .clustered ? " WITHOUT ROWID" : ""
    return "CREATE TABLE \(Identifier.quoted(name)) (_id TEXT PRIMARY KEY NOT NULL, "
      + "_event_time INTEGER, \(columns)_position BLOB, _file INTEGER)" + ending
  }

  private func nextCollectionID() throws -> Int64 {
    let statement = try connection.cached(
      "SELECT coalesce(max(id), 0) + 1 FROM _resequel_collections")
    defer { statement.reset() }
    _ = try statement.step()
    return statement.integer(0)
  }

  /// Who has a table's name: another source table, or the user.
  private func owner(ofTable name: String) throws -> String? {
    if let collection = try collection(named: name) { return "\(collection.source)" }
    let statement = try connection.cached(
      "SELECT type FROM sqlite_master WHERE name = ? COLLATE NOCASE")
    try statement.bind(1, name)
    defer { statement.clear() }
    return try statement.step() ? "a \(statement.text(0) ?? "table") in this database" : nil
  }

  private func columns(of id: Int64) throws -> [Collection.Column] {
    let statement = try connection.cached(
      "SELECT name, source FROM _resequel_columns WHERE collection = ? ORDER BY idx")
    statement.bind(1, id)
    defer { statement.reset() }
    var columns: [Collection.Column] = []
    while try statement.step() {
      columns.append(
        Collection.Column(name: statement.text(0) ?? "", source: statement.text(1) ?? ""))
    }
    return columns
  }

  /// Writes a collection's definition, over that of before.
  func write(_ collection: Collection) throws {
    let statement = try connection.cached(
      """
      INSERT INTO _resequel_collections
        (id, name, catalog, schema, source, state, key_rule, key_origin, layout, floor, closed,
          pruned) VALUES (?, ?, ?, ?, ?, 'live', ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = 'live',
          key_rule = excluded.key_rule, key_origin = excluded.key_origin,
          layout = excluded.layout, floor = excluded.floor, closed = excluded.closed,
          pruned = excluded.pruned, held_reason = NULL, held_changes = 0,
          held_cause = NULL, held_evidence = NULL, held_hint = NULL
      """)
    defer { statement.clear() }
    statement.bind(1, collection.id)
    try statement.bind(2, collection.name)
    try statement.bind(3, collection.source.catalog)
    try statement.bind(4, collection.source.schema)
    try statement.bind(5, collection.source.name)
    try statement.bind(6, KeyText.text(collection.key))
    try statement.bind(7, collection.keyOrigin.rawValue)
    try statement.bind(8, collection.layout.rawValue)
    if let floor = collection.floor { try statement.bindCopy(9, blob: floor.encoded) }
    if let closed = collection.closed { try statement.bindCopy(10, blob: closed.encoded) }
    if let pruned = collection.pruned { try statement.bindCopy(11, blob: pruned.encoded) }
    try statement.run()
    try writeColumns(of: collection)
  }

  private func writeColumns(of collection: Collection) throws {
    try connection.execute("DELETE FROM _resequel_columns WHERE collection = \(collection.id)")
    let statement = try connection.cached("INSERT INTO _resequel_columns VALUES (?, ?, ?, ?)")
    defer { statement.clear() }
    for (index, column) in collection.columns.enumerated() {
      statement.bind(1, collection.id)
      statement.bind(2, index)
      try statement.bind(3, column.name)
      try statement.bind(4, column.source)
      try statement.run()
    }
  }

  /// Lists the rows of which columns are unknown, after columns were added.
  private func listPartialRows(_ writer: CollectionWriter) throws {
    let flag = try connection.cached(
      "SELECT has_partial_rows FROM _resequel_collections WHERE id = ?")
    flag.bind(1, writer.collection.id)
    let hasPartialRows = try flag.step() && flag.integer(0) != 0
    flag.reset()
    guard hasPartialRows else { return }
    let rows = try connection.prepare("SELECT _id, _position FROM \(writer.table)")
    let insert = try writer.insertPartial()
    defer { insert.clear() }
    while try rows.step() {
      guard let state = RowState(decoding: rows.bytes(1)) else {
        throw Self.unreadableState(of: writer.collection)
      }
      guard let known = PartialRow.known(state, of: writer.storedColumnCount) else { continue }
      try insert.bindText(1, rows.bytes(0))
      try insert.bind(2, known)
      try insert.run()
    }
  }

  /// The number that a table got when it was held.
  func heldID(of source: SourceTable) throws -> Int64? {
    try id(of: source, state: "held")
  }

  private func id(of source: SourceTable, state: String) throws -> Int64? {
    let statement = try connection.cached(
      """
      SELECT id FROM _resequel_collections
        WHERE source = ? AND schema IS ? AND catalog IS ? AND state = ?
      """)
    try statement.bind(1, source.name)
    try statement.bind(2, source.schema)
    try statement.bind(3, source.catalog)
    try statement.bind(4, state)
    defer { statement.clear() }
    return try statement.step() ? statement.integer(0) : nil
  }
}

extension Statement {
  /// The rank in a column of the row; nil for NULL, which has no bytes, or what is no rank.
  func rank(_ column: Int32) -> Rank? {
    var offset = 0
    return Rank(decoding: bytes(column), at: &offset)
  }
}

extension Rank {
  /// The rank as bytes, as ``encode(into:)`` writes it.
  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    encode(into: &bytes)
    return bytes
  }
}
