import BatchSource
import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import SQLiteKit
import SourceWorld
import Synchronization
import Testing

/// Whole runs over real files: what is applied, what waits, and what a person is told.
@Suite struct RunTests {
  // Prevents changes whose order nobody knows from being applied in the order of arrival.
  @Test func `a table with an unknown cursor is held until its order is given`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "old", cursor: #"{"scn":100,"v":1}"#)])
    try bench.place("t_2.json", [bench.update(1, "new", cursor: #"{"scn":102,"v":1}"#)])
    try bench.place("t_3.json", [bench.update(1, "late", cursor: #"{"scn":101,"v":1}"#)])
    let held = try await bench.replay()
    #expect(held.held.map(\.reason) == [.orderUnknown] && !held.isComplete)
    #expect(try bench.rows("t") == nil)
    var ordered = bench.configuration
    ordered.collections["t", default: CollectionConfiguration()].plan.order =
      .fields([OrderField(path: "cursor.scn", kind: .int)])
    let released = try await bench.replay(ordered)
    #expect(released.isComplete)
    #expect(try bench.rows("t") == ["1 new"])
  }

  // Prevents a table that was left out from being made of rubbish, and from being lost for later.
  @Test func `a table that was left out is complete when it is wanted after all`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)])
    var without = bench.configuration
    without.skip = ["t"]
    let skipped = try await bench.replay(without)
    #expect(skipped.skippedChanges == 2 && skipped.isComplete)
    #expect(try bench.rows("t") == nil)
    _ = try await bench.replay()
    #expect(try bench.rows("t") == ["1 a", "2 b"])
  }

  // Prevents a mistyped key from putting a whole table into quarantine for good.
  @Test func `a key that is no column holds the table, and the right one releases it`() async throws
  {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    var wrong = bench.configuration
    wrong.keys = [("t", .columns(["iid"]))]
    let held = try await bench.replay(wrong)
    #expect(held.held.map(\.reason) == [.keyUnknown] && held.quarantined == 0)
    let right = try await bench.replay()
    #expect(right.isComplete)
    #expect(try bench.rows("t") == ["1 a"])
  }

  // Prevents the second of two tables in one file from being forgotten when both are released.
  @Test func `tables that were held in one file are all released`() async throws {
    let bench = try RunBench()
    let both = [bench.insert(1, "a", at: 1), bench.insert(1, "b", at: 2, table: "u")]
    try bench.place("x_1.json", both)
    var keyless = bench.configuration
    keyless.keys = []
    #expect(try await bench.replay(keyless).held.map(\.table).sorted() == ["t", "u"])
    try bench.place(
      "x_2.json", [bench.insert(2, "c", at: 3), bench.insert(2, "d", at: 4, table: "u")])
    var keyed = bench.configuration
    keyed.keys = [("*", .columns(["id"]))]
    #expect(try await bench.replay(keyed).isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 c"])
    #expect(try bench.rows("u") == ["1 b", "2 d"])
  }

  // Prevents a held file that is gone from taking the files along that are there.
  @Test func `what is there applies though a file that was held is gone`() async throws {
    let bench = try RunBench()
    var keyless = bench.configuration
    keyless.keys = []
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    _ = try await bench.replay(keyless)
    unlink(bench.drop("t_1.json"))
    try bench.place("t_2.json", [bench.insert(2, "b", at: 2)])
    let summary = try await bench.replay()
    #expect(!summary.isComplete && summary.failedFiles.count == 1)
    #expect(try bench.rows("t") == ["2 b"])
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    _ = try await bench.replay()
    #expect(try bench.rows("t") == ["1 a", "2 b"])
  }

  // Prevents what was held of a file from counting as applied with what the file grew by.
  @Test func `a held file that grew loses nothing where another held one cannot be read again`()
    async throws
  {
    let bench = try RunBench()
    var keyless = bench.configuration
    keyless.keys = []
    var texts = [
      "t_1.json": [bench.insert(1, "a", at: 1)], "t_2.json": [bench.insert(2, "b", at: 3)],
    ]
    for (name, text) in texts { try bench.place(name, text) }
    _ = try await bench.replay(keyless)
    texts["t_1.json"]?.append(bench.insert(3, "c", at: 2))
    texts["t_2.json"]?.append(bench.insert(4, "d", at: 4))
    for (name, text) in texts { try bench.place(name, text) }
    let part = try await Replay(bench.configuration).run(paths: [bench.drop("t_2.json")]) { _ in }
    #expect(!part.isComplete)
    let whole = try await bench.replay()
    #expect(whole.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 b", "3 c", "4 d"])
  }

  // Prevents a hold from counting a file's changes again each time that it is read.
  @Test func `what a table waits for is counted once`() async throws {
    let bench = try RunBench()
    var keyless = bench.configuration
    keyless.keys = []
    var text: [String] = []
    for id in 1...3 {
      text.append(bench.insert(id, "a", at: id))
      try bench.place("t_1.json", text)
      #expect(try await bench.replay(keyless).held.map(\.changes) == [id])
    }
  }

  // Prevents a rest from being awaited that will never come.
  @Test func `a file that was cut off and then replaced is awaited no longer`() async throws {
    let bench = try RunBench()
    let second = bench.insert(2, "b", at: 2)
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), String(second.dropLast(9))])
    #expect(try await bench.replay().tornFiles == [bench.drop("t_1.json")])
    try bench.place("t_1.json", [bench.insert(3, "c", at: 3), second])
    #expect(try await bench.replay().isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 b", "3 c"])
    #expect(try bench.status().counts == ["applied": 2])
  }

  // Prevents a directory that was renamed from making a table impossible to repair.
  @Test func `a table is made anew from files that were moved`() async throws {
    let bench = try RunBench()
    try bench.place("old/t_1.json", [bench.insert(1, "a", at: 1)])
    try bench.place("t_2.json", [bench.insert(2, "b", at: 2)])
    _ = try await bench.replay()
    #expect(rename(bench.drop("old"), bench.drop("new")) == 0)
    _ = try await bench.replay()
    let summary = try await bench.replay(rebuild: "t")
    #expect(summary.isComplete && summary.rowsWritten == 2)
    #expect(try bench.rows("t") == ["1 a", "2 b"])
  }

  // Prevents a second file that is replaced meanwhile from ending a sync.
  @Test func `a file that is replaced while its table is made anew is taken in with it`()
    async throws
  {
    var bench = try RunBench()
    bench.configuration.onModified = .supersede
    try bench.placeInserts(1...3)
    _ = try await bench.sync()
    try bench.place("t_1.json", [bench.insert(1, "b", at: 1)])
    let hasMore = Atomic(true)
    let drop = bench
    let summary = try await bench.sync { event in
      guard case .progress(let progress) = event, progress.filesTotal == 1,
        hasMore.exchange(false, ordering: .relaxed)
      else { return }
      #expect(throws: Never.self) { try drop.place("t_2.json", [drop.insert(2, "b", at: 2)]) }
    }
    #expect(summary.isComplete)
    #expect(try bench.rows("t") == ["1 b", "2 b", "3 a"])
  }

  // Prevents a file of a keyless table that grew from being remembered as it was before.
  @Test func `a file that grows while its table is held is whole in the end`() async throws {
    let bench = try RunBench()
    var keyless = bench.configuration
    keyless.keys = []
    let first = bench.insert(1, "a", at: 1)
    let second = bench.insert(2, "b", at: 2)
    for text in [[first], [first, second], [first, second, bench.insert(3, "c", at: 3)]] {
      try bench.place("t_1.json", text)
      _ = try await bench.replay(keyless)
    }
    let summary = try await bench.replay()
    #expect(summary.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 b", "3 c"])
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    #expect(try store.allFiles().map(\.version) == [1])
  }

  // Prevents "nothing to do" from passing for "all is well".
  @Test func `a repeated run still says what is held`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    var keyless = bench.configuration
    keyless.keys = []
    _ = try await bench.replay(keyless)
    let again = try await bench.replay(keyless)
    #expect(again.held.map(\.table) == ["t"] && !again.isComplete)
  }

  // Prevents a file that cannot be opened from taking the others, or the process, with it.
  @Test func `a file that vanished is named, and the others apply`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    symlink("/nonexistent/t_2.json", bench.drop("t_2.json"))
    let summary = try await bench.replay()
    #expect(summary.failedFiles.count == 1)
    #expect(try bench.rows("t") == ["1 a"])
  }

  // Prevents what was begun of a new database from staying where its run cannot begin.
  @Test func `a session that cannot begin removes the database that it would have built`()
    async throws
  {
    let bench = try RunBench()
    let store = try CollectionStore(opening: .file(bench.database), mode: .bulkBuild)
    try store.connection.execute("DROP TABLE _resequel_collections")
    var error: (any Error)?
    do {
      _ = try await IngestSession(
        bench.configuration, store: store, width: 1)
    } catch let thrown { error = thrown }
    #expect((error as? IngestError)?.cause.contains("_resequel_collections") == true)
    #expect(access(bench.database + "-building", F_OK) != 0)
  }

  // Prevents a file that cannot be opened, though it was listed, from crashing the worker that has
  // decoded others before: a lineage of theirs was looked for in its empty batch.
  @Test func `a file that goes between listing and reading is named, and the others apply`()
    async throws
  {
    let bench = try RunBench()
    for name in ["t_1.json", "t_2.json", "t_3.json"] {
      try bench.place(name, [bench.insert(1, "a", at: 1)])
    }
    let listing = try DropScanner(paths: [BatchPath("\(bench.directory.path)/drop")]).scan()
    unlink(bench.drop("t_2.json"))
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    var session = try await IngestSession(
      bench.configuration, store: store, width: 1)
    let summary = try await session.ingest(listing) { _ in }
    #expect(summary.failedFiles.count == 1 && summary.changes == 2)
    // It is there again: what failed is tried once more.
    try bench.place("t_2.json", [bench.insert(2, "b", at: 2)])
    let again = try DropScanner(paths: [BatchPath("\(bench.directory.path)/drop")]).scan()
    let second = try await session.ingest(again) { _ in }
    #expect(second.failedFiles.isEmpty && second.changes == 1)
  }

  // Prevents one bad record from costing its neighbours, or from going unnoticed.
  @Test func `a malformed record is quarantined with its place, and the others apply`() async throws
  {
    let bench = try RunBench()
    let first = bench.insert(1, "a", at: 1)
    try bench.place("t_1.json", [first, #"{"broken": }"#, bench.insert(2, "b", at: 2)])
    let summary = try await bench.replay()
    #expect(summary.quarantined == 1 && !summary.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 b"])
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    let entry = try #require(try store.quarantineOverview().first.first)
    #expect(entry.byteOffset == UInt64(first.utf8.count + 1))
    #expect(entry.recordIndex == 1)
  }

  // Prevents a value that no change may need from stopping the run.
  @Test func `a record with a bad escape is quarantined, and what it hid is seen again`()
    async throws
  {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.update(1, #"\ud800"#, at: 2)])
    let summary = try await bench.replay()
    #expect(summary.quarantined == 1)
    #expect(try bench.rows("t") == ["1 a"])
  }

  // Prevents half of the first attempt from staying in a database that is built without a journal:
  // by then the rows are in the file, more than SQLite keeps in memory.
  @Test(arguments: [1, .max])
  func `a bad escape behind many rows of a new database costs its record alone`(
    loadedKeyCount: Int
  ) async throws {
    let bench = try RunBench()
    let long = String(repeating: "v", count: 4000)
    try bench.place("t_1.json", (1...5000).map { bench.insert(10_000 + $0, long, at: $0) })
    try bench.place("t_2.json", [bench.update(15_000, #"\ud800"#, at: 9000)])
    var configuration = bench.configuration
    configuration.loadedKeyCount = loadedKeyCount
    let summary = try await bench.replay(configuration)
    #expect(summary.quarantined == 1)
    #expect(
      try bench.rows("t", column: "_id || ' ' || (v = '\(long)')")
        == (1...5000).map { "\(10_000 + $0) 1" })
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    let check = try store.connection.prepare("PRAGMA integrity_check")
    #expect(try check.step() && check.text(0) == "ok")
  }

  // Prevents rows from being lost, or doubled, that were packed when a load ended: each unknown column
  // of so many rows is noted by a statement of its own, and the notes get too many.
  @Test func `a load that must end midway goes on with statements`() async throws {
    let bench = try RunBench()
    let long = String(repeating: "k", count: 2000)
    func lengthened(_ record: String) -> String {
      record.replacing(/"id":"(\d{4})"/) { "\"id\":\"\($0.1)\(long)\"" }
    }
    let partial = (1000..<9600).map { id in
      bench.update(id, "", at: id).replacing(#","v":"3""#, with: #","v":"0""#)
    }
    let whole = (9600..<9999).flatMap { id in
      [bench.insert(id, "a", at: id), bench.update(id, "b\(id)", at: 10_000 + id)]
    }
    try bench.place("t_1.json", partial.map(lengthened))
    try bench.place("t_2.json", whole.map(lengthened))
    try bench.place("t_3.json", whole.prefix(2).map(lengthened))
    var rows: [[String]?] = []
    for (name, loadedKeyCount) in [("loaded", 1), ("plain", Int.max)] {
      var bench = bench
      bench.configuration.database += name
      bench.configuration.loadedKeyCount = loadedKeyCount
      let summary = try await bench.replay()
      #expect(summary.rowsWritten == 8999 && summary.duplicates == 2)
      let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
      let partial = try store.connection.prepare("SELECT count(*) FROM _resequel_partial_rows")
      #expect(try partial.step() && partial.integer(0) == 8600)
      rows.append(
        try bench.rows("t", column: "substr(_id, 1, 4) || ifnull(v, '-') || hex(_position)"))
    }
    #expect(rows[0] == rows[1] && rows[0]?.count == 8999)
    #expect(rows[0]?.last?.hasPrefix("9998b9998") == true)
  }

  // Prevents a superseded file's rows from staying.
  @Test func `superseding a file makes its tables anew without the old content`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)])
    _ = try await bench.replay()
    try bench.place("t_1.json", [bench.insert(3, "c", at: 3)])
    var superseding = bench.configuration
    superseding.onModified = .supersede
    _ = try await bench.replay(superseding)
    #expect(try bench.rows("t") == ["3 c"])
  }

  // Prevents changes from counting as waiting, and `verify` from failing, when their table was made anew
  // of all files.
  @Test func `what waited behind a superseded file waits no longer`() async throws {
    var bench = try RunBench()
    bench.configuration.onModified = .supersede
    try bench.placeInserts(1...1)
    try bench.placeInserts(3...9)
    try bench.place("t_2.json", [bench.insert(2, "a", at: 2), #"{"tableName":"#])
    _ = try await bench.sync()
    #expect(try bench.status().collections.first?.waiting == 7)
    try bench.place("t_2.json", [bench.insert(22, "b", at: 2)])
    #expect(try await bench.sync().isComplete)
    let status = try #require(try bench.status().collections.first)
    #expect(status.waiting == 0 && status.gaps.isEmpty)
    #expect(try bench.rows("t")?.count == 9)
  }

  // Prevents a rebuild from losing rows, or from keeping the old key.
  @Test func `a rebuilt table has the new key and every row`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)])
    _ = try await bench.replay()
    var renamed = bench.configuration
    renamed.keys = [("t", .columns(["v"]))]
    let refused = try await bench.replay(renamed)
    #expect(!refused.isComplete)
    let rebuilt = try await bench.replay(renamed, rebuild: "t")
    #expect(rebuilt.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 b"])
    #expect(try bench.rows("t", column: "_id") == ["a", "b"])
  }

  // Prevents a bucket that is not mounted from looking like one that was replayed, and a drop that is
  // still empty from failing a sync.
  @Test func `a replay that finds no files is incomplete, a sync only says so`() async throws {
    let bench = try RunBench()
    let replayed = try await bench.replay()
    let synced = try await bench.sync()
    #expect(replayed.warnings == ["no batch files were found"] && !replayed.isComplete)
    #expect(synced.remarks == ["no batch files were found"] && synced.isComplete)
  }

  // Prevents files that wait for each other from being read twice, and one whose content changed in the
  // midst from being lost.
  @Test(arguments: [false, true])
  func `files that come while a burst is read go along with it, in one version each`(
    oneChanges: Bool
  ) async throws {
    let bench = try RunBench()
    try bench.placeInserts(1...40)
    let summary = try await bench.sync(afterReading: 40) { bench in
      try bench.placeInserts(41...80)
      if oneChanges { try bench.place("t_80.json", [bench.insert(99, "b", at: 99)]) }
      if oneChanges { try bench.place("t_7.json", [bench.insert(98, "b", at: 98)]) }
    }
    #expect(summary.isComplete)
    let store = try CollectionStore(opening: .file(bench.database), mode: .readOnly)
    let files = try store.allFiles()
    #expect(Set(files.map(\.seenAt)).count == (oneChanges ? 2 : 1))
    #expect(files.count == (oneChanges ? 81 : 80))
    let rows = try bench.rows("t", column: "id + 0").map { Set($0.compactMap(Int.init)) }
    #expect(rows == (oneChanges ? Set(1...79).union([98, 99]) : Set(1...80)))
  }

  // Prevents a table from being made anew of a burst alone, when a file that it had taken changes from
  // comes with other content while the burst is read.
  @Test func `a file that supersedes another in the midst of a burst loses no rows`() async throws {
    var bench = try RunBench()
    bench.configuration.onModified = .supersede
    try bench.placeInserts(1...9)
    try bench.place("t_10.json", [bench.insert(10, "a", at: 10), #"{"tableName":"#])
    _ = try await bench.sync()
    unlink(bench.drop("t_10.json"))
    try bench.placeInserts(11...50)
    let summary = try await bench.sync(afterReading: 40) { bench in
      try bench.place("t_10.json", [bench.insert(99, "b", at: 10)])
      try bench.placeInserts(51...60)
    }
    #expect(summary.isComplete)
    let rows = try bench.rows("t", column: "id + 0").map { Set($0.compactMap(Int.init)) }
    #expect(rows == Set(1...60).subtracting([10]).union([99]))
  }

  // Prevents a burst from being sorted, written to the disk and read back although memory has room for
  // it: the files that come later are a small part of what was read by then.
  @Test func `changes of a burst leave memory only where they are too many`() async throws {
    for (held, isTooLittle) in [(80_000, false), (40_000, true)] {
      var bench = try RunBench()
      bench.configuration.heldByteCount = held
      let hasSpilled = Atomic(false)
      try bench.placeInserts(1...400)
      let hasMore = Atomic(true)
      let directory = bench.directory.path
      let all = bench
      let summary = try await bench.sync { event in
        if openTemporaryFiles(in: directory) > 0 { hasSpilled.store(true, ordering: .relaxed) }
        guard case .progress(let progress) = event, progress.records == 400,
          hasMore.exchange(false, ordering: .relaxed)
        else { return }
        #expect(throws: Never.self) { try all.placeInserts(401...1000) }
      }
      #expect(summary.changes == 1000 && summary.isComplete)
      #expect(hasSpilled.load(ordering: .relaxed) == isTooLittle, "\(held)")
    }
  }

  // Prevents values of many megabytes from staying in memory, all of them, since no piece of what was
  // meant for values is large enough and so none ever seems to be used.
  @Test func `values that are longer than a piece of memory wait on the disk`() async throws {
    let bench = try RunBench()
    let long = String(repeating: "x", count: 17 << 20)
    for id in 1...2 { try bench.place("t_\(id).json", [bench.insert(id, "\(id)\(long)", at: id)]) }
    let hasSpilled = Atomic(false)
    let directory = bench.directory.path
    let summary = try await bench.sync { _ in
      if openTemporaryFiles(in: directory) > 0 { hasSpilled.store(true, ordering: .relaxed) }
    }
    #expect(summary.isComplete && hasSpilled.load(ordering: .relaxed))
    let rows = try bench.rows("t", column: "substr(v, 1, 2) || ' ' || length(v)")
    #expect(rows == ["1x \(long.utf8.count + 1)", "2x \(long.utf8.count + 1)"])
  }

  // Prevents the errors of side files from being forgotten, and old contents from being used, when such
  // files come and change while a burst is read.
  @Test func `side files that change while a burst is read are read again`() async throws {
    var bench = try RunBench()
    bench.configuration.keys = []
    try bench.place("schemas.yaml", [bench.schemas(of: ["t"])])
    try bench.placeInserts(1...40)
    try bench.place("broken/schemas.yaml", ["{"])
    try bench.place("broken/t_41.json", [bench.insert(41, "a", at: 41)])
    let summary = try await bench.sync(afterReading: 41) { bench in
      try bench.place("schemas.yaml", [bench.schemas(of: ["t", "u"])])
      for id in 42...60 {
        try bench.place("u_\(id).json", [bench.insert(id, "b", at: id, table: "u")])
      }
    }
    #expect(summary.failedFiles.compactMap(\.file).contains { $0.hasSuffix("broken/schemas.yaml") })
    #expect(summary.held.isEmpty)
    #expect(try bench.rows("u")?.count == 19)
  }

  // Prevents a flag that is offered and loses rows, and a hint that leads nowhere.
  @Test func `a table of equal rows is offered no key, but the ways to go on`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", (1...20).map { bench.insert($0 % 2, "a", at: $0) })
    var keyless = bench.configuration
    keyless.keys = []
    let held = try #require(try await bench.replay(keyless).held.first)
    #expect(held.evidence == ["its columns: id, v"])
    #expect(
      held.hint == """
        No column tells its inserts apart, nor do two or three together. Say what the key is: --key t=COL,COL
        or that it has none: --key t=@row (equal rows are counted), \
        or --key t=@append (every insert is a row)
        """)
    keyless.keys = [("t", .append)]
    _ = try await bench.replay(keyless)
    #expect(try bench.rows("t")?.count == 20)
  }

  // Prevents a table of updates alone from being held without its columns being named.
  @Test func `a held table without inserts names its columns`() async throws {
    let bench = try RunBench()
    try bench.place("t's_1.json", [bench.update(1, "a", at: 1).replacing(#""t""#, with: #""t's""#)])
    var keyless = bench.configuration
    keyless.keys = []
    let held = try #require(try await bench.replay(keyless).held.first)
    #expect(held.evidence == ["its columns: id, v"])
    #expect(held.hint.contains(#"--key 't'\''s=COL,COL'"#), "\(held.hint)")
  }

  // Prevents a mistyped table from being ignored without a word.
  @Test func `a name in the flags or the configuration that no table has is told`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1, table: "orders")])
    var mistyped = bench.configuration
    mistyped.keys = [("orderz", .columns(["id"])), ("o*", .columns(["id"]))]
    mistyped.collections["order"] = CollectionConfiguration()
    let summary = try await bench.replay(mistyped)
    #expect(
      summary.remarks == [
        "--key orderz=id: no table of this name was seen; the nearest is orders, of: orders",
        "collections: order: no table of this name was seen; the nearest is orders, of: orders",
      ])
    // They may be of tables that are still to come.
    #expect(summary.isComplete)
  }

  // Prevents tables from being left out without being named.
  @Test func `housekeeping tables are named where their changes are counted`() async throws {
    let bench = try RunBench()
    let heartbeat = bench.insert(1, "a", at: 1, table: "replicate_io_cdc_heartbeat")
    try bench.place("t_1.json", [heartbeat, bench.insert(1, "a", at: 2)])
    let summary = try await bench.replay()
    #expect(summary.skippedChanges == 1)
    #expect(summary.skippedTables == ["replicate_io_cdc_heartbeat"])
  }

  // Prevents files from being counted as what they are not.
  @Test func `status counts copies, held and superseded files apart, and their changes once`()
    async throws
  {
    let bench = try RunBench()
    let rows = [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)]
    try bench.place("t_1.json", rows)
    try bench.place("t_2.json", rows)
    try bench.place("u_1.json", [bench.insert(1, "c", at: 3, table: "u")])
    try bench.place("x_1.json", [bench.insert(3, "x", at: 9)])
    _ = try await bench.replay()
    var report = try bench.status()
    #expect(report.counts == ["applied": 2, "held": 1, "duplicate": 1])
    #expect(report.collections.map(\.files) == [3])
    #expect(report.collections.map(\.appliedChanges) == [3])
    var superseding = bench.configuration
    superseding.onModified = .supersede
    try bench.place("x_1.json", [bench.insert(4, "x", at: 9)])
    _ = try await bench.replay(superseding)
    report = try bench.status()
    #expect(report.counts == ["applied": 2, "held": 1, "duplicate": 1, "superseded": 1])
    #expect(report.collections.map(\.files) == [3])
    #expect(report.collections.map(\.appliedChanges) == [3])
  }

  // Prevents a file from failing without a word on what to do, then and later.
  @Test func `a file of CSV without known columns says what to add`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.csv", ["1,a"])
    for _ in 0..<2 {
      let error = try #require(try await bench.replay().failedFiles.first)
      #expect(error.cause == "the columns of t are not known")
      #expect(error.hint?.contains("csv: {columns: [first, second, …]}") == true)
    }
    let (cause, hint) = try #require(try bench.status().troubledFiles.first).causeAndHint
    #expect(cause == "the columns of t are not known" && hint?.contains("schemas.yaml") == true)
  }

  // Prevents a key that was asked for in vain from being forgotten.
  @Test func `a key that is not taken is told by status, until it is not asked for`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    _ = try await bench.replay()
    var other = bench.configuration
    other.keys = [("t", .columns(["v"]))]
    let summary = try await bench.replay(other)
    #expect(
      summary.warnings == [
        """
        t: its rows are keyed by id, and v is asked for now
        Leave the key as it is, or make the table anew: replay --rebuild t
        """
      ])
    #expect(try bench.status().warnings == summary.warnings)
    _ = try await bench.replay()
    #expect(try bench.status().warnings == [])
    _ = try await bench.replay(other)
    #expect(try await bench.replay(other, rebuild: "t").isComplete)
    #expect(try bench.status().warnings == [])
  }

  // Prevents whole rows delivered twice under other names from being counted twice.
  @Test func `rows of a table without a key count once however often their file comes`()
    async throws
  {
    let bench = try RunBench()
    var bag = bench.configuration
    bag.keys = [("t", .wholeRow)]
    let rows = [#"{"id":"1","v":"a"}"#, #"{"id":"1","v":"a"}"#]
    try bench.place("t_1.json", rows)
    try bench.place("t_7.json", rows)
    _ = try await bench.replay(bag)
    #expect(try bench.rows("t") == ["1 a", "1 a"])
  }
}

