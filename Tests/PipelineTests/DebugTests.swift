import Testing
import SourceWorld
import Pipeline
@Test func dbgworld() throws {
  let seed = UInt64(Environment.value("SEED") ?? "1")!
  let plan = WorldPlan.hostile(seed: seed)
  let bench = try WorldBench(plan, BucketPlan.hostile(seed: seed, world: plan))
  print(plan)
  print(bench.bucket.plan)
  for (i, e) in bench.oracle.events.enumerated() {
    let t = bench.world.tables[e.table]
    func key(_ k: Int) -> String { "\(k)" }
    let files = bench.bucket.files.indices.filter { bench.bucket.files[$0].events.contains(i) }
    print(i, t.name, e.operation, key(e.key), key(e.newKey), "exists", e.exists, "snap", e.isSnapshot, "t", e.time, "files", files)
  }
  for (i, f) in bench.bucket.files.enumerated() { print("file", i, f.relativePath) }
  let delivery = Delivery(bucket: bench.bucket, plan: DeliveryPlan.hostile(seed: seed))
  for (i, s) in delivery.steps.enumerated() { print("step", i + 1, s.placements.map { "\($0.relativePath):\($0.bytes.count)" }) }
}
import BatchSource
import CollectionStore
import ChangeModel
@Test func dbgrun() async throws {
  let seed = UInt64(Environment.value("SEED") ?? "1")!
  let plan = WorldPlan.hostile(seed: seed)
  let bench = try WorldBench(plan, BucketPlan.hostile(seed: seed, world: plan))
  let delivery = Delivery(bucket: bench.bucket, plan: DeliveryPlan.hostile(seed: seed))
  let drop = BucketDirectory(root: bench.directory.path)
  var session = try await bench.session()
  for (index, step) in delivery.steps.enumerated().prefix(Int(Environment.value("STEPS") ?? "9")!) {
    for placement in step.placements { try drop.place(placement.bytes, at: placement.relativePath) }
    let listing = try DropScanner(paths: [BatchPath(bench.directory.path)]).scan()
    let summary = try await session.ingest(listing) { _ in }
    print("call", index + 1, summary.files, summary.changes, summary.failedFiles, summary.warnings, "torn", summary.tornFiles)
    try await session.withStore { store in for q in try store.quarantined() { print("Q", q.file, try store.file(q.file)?.path.suffix(30).map { String(UnicodeScalar($0)) }.joined() as Any, q.record.byteOffset, q.record.reason) } }
    let key = Environment.value("KEY") ?? ""
    let table = Environment.value("TABLE") ?? ""
    try await session.withStore { store in
      guard let c = try store.collection(named: table) else { return }
      for id in key.split(separator: "|") { print("   ", id, try store.state(of: Array(id.utf8), collection: c.id) as Any, try store.row(Array(id.utf8), collection: c.id)?.eventTime as Any) }
    }
  }
}
@Test func dbgfile() throws {
  let seed = UInt64(Environment.value("SEED") ?? "1")!
  let plan = WorldPlan.hostile(seed: seed)
  let bench = try WorldBench(plan, BucketPlan.hostile(seed: seed, world: plan))
  for f in bench.bucket.companions where f.relativePath.contains(Environment.value("TABLE")!) { print(f.relativePath, String(decoding: f.bytes.prefix(300), as: UTF8.self)) }
  for f in bench.bucket.files where f.relativePath.contains(Environment.value("FILE")!) && f.relativePath.contains(Environment.value("TABLE")!) { print(f.relativePath, f.bytes.count, f.bytes.count < 2000 ? String(decoding: f.bytes, as: UTF8.self) : String(decoding: f.bytes.prefix(900), as: UTF8.self) + " ...... " + String(decoding: f.bytes.suffix(1200), as: UTF8.self) ) }
}
