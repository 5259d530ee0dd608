import ChangeModel
import CollectionStore
import Glibc
import SQLiteKit
import Testing

/// Rows that are loaded as whole pages, compared with the same rows applied one by one.
struct LoadTests {
  /// Makes a random collection in both stores, which may have a floor and a column that is the key.
  private func makeCollection(
    _ name: String, in bench: LoadBench, _ random: inout Generator
  ) throws -> Collection {
    let layout = [Collection.Layout.rowid, .clustered].randomElement(using: &random)!
    let columns = [["a", "b", "c"], ["a", "_id", "b"], ["_id"], ["a"]].randomElement(
      using: &random)!
    let made = try bench.both { store in
      try store.createCollection(
        name: name, source: SourceTable(schema: "s", name: name), key: .columns(["_id"]),
        keyOrigin: .flag, columns: columns.map { .init(name: $0) }, layout: layout)
    }
    guard Int.random(in: 0..<3, using: &random) == 0 else { return made }
    let floor = rank(Int.random(in: 1...5, using: &random))
    return try bench.both { store in
      try store.raiseFloor(of: made.id, to: floor)
      return try #require(try store.collection(made.id))
    }
  }

  // Prevents: a row, a tombstone, a list or a count that depends on how a table was written; and a
  // state that later changes, merged into it, would take for another.
  @Test(arguments: [CollectionStore.Mode.bulkBuild, .readWrite])
  func `what is loaded is what would have been applied, also to what comes later`(
    mode: CollectionStore.Mode
  ) throws {
    for seed in 0..<400 as Range<UInt64> {
      var random = Generator(seed: seed)
      let bench = try LoadBench(pageSize: [512, 1024, 8192][Int(seed % 3)], mode: mode)
      var collections: [Collection] = []
      for number in 0..<Int.random(in: 1...3, using: &random) {
        let collection = try makeCollection("t\(number)", in: bench, &random)
        let rows = [0, 5, 40, 150].randomElement(using: &random)!
        try bench.write(random.batches(of: collection, rows: rows), to: collection.id)
        collections.append(collection)
      }
      try #require(try bench.problems() == [], "seed \(seed)")
      try bench.loaded.finishBuild()
      for _ in 0..<3 {
        let collection = collections.randomElement(using: &random)!
        for batch in random.batches(of: collection, rows: 60) {
          try bench.both { try $0.apply(batch, mode: .merge) }
        }
      }
      try #require(try bench.problems() == [], "seed \(seed), later")
    }
  }

