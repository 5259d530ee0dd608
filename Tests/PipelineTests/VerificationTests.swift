import BatchSource
import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import SQLiteKit
import SourceWorld
import Testing

/// The slow separate road agrees with the fast one, and says where it does not, or cannot tell.
@Suite struct VerificationTests {
  // Prevents a second road that goes wrong by itself, and a digest that two definitions share only
  // in name.
  @Test(arguments: LawCase.all(seed: 11))
  func `it agrees with what was ingested in any order, and its digest is the defined one`(
    _ subject: LawCase
  ) async throws {
    let bench = try DiskWorld(subject.world, subject.bucket)
    try await bench.deliver(DeliveryPlan(seed: 3))
    let report = try await bench.verify()
    #expect(report.isEqual && report.isComparable)
    #expect(report.extraFiles == [] && report.troubles == [])
    let store = try CollectionStore(opening: .file(bench.configuration.database), mode: .readOnly)
    #expect(!report.collections.isEmpty)
    for check in report.collections {
      #expect(check.isCovered && check.filesRead == check.files)
      let collection = try #require(try store.collection(named: check.name))
      #expect(check.storedDigest == (try store.logicalDigest(of: collection)))
      #expect(check.recomputedDigest == check.storedDigest)
    }
  }

  // Prevents a rule that only hostile worlds need from being wrong on the slow road.
  @Test func `it agrees on seeded hostile worlds and deliveries`() async throws {
    let first = UInt64(Environment.value("SEED") ?? "") ?? 1
    let count = Environment.count("VERIFY_SEEDS", default: 100)
    for seed in first..<first + UInt64(count) {
      let plan = WorldPlan.hostile(seed: seed)
      let bench = try DiskWorld(plan, BucketPlan.hostile(seed: seed, world: plan))
      try await bench.deliver(DeliveryPlan.hostile(seed: seed))
      let report = try await bench.verify()
      let rows = report.collections.flatMap { check in
        check.differences.map { "\(check.name): \($0.columns.map(\.name)) of \($0.id)" }
      }
      try #require(rows == [], "SEED=\(seed) VERIFY_SEEDS=1")
    }
  }

