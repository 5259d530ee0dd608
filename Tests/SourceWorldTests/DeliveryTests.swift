import SourceWorld
import Testing

@Suite struct DeliveryTests {
  // Prevents: an exhaustive test that leaves orders out or repeats them. The figures are Fubini's.
  @Test func `ordered partitions are all there once`() {
    for (count, wanted) in [(0, 1), (1, 1), (2, 3), (3, 13), (4, 75), (5, 541), (6, 4_683)] {
      let all = Array(orderedPartitions(of: count))
      #expect(all.count == wanted)
      #expect(Set(all).count == wanted)
      for partition in all {
        #expect(partition.flatMap { $0 }.sorted() == Array(0..<count))
        #expect(!partition.contains { $0.isEmpty })
      }
    }
    var count = 0
    for _ in orderedPartitions(of: 8) { count += 1 }
    #expect(count == 545_835)
  }

  // Prevents: a delivery that never ends with the whole truth.
  @Test func `in the end everything is there whole`() {
    for seed in seeds {
      let worldPlan = WorldPlan.hostile(seed: seed, withIncidents: true)
      let world = World(worldPlan)
      let bucket = Bucket(world: world, plan: .hostile(seed: seed, world: worldPlan))
      let delivery = Delivery(bucket: bucket, plan: .hostile(seed: seed))
      let last = delivery.steps[delivery.steps.count - 1]
      #expect(last.eventsPresent == bucket.allEvents, "seed \(seed)")
      #expect(!last.hasTornFiles)
      var present: Set<Int> = []
      for step in delivery.steps {
        #expect(present.isSubset(of: step.eventsPresent), "a record went away, seed \(seed)")
        present = Set(step.eventsPresent)
      }
    }
  }

  // Prevents: deliveries that are all alike.
  @Test func `hostile deliveries tear, grow, copy and repeat`() {
    var seen: Set<String> = []
    for seed in seeds {
      let worldPlan = WorldPlan.hostile(seed: seed, withIncidents: true)
      let bucket = Bucket(
        world: World(worldPlan), plan: .hostile(seed: seed, world: worldPlan))
      let names = Set(bucket.files.map(\.relativePath))
      var known: [String: Int] = [:]
      for step in Delivery(bucket: bucket, plan: .hostile(seed: seed)).steps {
        if step.hasTornFiles { seen.insert("torn") }
        for placement in step.placements where placement.file != nil {
          if !names.contains(placement.relativePath) { seen.insert("copy") }
          if let before = known[placement.relativePath] {
            seen.insert(before < placement.bytes.count ? "grown" : "again")
          }
          known[placement.relativePath] = placement.bytes.count
        }
      }
    }
    #expect(seen == ["torn", "copy", "grown", "again"])
  }

  // Prevents: an oracle that misses a row which lacks nothing but its newline.
  @Test func `no CSV file is cut between a row and the end of its line`() {
    for seed in [1_005_325, 1_012_851] + seeds {
      let worldPlan = WorldPlan.hostile(seed: seed)
      let bucket = Bucket(
        world: World(worldPlan), plan: .hostile(seed: seed, world: worldPlan))
      let steps = Delivery(bucket: bucket, plan: .hostile(seed: seed)).steps
      for placement in steps.flatMap(\.placements) {
        guard let file = placement.file, placement.relativePath.hasSuffix(".csv") else { continue }
        let count = placement.bytes.count
        #expect(bucket.files[file].recordEnds.allSatisfy { $0 <= count || $0 > count + 2 })
      }
    }
  }
}

@Suite struct ComparisonTests {
  private func table() -> (World, ExpectedTable) {
    var plan = WorldPlan(seed: 3)
    plan.tableCount = 1
    plan.keys = .compound
    let world = World(plan)
    let database = world.run { _ in }
    return (world, world.sourceTable(database, 0))
  }

  private func rows(_ table: ExpectedTable) -> [[String?]] {
    table.rows.values.map { row in row.cells.cells + [row.eventTime.map { String($0) }] }
  }

  private func compare(_ table: ExpectedTable, _ rows: [[String?]]) -> [TableDifference] {
    var comparison = TableComparison(expected: table, columns: table.columns + ["_event_time"])
    for row in rows { comparison.see(row) }
    return comparison.finish()
  }

  // Prevents: a check that is green whatever the tables hold.
  @Test func `each kind of difference is found`() throws {
    let (_, table) = table()
    let right = rows(table)
    try #require(right.count > 2)
    #expect(compare(table, right).isEmpty)
    #expect(compare(table, Array(right.dropLast())).count == 1)
    #expect(compare(table, right + [right[0]]).count == 1)
    let column = try #require(table.columns.indices.first { !table.keyColumns.contains($0) })
    for wrong in [nil, "", "something else"] where right[0][column] != wrong {
      var changed = right
      changed[0][column] = wrong
      let differences = compare(table, changed)
      #expect(differences.map(\.column) == [table.columns[column]])
    }
    var moved = right
    moved[0][table.keyColumns[0]] = "nobody"
    #expect(compare(table, moved).count == 2)
    var late = right
    late[0][table.columns.count] = "1"
    #expect(compare(table, late).map(\.column) == ["_event_time"])
  }

  // Prevents: taking the empty string for NULL, or one spelling of a letter for another.
  @Test func `lists are equal only byte for byte`() {
    #expect(CellList([""]) != CellList([nil]))
    #expect(CellList(["a", "bc"]) != CellList(["ab", "c"]))
    #expect(CellList(["\u{E9}"]) != CellList(["e\u{301}"]))
    #expect(CellList(["a", nil]).cells == ["a", nil])
  }
}
