import ChangeModel
import CollectionStore
import Glibc
import SQLiteKit
import Testing

struct OpeningTests {
  private let quick: CollectionStore.Options = {
    var options = CollectionStore.Options()
    options.busyTimeout = 20
    return options
  }()

  private func error(_ work: () throws -> Void) -> IngestError? {
    do {
      try work()
      return nil
    } catch { return error as? IngestError }
  }

  private func makeStore(_ path: String) throws -> CollectionStore {
    let store = try CollectionStore(opening: .file(path), mode: .readWrite, options: quick)
    return store
  }

  // Prevents: writing our tables into somebody's own database, or into a file of another kind.
  @Test func `a file that is not ours is refused and stays as it was`() throws {
    let directory = TemporaryDirectory()
    do {
      let other = try Connection(path: directory("other.db"), mode: .create)
      try other.execute(
        "PRAGMA journal_mode = WAL; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
      other.close()
    }
    write(
      Array("just some text, longer than a hundred bytes: ".utf8) + .init(repeating: 65, count: 99),
      to: directory("text.db"))
    write(Array("short".utf8), to: directory("short.db"))
    let expected = [
      "other.db": "a SQLite database that was not made by resequel",
      "text.db": "not a SQLite database", "short.db": "not a SQLite database",
    ]
    let names = directory.names
    for (name, cause) in expected.sorted(by: { $0.key < $1.key }) {
      let before = contents(directory(name))
      for mode in [CollectionStore.Mode.readWrite, .readOnly] {
        let error = error {
          _ = try CollectionStore(opening: .file(directory(name)), mode: mode, options: quick)
        }
        #expect(error?.severity == .fatal)
        #expect(error?.cause == "\(directory(name)): \(cause)")
        #expect(error?.hint?.contains("--db") == true)
      }
      #expect(contents(directory(name)) == before)
    }
    #expect(directory.names == names)
  }

  // Prevents: an older program misreading, or damaging, what a newer one wrote.
  @Test func `a newer schema is refused by name`() throws {
    let directory = TemporaryDirectory()
    try makeStore(directory("a.db")).close()
    let connection = try Connection(path: directory("a.db"), mode: .readWrite)
    try connection.execute("PRAGMA user_version = 99")
    connection.close()
    for mode in [CollectionStore.Mode.readWrite, .readOnly] {
      let error = error { _ = try CollectionStore(opening: .file(directory("a.db")), mode: mode) }
      #expect(
        error?.cause
          == "\(directory("a.db")): made by a newer resequel (schema 99, this one knows 1)")
    }
  }

