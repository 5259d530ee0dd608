import ChangeModel
package import SQLiteKit

/// One SQLite file: the collections, and everything a later run must know of the earlier ones.
///
/// Everything is synchronous; one owner uses a store at a time. Changes are made between
/// ``begin()`` and ``commit()``, so that rows, manifest and progress appear together. Any number of
/// other programs may read meanwhile; a second writer is refused when it opens the file.
package final class CollectionStore {
  /// Where a database is.
  package enum Location: Sendable, Hashable {
    /// A file on a local file system.
    case file(String)
    /// Nowhere: it ends with the store. For tests and dry runs.
    case memory
  }

  /// What a store may do.
  package enum Mode: Sendable {
    /// Reads, while others may write. The file must exist.
    case readOnly
    /// Reads and writes; a missing file is made, unless it is being built.
    case readWrite
    /// Makes a file that does not exist yet, as fast as the disk goes: it is written beside its
    /// final name, without a journal, and appears by ``CollectionStore/finishBuild()``.
    case bulkBuild
  }

  /// Settings that a person chooses, or that tests need.
  package struct Options: Sendable {
    /// How many milliseconds locks of other programs are waited for.
    package var busyTimeout: Int32 = 5000
    /// How much of the database is kept in memory, in KiB.
    package var cacheKiB = 16_384
    /// Bytes of a page of a new database.
    package var pageSize = 8192

    /// Makes the usual settings.
    package init() {}
  }

  /// Where the database is.
  package let location: Location
  /// What the store may do; a finished bulk build goes on as `.readWrite`.
  package internal(set) var mode: Mode
  /// The connection, for tests and for queries that nothing here offers.
  package internal(set) var connection: Connection

  let options: Options
  private var isClosed = false
  /// What is known of each collection; see ``collection(_:)``.
  var collections: [Int64: CollectionWriter] = [:]
  /// The collections that are being built anew, as they will be.
  var rebuilds: [Int64: Collection] = [:]
  var lock: WriterLock?
  /// The bulk load that is going on. It goes before its file does: it may be writing to it.
  var load: TableLoad?
  var build: BuildFile?
  /// The file that it goes into, where that is not the database's own.
  var loadFile: LoadFile?
  /// How many rows the collections have that were loaded and not touched since: to count them, all
  /// of a table that was just written would be read.
  var loadedCounts: [Int64: Int] = [:]
  /// Of the collections that this transaction has loaded: at or below which rank nothing was written
  /// that would have to be forgotten.
  var loadedAbove: [Int64: Rank] = [:]
  /// How many such files the open transaction has taken over.
  var attachedLoadCount = 0

  /// Opens, or makes, a database.
  ///
  /// - Throws: a fatal ``IngestError`` when the file cannot be opened, is not a database of
  ///   Resequel, was made by a newer one, or another writer has it. The file is then as it was.
  package init(opening location: Location, mode: Mode, options: Options = Options()) throws {
    self.location = location
    self.mode = mode
    self.options = options
    switch (location, mode) {
    case (.memory, _):
      connection = try Opening.memory(options)
    case (.file(let path), .readOnly):
      connection = try Opening.readOnly(path, options)
    case (.file(let path), .readWrite):
      try BuildFile.removeLeftover(for: path)
      connection = try Opening.readWrite(path, options)
      lock = try WriterLock(connection)
      LoadFile.removeLeftover(of: connection)
      try removeUnfinishedRebuilds()
    case (.file(let path), .bulkBuild):
      let file = try BuildFile(for: path)
      connection = try Opening.build(file.path, of: path, options)
      build = consume file
    }
  }

  /// Opens a copy in memory of a database that is given as its bytes, to try from one state several
  /// ways to go on.
  package init(copying bytes: [UInt8], options: Options = Options()) throws {
    location = .memory
    mode = .readWrite
    self.options = options
    connection = try Opening.memory(options, copying: bytes)
  }

  /// Starts a transaction.
  package func begin() throws {
    try connection.execute("BEGIN IMMEDIATE")
  }

  /// Keeps everything since ``begin()``.
  package func commit() throws {
    try connection.execute("COMMIT")
    detachLoads()
  }

  /// Undoes everything since ``begin()``; does nothing outside a transaction. A bulk build loses all
  /// that it has.
  package func rollback() throws {
    collections.removeAll()
    loadedCounts.removeAll()
    loadedAbove.removeAll()
    if case .bulkBuild = mode, case .file = location { return try beginBuildAnew() }
    load = nil
    loadFile = nil
    // SQLite has done so itself where the disk was full.
    let isOpen = connection.isInTransaction
    if isOpen { try connection.execute("ROLLBACK") }
    detachLoads()
    if isOpen { try forgetUndoneRebuilds() }
  }

  /// A bulk build has no journal to undo changes with: it begins again with an empty file.
  private func beginBuildAnew() throws {
    guard let path = build?.path, case .file(let database) = location else { return }
    load = nil
    rebuilds.removeAll()
    connection.close()
    try build?.empty()
    connection = try Opening.build(path, of: database, options)
  }

  /// Runs a piece of work as one transaction: kept when it returns, undone when it throws.
  package func transaction<Result>(_ work: () throws -> Result) throws -> Result {
    try begin()
    do {
      let result = try work()
      try commit()
      return result
    } catch {
      // The first error is the one to tell; a rollback that fails too leaves nothing behind either.
      try? rollback()
      throw error
    }
  }

  /// Runs a statement whose one parameter is a number.
  func update(_ sql: String, _ id: Int64) throws {
    let statement = try connection.cached(sql)
    defer { statement.clear() }
    statement.bind(1, id)
    try statement.run()
  }

  /// Copies the write-ahead log into the file, so that the file alone is complete. To be called
  /// when idle; outside a transaction.
  ///
  /// - Returns: whether all was copied; a reader may hold on to an old state, then later.
  @discardableResult
  package func checkpoint() throws -> Bool {
    guard case .file = location, case .readWrite = mode else { return true }
    return try connection.checkpoint()
  }

  /// Ends the store: undoes an open transaction, and leaves the file alone complete. An unfinished
  /// bulk build is removed.
  package func close() throws {
    if isClosed { return }
    isClosed = true
    defer {
      collections.removeAll()
      load = nil
      loadFile = nil
      lock = nil
      connection.close()
      if let build = build.take() { build.discard() }
    }
    if case .bulkBuild = mode { return }
    try rollback()
    try checkpoint()
  }

  /// Gives a bulk build its final name, durably, and goes on as `.readWrite`. Does nothing in the
  /// other modes.
  ///
  /// - Throws: a fatal error when the name was taken meanwhile, or the disk refuses.
  package func finishBuild() throws {
    guard case .bulkBuild = mode, case .file(let path) = location else { return }
    collections.removeAll()
    // Nobody reads the file yet: its log needs no memory to be shared.
    try connection.execute("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL")
    connection.close()
    guard let file = build.take() else { return }
    try file.publish()
    connection = try Opening.readWrite(path, options)
    lock = try WriterLock(connection)
    mode = .readWrite
  }
}
