package import ChangeModel
import SQLiteKit

/// Bulk loading: a new table's rows are written as whole pages, past SQLite.
///
/// Into the file of a bulk build they go at once: it belongs to us alone and is thrown away unless it
/// is finished; between ``beginLoad(of:closed:)`` and ``endLoad()`` SQLite may read it and not write:
/// the pages that it would append are ours. A database that is in use has others who read it, and a log
/// of its own: there they go into a ``LoadFile``, whose rows SQLite takes over when the load ends.
extension CollectionStore {
  /// Begins to load the empty table of a collection; within a transaction, which ends here where the
  /// file is a bulk build.
  ///
  /// - Parameters:
  ///   - closed: up to where nothing will be missing when the load has ended, as
  ///     ``close(upTo:collection:)`` will be told: what that forgets is not written at all.
  ///   - inAnyOrder: whether rows may come in any order where the table has rowids; else, and into
  ///     other tables, they must come ascending by `_id`.
  /// - Returns: the collection, to pack rows for; nil where its rows cannot be loaded, and nothing
  ///   has changed: the table has rows already, or there is no file.
  package func beginLoad(
    of id: Int64, closed: Rank? = nil, inAnyOrder: Bool = false
  ) throws -> Collection? {
    guard load == nil, rebuilds[id] == nil, case .file = location else { return nil }
    let writer = try writer(id)
    guard writer.collection.pruned == nil, try writer.isEmpty(),
      let roots = try Self.roots(of: writer.collection, in: connection)
    else { return nil }
    let target: (pages: PageWriter, roots: TableLoad.Roots)?
    switch mode {
    case .bulkBuild: target = try appendToBuild().map { ($0, roots) }
    case .readWrite: target = try makeLoadFile(for: writer.collection)
    case .readOnly: target = nil
    }
    guard let target else { return nil }
    var collection = writer.collection
    collection.closed = closed
    load = TableLoad(
      collection, roots: target.roots, pages: target.pages,
      isAscending: !inAnyOrder || collection.layout == .clustered)
    return collection
  }

  /// So much of a new database stays in the system's cache, for whoever reads it next.
  private static let cachedByteCount: UInt64 = 128 << 20

  private func appendToBuild() throws -> PageWriter? {
    guard let descriptor = build?.descriptor else { return nil }
    try commit()
    guard
      let pages = try PageWriter(
        appendingTo: connection, descriptor: descriptor, directOffset: Self.cachedByteCount)
    else {
      try begin()
      return nil
    }
    try connection.execute("PRAGMA query_only = ON")
    return pages
  }

  /// A transaction takes over so many tables at the most: SQLite attaches no more files.
  private static let attachedLoadsMax = 8

  private func makeLoadFile(
    for collection: Collection
  ) throws -> (pages: PageWriter, roots: TableLoad.Roots)? {
    guard attachedLoadCount < Self.attachedLoadsMax,
      // Others could not be attached.
      try text("PRAGMA encoding") == "UTF-8",
      let tombstones = try text("SELECT sql FROM sqlite_master WHERE name = '_resequel_tombstones'")
    else { return nil }
    let file = try LoadFile(
      beside: connection, pageSize: options.pageSize,
      tables: [Self.tableSQL(collection, name: collection.name), tombstones])
    guard let roots = try Self.roots(of: collection, in: file.connection),
      let pages = try PageWriter(appendingTo: file.connection, descriptor: file.descriptor)
    else { return nil }
    loadFile = consume file
    return (pages, roots)
  }

  private func text(_ sql: String) throws -> String? {
    let statement = try connection.cached(sql)
    defer { statement.reset() }
    return try statement.step() ? statement.text(0) : nil
  }

  /// Whether a load goes on.
  package var isLoading: Bool { load != nil }

  /// Whether other tables can be written while a load goes on: not where it goes on in the same file.
  package var isWritableWhileLoading: Bool {
    if case .bulkBuild = mode { false } else { true }
  }

  /// Writes rows of the collection that is being loaded.
  ///
  /// - Returns: what became of them; nil where they cannot be loaded, or no load is going on any
  ///   longer: they are to be written by ``apply(_:mode:)``.
  package func load(_ packed: borrowing PackedRows) throws -> ApplyCounts? {
    guard let load else { return nil }
    guard load.takes(packed) else {
      try endLoad()
      return nil
    }
    try load.append(packed)
    return packed.counts
  }