  // Prevents: two writers interleaving their transactions, each with its own idea of the progress.
  @Test func `a second writer is refused while readers come and go`() throws {
    let directory = TemporaryDirectory()
    let first = try makeStore(directory("a.db"))
    #expect(
      error { _ = try makeStore(directory("a.db")) }?.cause
        == "\(directory("a.db")): another resequel is writing to it")
    let t = try first.makeCollection()
    try first.merge(t) { $0.addInsert("1", at: 1, [0: "x"]) }
    do {
      let reader = try CollectionStore(
        opening: .file(directory("a.db")), mode: .readOnly, options: quick)
      #expect(try reader.query("SELECT a FROM t") == ["x"])
      try first.begin()
      var batch = RowBatch(collection: t.id)
      batch.addInsert("2", at: 2, [0: "y"])
      try first.apply(batch, mode: .merge)
      #expect(try reader.status().collections.map(\.rows) == [1])
      try first.commit()
      #expect(try reader.status().collections.map(\.rows) == [2])
      #expect(throws: IngestError.self) { try reader.connection.execute("DELETE FROM t") }
      try reader.close()
    }
    // The reader's end must not have ended the writer's locks.
    #expect(error { _ = try makeStore(directory("a.db")) } != nil)
    try first.merge(t) { $0.addInsert("3", at: 3, [0: "z"]) }
    try first.close()
    let second = try makeStore(directory("a.db"))
    #expect(try second.query("SELECT count(*) FROM t") == ["3"])
    try second.close()
    #expect(directory.names == ["a.db"])
  }

  // Prevents: a file that is complete only together with its log, or logs left behind by readers.
  @Test func `after closing, the file alone is complete`() throws {
    let directory = TemporaryDirectory()
    let store = try makeStore(directory("a.db"))
    let t = try store.makeCollection()
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "x"]) }
    #expect(directory.names == ["a.db", "a.db-shm", "a.db-wal"])
    #expect(try store.checkpoint())
    #expect(contents(directory("a.db-wal")).isEmpty)
    try store.close()
    #expect(directory.names == ["a.db"])
    let reader = try CollectionStore(opening: .file(directory("a.db")), mode: .readOnly)
    #expect(try reader.query("SELECT a FROM t") == ["x"])
    try reader.close()
    #expect(directory.names == ["a.db"])
    #expect(chmod(directory("a.db"), 0o444) == 0)
    let frozen = try CollectionStore(opening: .file(directory("a.db")), mode: .readOnly)
    #expect(try frozen.query("SELECT a FROM t") == ["x"])
  }

  // Prevents: half a transaction after a kill, or a whole one lost. The killed process is a copy of
  // file and log taken while the transaction was open.
  @Test func `a writer killed in the middle of a transaction leaves the last commit`() throws {
    let directory = TemporaryDirectory()
    let store = try makeStore(directory("a.db"))
    let t = try store.makeCollection()
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "kept"]) }
    // A cache so small that the open transaction spills into the log.
    try store.connection.execute("PRAGMA cache_size = 5")
    try store.begin()
    var batch = RowBatch(collection: t.id)
    batch.addUpdate("1", at: 2, [0: "lost"])
    for number in 1000..<4000 { batch.addInsert("\(number)", at: number, [0: "lost"]) }
    try store.apply(batch, mode: .merge)
    for suffix in ["", "-wal"] {
      write(contents(directory("a.db" + suffix)), to: directory("b.db" + suffix))
    }
    #expect(contents(directory("b.db-wal")).count > 100_000)
    let copy = try makeStore(directory("b.db"))
    #expect(try copy.query("SELECT _id, a FROM t") == ["1|kept"])
    #expect(try copy.query("PRAGMA integrity_check") == ["ok"])
    try copy.close()
    try store.rollback()
    #expect(try store.query("SELECT _id, a FROM t") == ["1|kept"])
    try store.close()
  }

  // Prevents: waiting for ever, or half a batch, when another program holds the write lock.
  @Test func `a database locked by another program is a clear error`() throws {
    let directory = TemporaryDirectory()
    let store = try makeStore(directory("a.db"))
    let t = try store.makeCollection()
    let other = try Connection(path: directory("a.db"), mode: .readWrite)
    try other.execute("BEGIN IMMEDIATE")
    let error = error { try store.merge(t) { $0.addInsert("1", at: 1, [0: "x"]) } }
    #expect(error?.cause == "\(directory("a.db")): locked by another program")
    #expect(error?.hint?.hasPrefix("End the other program's transaction") == true)
    try other.execute("ROLLBACK")
    other.close()
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "x"]) }
    #expect(try store.query("SELECT count(*) FROM t") == ["1"])
  }

  // Prevents: a full disk leaving rows without their manifest entry, or a store that is stuck.
  @Test func `a full disk is a clear error and keeps nothing of the transaction`() throws {
    for mode in [CollectionStore.Mode.readWrite, .bulkBuild] {
      let directory = TemporaryDirectory()
      let store = try CollectionStore(
        opening: .file(directory("a.db")), mode: mode, options: quick)
      let t = try store.transaction { try store.makeCollection() }
      let pages = try #require(try store.query("PRAGMA page_count").first.flatMap { Int($0) })
      _ = try store.query("PRAGMA max_page_count = \(pages + 3)")
      let text = String(repeating: "x", count: 1000)
      let error = error {
        try store.transaction {
          try store.insert(FileRecord(path: Array("f_1.json".utf8)))
          var batch = RowBatch(collection: t.id)
          for number in 1000..<1500 { batch.addInsert("\(number)", at: number, [0: text]) }
          try store.apply(batch, mode: .merge)
        }
      }
      #expect(error?.cause.hasSuffix("disk is full") == true)
      #expect(error?.hint?.hasPrefix("Free space") == true)
      if case .bulkBuild = mode {
        try store.close()
        #expect(directory.names == [])
      } else {
        #expect(try store.query("SELECT count(*) FROM t") == ["0"])
        #expect(try store.allFiles() == [])
        _ = try store.query("PRAGMA max_page_count = 100000")
        try store.merge(t) { $0.addInsert("1", at: 1, [0: text]) }
        try store.close()
      }
    }
  }

  // Prevents: a name under which half a database can be opened, or a crash that blocks the next run.
  @Test func `a bulk build appears whole under its name or not at all`() throws {
    let directory = TemporaryDirectory()
    write(Array("left by a crash".utf8), to: directory("a.db-building"))
    write(Array("log of a removed database".utf8), to: directory("a.db-wal"))
    let store = try CollectionStore(opening: .file(directory("a.db")), mode: .bulkBuild)
    let t = try store.transaction { try store.makeCollection() }
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "x"]) }
    #expect(directory.names == ["a.db-building", "a.db-wal"])
    #expect(
      error { _ = try CollectionStore(opening: .file(directory("a.db")), mode: .bulkBuild) }?.cause
        == "\(directory("a.db")): another resequel is writing to it")
    try store.finishBuild()
    #expect(directory.names.contains("a.db"))
    #expect(!directory.names.contains("a.db-building"))
    #expect(try store.query("PRAGMA journal_mode") == ["wal"])
    try store.merge(t) { $0.addInsert("2", at: 2, [0: "y"]) }
    #expect(try store.query("SELECT a FROM t ORDER BY _id") == ["x", "y"])
    #expect(
      error { _ = try CollectionStore(opening: .file(directory("a.db")), mode: .bulkBuild) }?.cause
        == "\(directory("a.db")): exists already")
    try store.close()
    #expect(directory.names == ["a.db"])
    write(Array("left by a crash".utf8), to: directory("a.db-building"))
    try makeStore(directory("a.db")).close()
    #expect(directory.names == ["a.db"])
  }

  // Prevents: a second database under the name of one that is being built, which then is lost.
  @Test func `a database that is being built is not opened for writing`() throws {
    let directory = TemporaryDirectory()
    let store = try CollectionStore(opening: .file(directory("a.db")), mode: .bulkBuild)
    let error = error { _ = try makeStore(directory("a.db")) }
    #expect(error?.severity == .fatal)
    #expect(error?.cause == "\(directory("a.db")): another resequel is writing to it")
    #expect(error?.hint?.hasPrefix("Stop the other one first") == true)
    #expect(directory.names == ["a.db-building"])
    try store.finishBuild()
    try store.close()
    #expect(directory.names == ["a.db"])
  }

  // Prevents: a build that replaces a database which somebody made meanwhile, or takes the log away
  // that is written to.
  @Test func `a build leaves a database that appeared meanwhile alone, and its log`() throws {
    let directory = TemporaryDirectory()
    let store = try CollectionStore(opening: .file(directory("a.db")), mode: .bulkBuild)
    let other = try Connection(path: directory("a.db"), mode: .create)
    try other.execute(
      "PRAGMA journal_mode = WAL; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)")
    let error = error { try store.finishBuild() }
    #expect(error?.severity == .fatal)
    #expect(error?.cause == "\(directory("a.db")): another program made it meanwhile")
    #expect(error?.hint?.hasPrefix("Run the same command again") == true)
    try store.close()
    #expect(directory.names == ["a.db", "a.db-shm", "a.db-wal"])
    try other.execute("INSERT INTO theirs VALUES (2)")
    let reader = try Connection(path: directory("a.db"), mode: .readOnly)
    #expect(try reader.query("SELECT a FROM theirs") == ["1", "2"])
  }

  // Prevents: a database emptied by the next build, since a crash while it got its name left it the
  // build's name too.
  @Test(arguments: ["a.db", "moved.db"])
  func `a build does not empty a database that has the build's name too`(name: String) throws {
    let directory = TemporaryDirectory()
    let store = try makeStore(directory(name))
    let t = try store.makeCollection()
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "x"]) }
    try store.close()
    #expect(link(directory(name), directory("a.db-building")) == 0)
    let error = error {
      try CollectionStore(opening: .file(directory("a.db")), mode: .bulkBuild).close()
    }
    #expect(error?.cause == (name == "a.db" ? "\(directory("a.db")): exists already" : nil))
    #expect(directory.names == [name])
    let reader = try CollectionStore(opening: .file(directory(name)), mode: .readOnly)
    #expect(try reader.query("SELECT a FROM t") == ["x"])
    try reader.close()
  }

  // Prevents: `-wal` looked for at another place, and names that SQLite takes for URIs or options.
  @Test func `strange file names are file names`() throws {
    let directory = TemporaryDirectory()
    for name in ["file:a?mode=memory", "ünïcode %41 #.db", "-x"] {
      let store = try makeStore(directory(name))
      _ = try store.makeCollection()
      try store.close()
      #expect(directory.names.contains(name))
      #expect(chmod(directory(name), 0o444) == 0)
      let reader = try CollectionStore(opening: .file(directory(name)), mode: .readOnly)
      #expect(try reader.allCollections().map(\.name) == ["t"])
    }
  }

  // Prevents: an error that names nothing a person can act on.
  @Test func `a missing file or directory is a clear error`() throws {
    let directory = TemporaryDirectory()
    #expect(
      error { _ = try CollectionStore(opening: .file(directory("no.db")), mode: .readOnly) }?.cause
        == "\(directory("no.db")): no such file or directory")
    let error = error {
      _ = try CollectionStore(opening: .file(directory("no/a.db")), mode: .readWrite)
    }
    #expect(error?.cause.contains("cannot be opened") == true)
    #expect(error?.hint?.hasPrefix("Check that its directory exists") == true)
    #expect(directory.names == [])
  }
}