/// A drop and a database in a temporary directory, and records of a table `t` with columns `id`
/// and `v`.
struct RunBench {
  let directory: TemporaryDirectory
  var configuration = Configuration()

  init() throws {
    directory = try TemporaryDirectory()
    mkdir("\(directory.path)/drop", 0o777)
    configuration.database = "\(directory.path)/t.db"
    configuration.keys = [("t", .columns(["id"]))]
  }

  var database: String { configuration.database }

  func drop(_ name: String) -> String { "\(directory.path)/drop/\(name)" }

  func place(_ name: String, _ records: [String]) throws {
    unlink(drop(name))
    try BucketDirectory(root: "\(directory.path)/drop")
      .place((records.joined(separator: "\n") + "\n").utf8, at: name)
  }

  /// Places a file for each insert.
  func placeInserts(_ ids: ClosedRange<Int>) throws {
    for id in ids { try place("t_\(id).json", [insert(id, "a", at: id)]) }
  }

  /// A `schemas.yaml` that names the tables' columns and keys.
  func schemas(of tables: [String]) -> String {
    "schemas:\n- catalog: c\n  schema: s\n  tables:\n"
      + tables.map { table in
        """
          - name: \(table)
            object-type: TABLE
            columns:
            - {name: id, type: INT}
            - {name: v, type: TEXT}
            primary-key: {name: k, columns: [id]}

        """
      }.joined()
  }