  // Prevents: a tree out of order, or with a key twice, which SQLite would not find again.
  @Test(arguments: [CollectionStore.Mode.bulkBuild, .readWrite])
  func `rows that do not ascend end the load, and go on by statements`(
    mode: CollectionStore.Mode
  ) throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = Generator(seed: seed)
      let bench = try LoadBench(mode: mode)
      let collection = try makeCollection("t", in: bench, &random)
      var batches = random.batches(of: collection, rows: 80)
      switch seed % 3 {
      case 0: batches.shuffle(using: &random)
      case 1: batches.append(batches.randomElement(using: &random)!)
      default:
        let index = batches.indices.randomElement(using: &random)!
        batches[index].rows.shuffle(using: &random)
      }
      try bench.write(batches, to: collection.id)
      try #require(try bench.problems() == [], "seed \(seed)")
    }
  }

  // Prevents: an index or tombstones out of order where rows come in that of their keys, not of the
  // keys' hashes; and large tables of such keys that are written row by row.
  @Test(arguments: [CollectionStore.Mode.bulkBuild, .readWrite])
  func `a table with rowids is loaded in any order where that is asked for`(
    mode: CollectionStore.Mode
  ) throws {
    for seed in 0..<200 as Range<UInt64> {
      var random = Generator(seed: seed)
      let bench = try LoadBench(mode: mode, inAnyOrder: true)
      let collection = try makeCollection("t", in: bench, &random)
      var batches = random.batches(of: collection, rows: 80)
      if collection.layout == .rowid {
        batches.shuffle(using: &random)
        for index in batches.indices { batches[index].rows.shuffle(using: &random) }
      }
      try bench.write(batches, to: collection.id)
      try #require(bench.loadedCount == batches.count, "seed \(seed)")
      try #require(try bench.problems() == [], "seed \(seed)")
      for batch in random.batches(of: collection, rows: 30) {
        try bench.both { try $0.apply(batch, mode: .merge) }
      }
      try #require(try bench.problems() == [], "seed \(seed), later")
    }
  }

  // Prevents: memory that grows with the rows of a table whose index is made at the end; and an index
  // that lacks some.
  @Test(arguments: [CollectionStore.Mode.bulkBuild, .readWrite])
  func `an index of more than is kept is made by SQLite`(mode: CollectionStore.Mode) throws {
    let bench = try LoadBench(pageSize: 8192, mode: mode, inAnyOrder: true)
    let collection = try bench.both { try $0.makeCollection(layout: .rowid) }
    let long = String(repeating: "k", count: 100_000)
    let batches = (0..<30).map { number in
      var batch = RowBatch(collection: collection.id)
      for row in 0..<10 { batch.addInsert("\(990 - number * 10 - row)\(long)", at: 5, [0: "x"]) }
      return batch
    }
    try bench.write(batches, to: collection.id)
    #expect(bench.loadedCount == 30)
    #expect(try bench.problems() == [])
  }

  // Prevents: memory that grows with the rows whose columns are unknown.
  @Test func `more notes than are kept end the load, and go on by statements`() throws {
    let bench = try LoadBench(pageSize: 8192)
    let collection = try bench.both { try $0.makeCollection() }
    let long = String(repeating: "k", count: 100_000)
    let batches = (0..<20).map { number in
      var batch = RowBatch(collection: collection.id)
      for row in 0..<10 {
        batch.addUpdate("\(long)\(100 + number * 10 + row)", at: 5, [0: "x"])
      }
      return batch
    }
    try bench.write(batches, to: collection.id)
    #expect(bench.loadedCount == 16)
    #expect(try bench.problems() == [])
  }

  // Prevents: rows that are loaded over others.
  @Test(arguments: [CollectionStore.Mode.bulkBuild, .readWrite])
  func `only an empty table of a file is loaded`(mode: CollectionStore.Mode) throws {
    let bench = try LoadBench(mode: mode)
    let collection = try bench.both { try $0.makeCollection() }
    try bench.applied.begin()
    #expect(try bench.applied.beginLoad(of: collection.id) == nil)
    try bench.applied.commit()
    for delete in [true, false] {
      try bench.both { store in
        var batch = RowBatch(collection: collection.id)
        if delete { batch.addDelete("1", at: 1) } else { batch.addInsert("2", at: 2, [0: "x"]) }
        return try store.apply(batch, mode: .merge)
      }
      try bench.loaded.begin()
      #expect(try bench.loaded.beginLoad(of: collection.id) == nil)
      #expect(bench.loaded.connection.isInTransaction)
      try bench.loaded.commit()
    }
    #expect(try bench.problems() == [])
  }

  // Prevents: values that are stored under the names of others: a column that is added later stands
  // behind all others in the file.
  @Test func `a table that got more columns is left to SQLite`() throws {
    let bench = try LoadBench()
    let collection = try bench.both { try $0.makeCollection(columns: ["a"]) }
    _ = try bench.both { try $0.addColumns([.init(name: "b")], to: collection.id) }
    try bench.loaded.begin()
    #expect(try bench.loaded.beginLoad(of: collection.id) == nil)
    try bench.loaded.commit()
  }

  // Prevents: pages of ours and of SQLite's under one number.
  @Test func `while a table is loaded nothing else can be written`() throws {
    let bench = try LoadBench()
    let collection = try bench.both { try $0.makeCollection() }
    try bench.loaded.begin()
    _ = try #require(try bench.loaded.beginLoad(of: collection.id))
    var batch = RowBatch(collection: collection.id)
    batch.addInsert("1", at: 1, [0: "x"])
    #expect(throws: IngestError.self) { try bench.loaded.apply(batch, mode: .merge) }
    #expect(try bench.loaded.query("SELECT count(*) FROM t") == ["0"])
    try bench.loaded.endLoad()
    try bench.loaded.apply(batch, mode: .merge)
    try bench.loaded.commit()
    #expect(try bench.loaded.query("SELECT _id FROM t") == ["1"])
  }

  // Prevents: a build that is half undone; it has no journal, so that all of it goes.
  @Test(arguments: [false, true])
  func `a bulk build that is rolled back begins with an empty file`(isLoading: Bool) throws {
    let bench = try LoadBench(pageSize: 8192)
    var random = Generator(seed: 1)
    let collection = try bench.both { try $0.makeCollection() }
    let batches = random.batches(of: collection, rows: 3000)
    try bench.loaded.begin()
    if isLoading {
      var packer = RowPacker(try #require(try bench.loaded.beginLoad(of: collection.id)))
      var packed = PackedRows()
      for batch in batches {
        packer.pack(batch, into: &packed)
        _ = try bench.loaded.load(packed)
      }
    } else {
      // A cache so small that much is in the file before the transaction ends.
      try bench.loaded.connection.execute("PRAGMA cache_size = 5")
      for batch in batches { try bench.loaded.apply(batch, mode: .merge) }
    }
    try bench.loaded.rollback()
    #expect(try bench.loaded.allCollections() == [])
    #expect(try bench.loaded.query("PRAGMA integrity_check") == ["ok"])
    let again = try bench.loaded.transaction { try bench.loaded.makeCollection() }
    #expect(again == collection)
    try bench.write(batches, to: collection.id)
    #expect(bench.loadedCount == batches.count)
    try bench.loaded.finishBuild()
    #expect(try bench.problems() == [])
    try bench.loaded.close()
    #expect(bench.directory.names == ["a.db"])
  }

  // Prevents: deleted rows that are remembered for ever, because a load has left out what was forgotten
  // when it ended, and nothing looked at the others.
  @Test(arguments: [(11, 13), (12, 12), (nil, 12)] as [(Int?, Int)])
  func `of deletes that were loaded those are remembered that are not closed`(
    whenLoaded: Int?, whenEnded: Int
  ) throws {
    let bench = try LoadBench(mode: .readWrite)
    let collection = try bench.both { try $0.makeCollection() }
    try bench.loaded.transaction {
      var packer = RowPacker(
        try #require(
          try bench.loaded.beginLoad(of: collection.id, closed: whenLoaded.map { rank($0) })))
      var packed = PackedRows()
      var batch = RowBatch(collection: collection.id)
      for place in 10...15 { batch.addDelete("\(place)", at: place) }
      packer.pack(batch, into: &packed)
      _ = try bench.loaded.load(packed)
      try bench.loaded.endLoad()
      try bench.loaded.close(upTo: rank(whenEnded), collection: collection.id)
    }
    let tombstones = "SELECT _id FROM _resequel_tombstones ORDER BY _id"
    #expect(try bench.loaded.query(tombstones) == (whenEnded + 1...15).map(String.init))
    try bench.loaded.transaction {
      try bench.loaded.close(upTo: rank(14), collection: collection.id)
    }
    #expect(try bench.loaded.query(tombstones) == ["15"])
  }

  // Prevents: rows that stay though their transaction was undone, and files that stay behind.
  @Test func `what is loaded into a database in use is undone with its transaction`() throws {
    let bench = try LoadBench(pageSize: 8192, mode: .readWrite)
    var random = Generator(seed: 1)
    let collection = try bench.both { try $0.makeCollection() }
    let batches = random.batches(of: collection, rows: 300)
    for isEnded in [false, true] {
      try bench.loaded.begin()
      var packer = RowPacker(try #require(try bench.loaded.beginLoad(of: collection.id)))
      var packed = PackedRows()
      for batch in batches {
        packer.pack(batch, into: &packed)
        _ = try bench.loaded.load(packed)
      }
      if isEnded { try bench.loaded.endLoad() }
      try bench.loaded.rollback()
      #expect(try bench.problems() == [])
      #expect(bench.directory.names == ["a.db", "a.db-shm", "a.db-wal"])
    }
    try bench.write(batches, to: collection.id)
    #expect(bench.loadedCount == batches.count)
    #expect(try bench.problems() == [])
    try bench.loaded.close()
    #expect(bench.directory.names == ["a.db"])
  }

  // Prevents: a call that fails because it has more new tables than SQLite attaches files; and rows
  // that nobody sees before the next call.
  @Test func `of many new tables of a database in use the first are loaded`() throws {
    let bench = try LoadBench(pageSize: 1024, mode: .readWrite)
    let collections = try (0..<12).map { number in
      try bench.both { try $0.makeCollection("t\(number)") }
    }
    try bench.both { store in
      for collection in collections {
        var random = Generator(seed: UInt64(collection.id))
        let loaded = try store.beginLoad(of: collection.id)
        if store === bench.loaded { #expect((loaded != nil) == (collection.id <= 8)) }
        for batch in random.batches(of: collection, rows: 50) {
          guard let loaded else {
            try store.apply(batch, mode: .merge)
            continue
          }
          var packer = RowPacker(loaded)
          var packed = PackedRows()
          packer.pack(batch, into: &packed)
          _ = try store.load(packed) ?? store.apply(batch, mode: .merge)
        }
        try store.endLoad()
      }
      return try store.query("SELECT count(*) FROM t0")
    }
    #expect(try bench.problems() == [])
  }

  // Prevents: a file that stays for ever where a run was killed.
  @Test func `what a killed load left goes when the database is opened next`() throws {
    let directory = TemporaryDirectory()
    try CollectionStore(opening: .file(directory("a.db")), mode: .readWrite).close()
    write(Array("left by a crash".utf8), to: directory("a.db-loading"))
    try CollectionStore(opening: .file(directory("a.db")), mode: .readWrite).close()
    #expect(directory.names == ["a.db"])
  }

  // Prevents: a full disk that is met past SQLite, and told otherwise or not at all.
  @Test func `a full disk is told as SQLite would tell it`() throws {
    let descriptor = open("/dev/full", O_RDWR)
    defer { close(descriptor) }
    let pages = PageWriter(descriptor: descriptor, name: "a.db", pageSize: 512, pageCount: 2)
    var tree = TreeBuilder(.table, root: 2, pages: pages)
    let error = #expect(throws: IngestError.self) {
      for number in 1...10_000 as ClosedRange<Int64> {
        try Array(repeating: 2, count: 100).withUnsafeBytes {
          try tree.append(rowID: number, record: $0)
        }
      }
    }
    #expect(error?.severity == .fatal)
    #expect(error?.cause == "a.db: disk is full")
    #expect(error?.hint?.hasPrefix("Free space on its file system") == true)
  }
}