struct MemoryTests {
  // Prevents: stores in memory that share rows, cannot undo, or write journals to the disk.
  @Test func `a store in memory is on its own, and undoes what is not committed`() throws {
    let (store, other) = (
      try CollectionStore(opening: .memory, mode: .readWrite),
      try CollectionStore(opening: .memory, mode: .bulkBuild)
    )
    let t = try store.makeCollection()
    #expect(try store.query("PRAGMA journal_mode") == ["memory"])
    try store.merge(t) { $0.addInsert("1", at: 1, [0: "kept"]) }
    try store.begin()
    var batch = RowBatch(collection: t.id)
    for number in 1..<2000 { batch.addInsert("\(number)", at: number, [0: "lost"]) }
    try store.apply(batch, mode: .replace)
    try store.addColumns([.init(name: "late")], to: t.id)
    try store.rollback()
    #expect(try store.query("SELECT _id, a FROM t") == ["1|kept"])
    #expect(try store.collection(t.id)?.columns.count == 3)
    #expect(try other.allCollections() == [])
    try other.finishBuild()
    try store.close()
    try other.close()
  }

  // Prevents a crash where closing fails (a full disk) and whoever cleans up closes once more.
  @Test func `a store can be closed twice`() throws {
    let directory = TemporaryDirectory()
    let store = try CollectionStore(opening: .file(directory("a.db")), mode: .readWrite)
    try store.close()
    try store.close()
    #expect(directory.names == ["a.db"])
  }
}
