package import ChangeModel
import SQLiteKit

/// Bulk loading: a new table's rows are written as whole pages, past SQLite.
///
/// Only into the file of a bulk build, which belongs to us alone and is thrown away unless it is
/// finished. Between ``beginLoad(of:closed:)`` and ``endLoad()`` SQLite may read and not write: the pages
/// that it would append are ours.
extension CollectionStore {
  /// Begins to load the empty table of a collection; within a transaction, which ends here.
  ///
  /// - Parameter closed: up to where nothing will be missing when the load has ended, as
  ///   ``close(upTo:collection:)`` will be told: what that forgets is not written at all.
  /// - Returns: the collection, to pack rows for; nil where its rows cannot be loaded, and nothing
  ///   has changed: the file is no bulk build, or the table has rows already.
  package func beginLoad(of id: Int64, closed: Rank? = nil) throws -> Collection? {
    guard case .bulkBuild = mode, load == nil, let descriptor = build?.descriptor else {
      return nil
    }
    let writer = try writer(id)
    guard rebuilds[id] == nil, writer.collection.pruned == nil, try writer.isEmpty(),
      let roots = try roots(of: writer.collection)
    else { return nil }
    try commit()
    guard let pages = try PageWriter(appendingTo: connection, descriptor: descriptor) else {
      try begin()
      return nil
    }
    try connection.execute("PRAGMA query_only = ON")
    load = TableLoad(writer.collection, roots: roots, pages: pages)
    var collection = writer.collection
    collection.closed = closed
    return collection
  }

  /// Whether a load goes on.
  package var isLoading: Bool { load != nil }

  /// Writes rows of the collection that is being loaded.
  ///
  /// - Returns: what became of them; nil where they cannot be loaded, or no load is going on any
  ///   longer: they are to be written by ``apply(_:mode:)``.
  package func load(_ packed: PackedRows) throws -> ApplyCounts? {
    guard let load else { return nil }
    guard load.takes(packed) else {
      try endLoad()
      return nil
    }
    try load.append(packed)
    return packed.counts
  }

  /// Ends a load, if one is going on: the table has its rows, and a transaction is begun.
  package func endLoad() throws {
    guard let load else { return }
    self.load = nil
    // A read that is not over would go on with pages from before the load.
    precondition(connection.isIdle, "the loaded pages are not looked at")
    try load.finish()
    try connection.execute("PRAGMA query_only = OFF")
    try begin()
    let writer = try writer(load.collection.id)
    defer { writer.clear() }
    try writer.write(load.notes)
  }

  /// Where SQLite put the table and its index; nil where there are others that rows belong into, or
  /// the table's columns stand otherwise than in the records that are packed.
  private func roots(of collection: Collection) throws -> TableLoad.Roots? {
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
      } else if statement.text(2) == Self.tableSQL(collection, name: collection.name) {
        tables.append(root)
      }
    }
    guard tables.count == 1, indexes.count == (collection.layout == .clustered ? 0 : 1) else {
      return nil
    }
    return TableLoad.Roots(
      table: tables[0], index: indexes.first, tombstones: try emptyTombstonesRoot())
  }

  private func emptyTombstonesRoot() throws -> Int64? {
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