  /// Ends a load, if one is going on: the table has its rows, and a transaction is open.
  package func endLoad() throws {
    guard let load else { return }
    // Whoever fails here still has the file: some of it may be being written.
    try load.finish()
    self.load = nil
    let table = Identifier.quoted(load.collection.name)
    if let file = loadFile.take() {
      if load.needsIndex { try file.connection.execute("REINDEX main.\(table)") }
      try takeOver(table, from: file)
    } else {
      // A read that is not over would go on with pages from before the load.
      precondition(connection.isIdle, "the loaded pages are not looked at")
      try connection.execute("PRAGMA query_only = OFF")
      try begin()
      if load.needsIndex { try connection.execute("REINDEX main.\(table)") }
    }
    let writer = try writer(load.collection.id)
    defer { writer.clear() }
    try writer.write(load.notes)
    loadedAbove[load.collection.id] = load.collection.closed
    // In a database that is in use others may delete some, or a trigger.
    if case .bulkBuild = mode { loadedCounts[load.collection.id] = load.rowCount }
  }

  /// The cache of a connection that takes a load over, in KiB. What comes in goes on to the log soon:
  /// memory that is used again costs less than more of it.
  private static let takeOverCacheKiB = 4_096

  private func takeOver(_ table: String, from file: consuming LoadFile) throws {
    // A page that was written to the log, and then again, has SQLite read all of the log behind it
    // once more, for its checksums. What a statement looks at stays in memory meanwhile: the row of
    // the collection, which will be written again, and the beginning of the index, whose turn comes
    // when all rows are there.
    let pins = try connection.prepare(
      "SELECT closed, (SELECT max(_id) FROM main.\(table)) FROM _resequel_collections")
    _ = try pins.step()
    defer { pins.reset() }
    let name = "load\(attachedLoadCount)"
    try file.attach(to: connection, as: name)
    attachedLoadCount += 1
    try connection.execute("PRAGMA main.cache_size = -\(Self.takeOverCacheKiB)")
    for table in [table, "_resequel_tombstones"] {
      try connection.execute("INSERT INTO main.\(table) SELECT * FROM \(name).\(table)")
    }
    file.discardRows()
  }

  /// Forgets the files that were taken over, after the transaction that did so. What cannot be
  /// detached now is after the next one: it keeps nothing from being right.
  func detachLoads() {
    if attachedLoadCount > 0 {
      try? connection.execute("PRAGMA main.cache_size = -\(options.cacheKiB)")
    }
    while attachedLoadCount > 0 {
      guard (try? connection.execute("DETACH load\(attachedLoadCount - 1)")) != nil else { return }
      attachedLoadCount -= 1
    }
  }

  /// Where SQLite put the table and its index; nil where there are others that rows belong into, or
  /// the table's columns stand otherwise than in the records that are packed.
  private static func roots(
    of collection: Collection, in connection: Connection
  ) throws -> TableLoad.Roots? {
    let statement = try connection.cached(
      "SELECT type, rootpage, sql FROM sqlite_master WHERE tbl_name = ? AND rootpage > 0")
    try statement.bind(1, collection.name)
    defer { statement.clear() }
    var tables: [Int64] = []
    var indexes: [Int64] = []
    while try statement.step() {
      let root = statement.integer(1)
      if statement.text(0) != "table" {
        indexes.append(root)
      } else if statement.text(2) == tableSQL(collection, name: collection.name) {
        tables.append(root)
      }
    }
    guard tables.count == 1, indexes.count == (collection.layout == .clustered ? 0 : 1) else {
      return nil
    }
    return TableLoad.Roots(
      table: tables[0], index: indexes.first,
      tombstones: try emptyTombstonesRoot(in: connection))
  }

  private static func emptyTombstonesRoot(in connection: Connection) throws -> Int64? {
    let statement = try connection.cached(
      """
      SELECT rootpage FROM sqlite_master WHERE name = '_resequel_tombstones'
        AND NOT EXISTS (SELECT 1 FROM _resequel_tombstones)
        AND NOT EXISTS (
          SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = '_resequel_tombstones'
            AND sql IS NOT NULL)
      """)
    defer { statement.reset() }
    return try statement.step() ? statement.integer(0) : nil
  }
}

extension CollectionWriter {
  /// Writes what a load left for ordinary statements.
  fileprivate func write(_ notes: LoadNotes) throws {
    if notes.hasPartialRows { try notePartialRows() }
    for tombstone in notes.tombstones {
      let statement = try insertTombstone()
      try statement.bindCopy(1, text: tombstone.id)
      try statement.bindCopy(2, blob: tombstone.state)
      try statement.run()
    }
    for row in notes.partialRows {
      let statement = try insertPartial()
      try statement.bindCopy(1, text: row.id)
      try statement.bind(2, row.known)
      try statement.run()
    }
    for conflict in notes.conflicts {
      let statement = try insertConflict()
      try statement.bindCopy(1, text: conflict.id)
      try statement.bind(2, conflict.conflict.kind.rawValue)
      try statement.bindCopy(3, blob: conflict.conflict.rank.encodedPlace)
      statement.bind(4, conflict.conflict.wonFile)
      statement.bind(5, conflict.conflict.lostFile)
      try statement.run()
    }
  }
}