  // Prevents a change made by hand, or by a fault, from passing.
  @Test func `a row changed by hand is named with its column`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)])
    _ = try await bench.replay()
    try bench.execute("UPDATE t SET v = 'x' WHERE _id = '2'")
    let check = try #require(try await bench.verify().collections.first)
    #expect(check.differenceCount == 1 && check.storedDigest != check.recomputedDigest)
    let difference = try #require(check.differences.first)
    #expect(difference.id == Array("2".utf8) && difference.isStored && difference.isRecomputed)
    #expect(difference.columns.map(\.name) == ["v"])
    #expect(difference.columns.map(\.stored) == [.text(Array("x".utf8))])
    #expect(difference.columns.map(\.recomputed) == [.text(Array("b".utf8))])
  }

  // Prevents rows that went, or came, without any change.
  @Test func `rows that are missing or too many are differences`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1), bench.insert(2, "b", at: 2)])
    _ = try await bench.replay()
    try bench.execute("DELETE FROM t WHERE _id = '1'; INSERT INTO t (_id, v) VALUES ('9', 'z')")
    let check = try #require(try await bench.verify().collections.first)
    #expect(check.differences.map(\.id) == ["9", "1"].map { Array($0.utf8) })
    #expect(check.differences.map(\.isStored) == [true, false])
    #expect(check.differences.map(\.isRecomputed) == [false, true])
  }

  // Prevents one file that expired from making all rows incomparable, or the rows it may have
  // changed from being judged without it.
  @Test func `with a file gone, the rows that it cannot touch are still compared`() async throws {
    let bench = try RunBench()
    for file in 1...4 {
      let ids = (0..<50).map { file * 100 + $0 }
      try bench.place(
        "t_\(file).json", ids.map { bench.insert($0, "a", at: $0) })
    }
    try bench.place("t_5.json", [bench.update(101, "late", at: 999)])
    _ = try await bench.replay()
    unlink(bench.drop("t_5.json"))
    let check = try #require(try await bench.verify().collections.first)
    #expect(check.missing.map(\.reason) == ["gone"])
    #expect(check.rows == 200 && check.comparedRows >= 190 && check.comparedRows < 200)
    #expect(check.differenceCount == 0 && check.incomparable == nil)
    #expect(check.recomputedDigest == check.storedDigest)
  }

  // Prevents "equal" from being said of nothing.
  @Test func `with all files gone nothing is comparable`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    _ = try await bench.replay()
    unlink(bench.drop("t_1.json"))
    let report = try await bench.verify()
    #expect(!report.isComparable)
    #expect(report.collections.first?.incomparable != nil)
  }

  // Prevents a file that was never ingested from being taken into account.
  @Test func `a file that the manifest does not know is named and not used`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    _ = try await bench.replay()
    try bench.place("t_2.json", [bench.update(1, "b", at: 2)])
    let report = try await bench.verify()
    #expect(report.isEqual && report.isComparable)
    #expect(report.extraFiles.count == 1 && report.extraFiles[0].hasSuffix("t_2.json"))
  }

  // Prevents changes that wait from counting as lost.
  @Test func `a table that is held is not comparable`() async throws {
    let bench = try RunBench()
    try bench.place("t_1.json", [bench.insert(1, "a", at: 1)])
    var keyless = bench.configuration
    keyless.keys = []
    _ = try await bench.replay(keyless)
    let report = try await bench.verify()
    #expect(!report.isComparable && report.collections.map(\.name) == ["t"])
  }

  // Prevents changes that wait behind a gap from counting as lost.
  @Test func `changes behind a gap are left out on both sides`() async throws {
    let bench = try LogBench()
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10, count: 1)],
      "t_3.json": [.update(1, "c", at: 30, count: 3), .insert(2, "c", at: 40, count: 4)],
    ])
    let waiting = try #require(try await bench.verify().collections.first)
    #expect(waiting.isCovered && waiting.differences.isEmpty && waiting.waitingChanges == 2)
    try await bench.sync(["t_2.json": [.update(1, "b", at: 20, count: 2)]])
    let whole = try #require(try await bench.verify().collections.first)
    #expect(whole.isCovered && whole.differences.isEmpty && whole.waitingChanges == 0)
  }

  // Prevents rows of a restarted log, and of a second snapshot, from being judged by positions alone.
  @Test func `restarted logs and replacing snapshots are compared in their true order`()
    async throws
  {
    let bench = try LogBench()
    bench.configuration.collections["t", default: CollectionConfiguration()].resnapshot = .replace
    try await bench.sync([
      "t_1.json": [
        LogRecord.insert(1, "old", at: 10), .insert(9, "x", at: 20),
      ].map { $0.at(log: "bin.000040") },
      "t_2.json": [LogRecord(id: 1, v: "s", isSnapshot: true)],
      "t_3.json": [.update(1, "new", at: 4)],
    ])
    let check = try #require(try await bench.verify().collections.first)
    #expect(check.isCovered && check.differences.isEmpty && check.rows == 1)
  }

  // Prevents the names of rows from depending on which of two copies came first.
  @Test func `rows of copied files have the same ids in either order of arrival`() async throws {
    var ids: [[String]?] = []
    for names in [["t_1.json", "t_2.json"], ["t_2.json", "t_1.json"]] {
      let bench = try RunBench()
      var keyless = bench.configuration
      keyless.keys = [("t", .append)]
      for name in names {
        try bench.place(name, [#"{"id":"1","v":"a"}"#])
        _ = try await bench.replay(keyless)
      }
      ids.append(try bench.rows("t", column: "_id"))
      let check = try #require(try await bench.verify(keyless).collections.first)
      #expect(check.isCovered && check.differences.isEmpty && check.rows == 1)
    }
    #expect(ids[0] == ids[1])
  }

  // Prevents tables without a key from being left out.
  @Test(arguments: [KeyRule.wholeRow, .append])
  func `tables without a key are compared`(rule: KeyRule) async throws {
    let bench = try RunBench()
    var keyless = bench.configuration
    keyless.keys = [("t", rule)]
    let rows = [#"{"id":"1","v":"a"}"#, #"{"id":"1","v":"a"}"#]
    try bench.place("t_1.json", rows)
    try bench.place("t_2.json", [bench.insert(2, "b", at: 5), bench.insert(2, "b", at: 6)])
    try bench.place("t_7.json", rows)
    _ = try await bench.replay(keyless)
    let check = try #require(try await bench.verify(keyless).collections.first)
    #expect(check.rows == 4)
    #expect(check.isCovered && check.differences.isEmpty, "\(check)")
    #expect(check.storedDigest == check.recomputedDigest)
  }
}

/// A world's files in a directory, and a database file that they are ingested into.
struct DiskWorld {
  let world: WorldBench
  let configuration: Configuration
  private let databases = try? TemporaryDirectory()

  init(_ plan: WorldPlan, _ bucket: BucketPlan) throws {
    world = try WorldBench(plan, bucket)
    var configuration = world.configuration
    configuration.database = "\(databases?.path ?? "/tmp")/w.db"
    self.configuration = configuration
  }

  /// Ingests the world's files, a call for each step of the delivery.
  func deliver(_ plan: DeliveryPlan) async throws {
    let drop = BucketDirectory(root: world.directory.path)
    for step in Delivery(bucket: world.bucket, plan: plan).steps {
      for placement in step.placements {
        try drop.place(placement.bytes, at: placement.relativePath)
      }
      _ = try await Replay(configuration).run(paths: [world.directory.path]) { _ in }
    }
  }

  func verify() async throws -> VerifyReport {
    try await Verification(configuration).run(paths: [world.directory.path]) { _ in }
  }
}

extension LogBench {
  /// Verifies the database against the drop.
  func verify() async throws -> VerifyReport {
    try await Verification(configuration).run(paths: ["\(directory.path)/drop"]) { _ in }
  }
}

extension RunBench {
  /// Verifies the database against the drop.
  func verify(_ configuration: Configuration? = nil) async throws -> VerifyReport {
    try await Verification(configuration ?? self.configuration)
      .run(paths: ["\(directory.path)/drop"]) { _ in }
  }

  /// Changes the database behind Resequel's back.
  func execute(_ sql: String) throws {
    let store = try CollectionStore(opening: .file(database), mode: .readWrite)
    try store.connection.execute(sql)
    try store.close()
  }
}