  func insert(_ id: Int, _ value: String, at position: Int, table: String = "t") -> String {
    insert(id, value, cursor: Self.cursor(position))
      .replacing(#""name":"t""#, with: #""name":"\#(table)""#)
  }

  func update(_ id: Int, _ value: String, at position: Int) -> String {
    update(id, value, cursor: Self.cursor(position))
  }

  func insert(_ id: Int, _ value: String, cursor: String) -> String {
    record("I", before: #"{"id":"null","v":"null"}"#, id, value, exists: 1, cursor)
  }

  func update(_ id: Int, _ value: String, cursor: String) -> String {
    record("U", before: #"{"id":"\#(id)","v":"x"}"#, id, value, exists: 3, cursor)
  }

  private func record(
    _ operation: String, before: String, _ id: Int, _ value: String, exists: Int, _ cursor: String
  ) -> String {
    #"{"tableName":{"namespace":{"catalog":"c","schema":"s","hash":0},"name":"t","hash":0},"#
      + #""opType":"\#(operation)","cursor":\#(cursor),"before":\#(before),"#
      + #""after":{"id":"\#(id)","v":"\#(value)"},"exists":{"id":"\#(exists)","v":"\#(exists)"}}"#
  }

  private static func cursor(_ position: Int) -> String {
    #"{"extractorId":0,"timestamp":1,"log":"b.1","position":\#(position),"logSeqNum":1,"v":2}"#
  }

  func replay(_ configuration: Configuration? = nil, rebuild: String? = nil) async throws
    -> RunSummary
  {
    try await Replay(configuration ?? self.configuration, rebuild: rebuild)
      .run(paths: ["\(directory.path)/drop"]) { _ in }
  }

  /// Applies what is in the drop, as `sync --once` does.
  func sync(
    onEvent: @escaping @Sendable (PipelineEvent) -> Void = { _ in }
  ) async throws -> RunSummary {
    var configuration = configuration
    // Whatever else this machine does meanwhile.
    configuration.settle = .zero
    configuration.longestBurst = .seconds(3600)
    return try await Sync(configuration)
      .run(drop: "\(directory.path)/drop", once: true, onEvent: onEvent)
  }

  /// The same; when so many records of a burst were read, more is put into the drop.
  func sync(
    afterReading records: Int, place more: @escaping @Sendable (RunBench) throws -> Void
  ) async throws -> RunSummary {
    let hasMore = Atomic(true)
    return try await sync { event in
      guard case .progress(let progress) = event, progress.records == records,
        hasMore.exchange(false, ordering: .relaxed)
      else { return }
      #expect(throws: Never.self) { try more(self) }
    }
  }

  /// What the database says of itself.
  func status() throws -> StatusReport {
    let store = try CollectionStore(opening: .file(database), mode: .readOnly)
    defer { store.connection.close() }
    return try store.status()
  }

  /// The rows by `_id`, as `id v` or one column; nil where there is no such table.
  func rows(_ table: String, column: String? = nil) throws -> [String]? {
    let store = try CollectionStore(opening: .file(database), mode: .readOnly)
    defer { store.connection.close() }
    guard try store.collection(named: table) != nil else { return nil }
    let statement = try store.connection.prepare(
      "SELECT \(column ?? "id || ' ' || v") FROM \(table) ORDER BY _id")
    var rows: [String] = []
    while try statement.step() { rows.append(statement.text(0) ?? "NULL") }
    return rows
  }
}

/// How many files without a name this process has open in a directory.
private func openTemporaryFiles(in directory: String) -> Int {
  guard let descriptors = opendir("/proc/self/fd") else { return 0 }
  defer { closedir(descriptors) }
  var count = 0
  while let entry = readdir(descriptors) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    var target = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/fd/\(name)", &target, target.count)
    let path = String(
      decoding: target.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    if path.hasPrefix(directory + "/"), path.hasSuffix(" (deleted)") { count += 1 }
  }
  return count
}

extension StatusReport {
  /// How many files there are of each kind; kinds without files are missing.
  fileprivate var counts: [String: Int] {
    Dictionary(uniqueKeysWithValues: files.filter { $0.count > 0 }.map { ($0.kind, $0.count) })
  }
}
