import BatchSource
import ChangeModel
import CollectionStore
import Pipeline
import SourceWorld
import Testing

/// The one law: the same files give the same tables, in whatever order and portions they come, and
/// they are the tables that the source's log gives when it is applied serially.
@Suite struct LawTests {
  // Prevents every way in which an arrival order could show in the tables: one call that sees all
  // files sorts them, so what counts is each ordered partition of the files into calls.
  @Test(arguments: LawCase.all(seed: 7).prefix(Environment.count("CASES", default: 8)))
  func `every ordered partition of six files into calls gives the oracle's tables after each call`(
    _ subject: LawCase
  ) async throws {
    let bench = try WorldBench(subject.world, subject.bucket)
    try #require(bench.bucket.files.count == 6)
    let drop = BucketDirectory(root: bench.directory.path)
    for file in bench.bucket.files { try drop.place(file.bytes, at: file.relativePath) }
    var expected: [Set<Int>: [String: ExpectedTable]] = [:]
    var count = 0
    for partition in orderedPartitions(of: 6) {
      var session = try await bench.session()
      var present: Set<Int> = []
      for call in partition {
        let paths = call.map {
          BatchPath("\(bench.directory.path)/\(bench.bucket.files[$0].relativePath)")
        }
        let listing = try DropScanner(paths: paths).scan()
        _ = try await session.ingest(listing) { _ in }
        present.formUnion(call)
        let tables =
          expected[present] ?? bench.oracle.tables(files: present.sorted(), of: bench.bucket)
        expected[present] = tables
        let differences = try await bench.differences(session, from: tables)
        try #require(differences == [], "\(subject), \(partition) after \(call)")
      }
      count += 1
    }
    #expect(count == 4683)
  }

  // Prevents what exhaustive small worlds cannot reach: torn and growing files, duplicates under
  // other names, many tables, hostile names and values, all formats.
  @Test func `a thousand seeded worlds and deliveries give the oracle's tables after each call`()
    async throws
  {
    let first = UInt64(Environment.value("SEED") ?? "") ?? 1
    let count = Environment.count("SEEDS", default: 1000)
    for seed in first..<first + UInt64(count) {
      try await Self.check(seed: seed)
    }
  }

  private static func check(seed: UInt64) async throws {
    let plan = WorldPlan.hostile(seed: seed)
    let bench = try WorldBench(plan, BucketPlan.hostile(seed: seed, world: plan))
    let delivery = Delivery(bucket: bench.bucket, plan: DeliveryPlan.hostile(seed: seed))
    let drop = BucketDirectory(root: bench.directory.path)
    var session = try await bench.session()
    for (index, step) in delivery.steps.enumerated() {
      for placement in step.placements {
        try drop.place(placement.bytes, at: placement.relativePath)
      }
      let listing = try DropScanner(paths: [BatchPath(bench.directory.path)]).scan()
      let summary = try await session.ingest(listing) { _ in }
      let tables = bench.oracle.tables(present: step.eventsPresent)
      let differences = try await bench.differences(session, from: tables)
      try #require(
        differences == [],
        "SEED=\(seed) SEEDS=1, after call \(index + 1) of \(delivery.steps.count)")
      let quarantined = try await session.withStore { store in
        try store.quarantined().map {
          "record \($0.record.recordIndex) at \($0.record.byteOffset): \($0.record.reason)"
        }
      }
      try #require(quarantined == [], "SEED=\(seed) SEEDS=1")
      try #require(summary.held == [], "SEED=\(seed) SEEDS=1")
    }
  }
}
