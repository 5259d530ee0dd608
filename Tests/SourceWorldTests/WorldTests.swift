import SourceWorld
import Testing

/// The hostile worlds that most tests go through.
let seeds: ClosedRange<UInt64> = 1...300

@Suite struct WorldTests {
  // Prevents: a failing seed that cannot be repeated.
  @Test func `the same seed gives the same bytes`() {
    for seed in seeds.prefix(40) {
      let plan = WorldPlan.hostile(seed: seed)
      let bucketPlan = BucketPlan.hostile(seed: seed, world: plan)
      let first = Bucket(world: World(plan), plan: bucketPlan)
      let second = Bucket(world: World(plan), plan: bucketPlan)
      #expect(first.files == second.files)
      #expect(first.companions == second.companions)
    }
    let one = Bucket(world: World(WorldPlan(seed: 1)), plan: BucketPlan(seed: 1))
    let two = Bucket(world: World(WorldPlan(seed: 2)), plan: BucketPlan(seed: 1))
    #expect(one.files != two.files)
  }

  // Prevents: an oracle that is wrong the way the program is. The source executes transactions and
  // knows no images; the oracle folds images and knows no transactions.
  @Test func `the fold of all records equals the live source`() {
    for seed in seeds {
      let world = World(WorldPlan.hostile(seed: seed, withIncidents: true))
      // By the nodes' own times, another change than the source's last may be the newest.
      if world.plan.clockSkew > 0 { continue }
      let database = world.run { _ in }
      var oracle = Oracle(world: world)
      oracle.resnapshotReplaces = world.plan.lostTransactions > 0
      let folded = oracle.tables(present: 0..<oracle.events.count)
      #expect(folded == world.sourceTables(database), "seed \(seed)")
    }
  }

  // Prevents: worlds too tame to decide anything.
  @Test func `hostile worlds hold everything that is hard`() {
    var seen: Set<String> = []
    for seed in seeds {
      let world = World(WorldPlan.hostile(seed: seed))
      var deleted: Set<[Int]> = []
      world.run { event in
        if event.key != event.newKey { seen.insert("move") }
        if event.operation == .delete { deleted.insert([event.table, event.key]) }
        if event.operation == .insert && deleted.contains([event.table, event.key]) {
          seen.insert("reuse")
        }
        if event.position.row > 1 { seen.insert("several rows") }
        if event.isSnapshot { seen.insert("snapshot") }
        if event.position.major >= 1_000_000 && world.plan.source == .mysql { seen.insert("roll") }
        if event.position.node > 1 { seen.insert("second node") }
        if event.exists.count < world.tables[event.table].columns.count { seen.insert("added") }
        if world.tables[event.table].isHousekeeping { seen.insert("heartbeat") }
        if world.tables[event.table].keyColumns.count > 2 { seen.insert("three parts") }
        seen.formUnion(event.exists.map { "exists \($0)" })
      }
    }
    let wanted: Set<String> = [
      "move", "reuse", "several rows", "snapshot", "roll", "second node", "added", "heartbeat",
      "three parts", "exists 0", "exists 1", "exists 2", "exists 3",
    ]
    #expect(seen == wanted)
  }

  // Prevents: an order that cannot be known. Within a lineage each record has a place of its own,
  // and the places rise with the sequence numbers, also from one era to the next.
  @Test func `positions rise with the sequence numbers`() {
    for seed in seeds {
      let world = World(WorldPlan.hostile(seed: seed, withIncidents: true))
      var last: [Int: [UInt64]] = [:]
      var next = 0
      world.run { event in
        #expect(event.index == next)
        next += 1
        guard !event.isSnapshot else { return }
        let place = [
          UInt64(event.position.era), event.position.major, event.position.minor,
          event.position.row,
        ]
        if let before = last[event.position.node] {
          #expect(before.lexicographicallyPrecedes(place), "seed \(seed), record \(event.index)")
        }
        last[event.position.node] = place
      }
    }
  }

  // Prevents: parallel logs that share a key, whose order nobody could know.
  @Test func `nodes share no keys`() {
    for seed in seeds {
      let world = World(WorldPlan.hostile(seed: seed))
      var owners: [[Int]: Int] = [:]
      world.run { event in
        guard !event.isSnapshot else { return }
        for key in [event.key, event.newKey] {
          let owner = owners[[event.table, key], default: event.position.node]
          #expect(owner == event.position.node, "seed \(seed)")
          owners[[event.table, key]] = owner
        }
      }
    }
  }

  // Prevents: counters with holes where the plan promises none.
  @Test func `dense counters count every record of a table`() {
    for seed in seeds {
      var plan = WorldPlan.hostile(seed: seed, withIncidents: true)
      plan.counters = .dense
      let world = World(plan)
      var counts = world.tables.map { _ in 0 }
      world.run { event in
        if event.isFlat { return }
        counts[event.table] += 1
        let total = event.counts.inserts + event.counts.updates + event.counts.deletes
        #expect(total == counts[event.table], "seed \(seed)")
      }
    }
  }

  // Prevents: benchmarks of another size than they claim.
  @Test func `a world of so many records logs so many`() {
    var plan = WorldPlan(seed: 5)
    plan.records = 1_000
    plan.moveShare = 20
    #expect(World(plan).events().count == 1_000)
  }
}

@Suite struct NameTests {
  // Prevents: hashes that no Arcion would write. The figures are those of the published samples.
  @Test func `hashes equal the published samples`() {
    #expect(
      JavaHash.combine(JavaHash.of("tpch_scale_0_01"), JavaHash.of("default_schema")) == -27_122_659
    )
    #expect(JavaHash.combine(-27_122_659, JavaHash.of("nation")) == -1_893_420_405)
    #expect(JavaHash.combine(JavaHash.of(nil), JavaHash.of("io_blitzz")) == 696_406_511)
    #expect(JavaHash.combine(696_406_511, JavaHash.of("region")) == -821_029_210)
    #expect(JavaHash.combine(JavaHash.of(nil), JavaHash.of("tpch_scale_0_01")) == -1_732_472_540)
    #expect(JavaHash.combine(-1_732_472_540, JavaHash.of("region")) == 1_193_131_537)
  }

  // Prevents: an order of columns that no Arcion would write, again by the published samples.
  @Test func `columns stand in the order of a Java map`() {
    let nation = ["n_nationkey", "n_name", "n_regionkey", "n_comment"]
    #expect(
      JavaHash.mapOrder(nation).map { nation[$0] }
        == ["n_comment", "n_nationkey", "n_regionkey", "n_name"])
    let region = ["r_regionkey", "r_name", "r_comment"]
    #expect(
      JavaHash.mapOrder(region).map { region[$0] } == ["r_regionkey", "r_comment", "r_name"])
  }

  // Prevents: two tables or columns that SQLite cannot tell apart, and names that `--key` splits.
  @Test func `names can be told apart and named`() {
    for seed in seeds {
      let world = World(WorldPlan.hostile(seed: seed))
      #expect(Set(world.tables.map { $0.name.lowercased() }).count == world.tables.count)
      for table in world.tables {
        #expect(Set(table.columns.map { $0.name.lowercased() }).count == table.columns.count)
        #expect(!table.name.contains { "=*?[/.".contains($0) })
        for name in table.keyNames { #expect(!name.contains(",") && !name.contains("=")) }
        for name in table.columns.map(\.name) { #expect(!name.lowercased().hasPrefix("_id")) }
      }
    }
  }
}
