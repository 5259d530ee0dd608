import SourceWorld
import Testing

@Suite struct BucketTests {
  // Prevents: records that the files do not hold, or that the bucket says are elsewhere.
  @Test func `every record is in some file and ends where the bucket says`() throws {
    for seed in seeds.prefix(120) {
      let worldPlan = WorldPlan.hostile(seed: seed, withIncidents: true)
      let world = World(worldPlan)
      var plan = BucketPlan.hostile(seed: seed, world: worldPlan)
      plan.mixesFormats = false
      if plan.format == .csv || plan.format == .native { plan.format = .jsonLines }
      let bucket = Bucket(world: world, plan: plan)
      let events = world.events()
      #expect(Set(bucket.files.flatMap(\.events)).count == events.count, "seed \(seed)")
      #expect(Set(bucket.files.map(\.relativePath)).count == bucket.files.count)
      for file in bucket.files {
        let records = try SmallJSON.readAll(file.bytes)
        try #require(records.count == file.events.count, "seed \(seed), \(file.relativePath)")
        for (record, index) in zip(records, file.events) {
          check(record, events[index], world, seed)
        }
        for end in file.recordEnds { #expect(file.bytes[end - 1] == 0x7D) }
        #expect(file.events(inFirst: file.bytes.count).count == file.events.count)
        #expect(file.events(inFirst: file.recordEnds[0] - 1).isEmpty)
      }
    }
  }

  private func check(_ record: SmallJSON, _ event: LogEvent, _ world: World, _ seed: UInt64) {
    let table = world.tables[event.table]
    if event.isFlat {
      for (column, definition) in table.columns.prefix(event.exists.count).enumerated() {
        let text = world.text(of: event.after[column], table: event.table, column: column)
        #expect(record[definition.name] == .string(text ?? Array("null".utf8)), "seed \(seed)")
      }
      return
    }
    #expect(record["tableName"]?["name"] == .string(Array(table.name.utf8)))
    #expect(record["opType"]?.text == ["I", "U", "D"][Int(event.operation.rawValue)])
    for (name, cells) in [("before", event.before), ("after", event.after)] {
      for (column, definition) in table.columns.prefix(event.exists.count).enumerated() {
        let text = world.text(of: cells[column], table: event.table, column: column)
        let written = record[name]?[definition.name]
        #expect(written == .string(text ?? Array("null".utf8)), "seed \(seed)")
        #expect(record["exists"]?[definition.name]?.text == String(event.exists[column]))
      }
    }
    guard !event.isSnapshot else { return }
    if case .string(let cursor)? = record["cursor"] {
      let fields = try? SmallJSON.readAll(cursor)
      #expect(fields?.first?["timestamp"]?.text == String(event.time))
    } else {
      #expect(record["cursor"]?["timestamp"]?.text == String(event.time))
    }
  }

  // Prevents: NATIVE files that have what NATIVE has not.
  @Test func `NATIVE records have a cursor object and no exists`() throws {
    let world = World(WorldPlan(seed: 6))
    let events = world.events()
    var plan = BucketPlan(seed: 6)
    plan.format = .native
    for file in Bucket(world: world, plan: plan).files {
      let records = try SmallJSON.readAll(file.bytes)
      try #require(records.count == file.events.count)
      for (record, index) in zip(records, file.events) {
        let event = events[index]
        #expect(record["exists"] == nil && record["operationcount"] == nil)
        #expect(record["cursor"]?["position"]?.text == String(event.position.minor))
        #expect((record["before"] == .null) == (event.operation == .insert))
        #expect((record["after"] == .null) == (event.operation == .delete))
        for (column, definition) in world.tables[event.table].columns.enumerated()
        where event.operation != .delete {
          let text = world.text(of: event.after[column], table: event.table, column: column)
          #expect(record["after"]?[definition.name] == text.map { .string($0) } ?? .null)
        }
      }
    }
  }

  // Prevents: CSV that means something else to a reader of its dialect.
  @Test func `CSV fields are the values in both dialects`() throws {
    for seed in seeds.prefix(120) {
      var worldPlan = WorldPlan.hostile(seed: seed)
      worldPlan.addsColumn = false
      worldPlan.hasHostileValues = true
      let world = World(worldPlan)
      var plan = BucketPlan(seed: seed)
      plan.format = .csv
      plan.hasBackslashes = seed % 2 == 0
      let events = world.events()
      for file in Bucket(world: world, plan: plan).files {
        let rows = SmallCSV.read(file.bytes, hasBackslashes: plan.hasBackslashes)
        try #require(rows.count == file.events.count, "seed \(seed), \(file.relativePath)")
        for (row, index) in zip(rows, file.events) { check(row, events[index], world, seed) }
      }
    }
  }

  private func check(_ row: [[UInt8]], _ event: LogEvent, _ world: World, _ seed: UInt64) {
    let count = event.exists.count
    let null = Array("NULL".utf8)
    #expect(row.count == (event.isFlat ? count : count * 3 + 3), "seed \(seed)")
    for column in 0..<count {
      let text = world.text(of: event.after[column], table: event.table, column: column)
      #expect(row[event.isFlat ? column : column * 3] == text ?? null, "seed \(seed)")
    }
  }

  // Prevents: a bench that claims fifty files and has fifty-three.
  @Test func `so many files as asked for`() {
    for files in [1, 2, 6, 8, 25] {
      var plan = BucketPlan(seed: 4)
      plan.fileCount = files
      let bucket = Bucket(world: World(WorldPlan(seed: 9)), plan: plan)
      #expect(bucket.files.count == max(3, files))
      plan.sharesFiles = true
      let shared = Bucket(world: World(WorldPlan(seed: 9)), plan: plan)
      #expect(shared.files.count == files)
    }
  }

  // Prevents: restarts that repeat nothing, and repeats that fall into the same file.
  @Test func `a restart repeats records in later files`() {
    var plan = BucketPlan(seed: 4)
    plan.restartEvery = 12
    let bucket = Bucket(world: World(WorldPlan(seed: 9)), plan: plan)
    #expect(bucket.files.flatMap(\.events).count > bucket.eventCount)
    for file in bucket.files { #expect(Set(file.events).count == file.events.count) }
  }
}

/// A small CSV reader of the tests' own.
enum SmallCSV {
  static func read(_ bytes: [UInt8], hasBackslashes: Bool) -> [[[UInt8]]] {
    var rows: [[[UInt8]]] = []
    var row: [[UInt8]] = []
    var field: [UInt8] = []
    var isQuoted = false
    var offset = 0
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      if isQuoted {
        if hasBackslashes && byte == 0x5C {
          field.append(bytes[offset])
          offset += 1
        } else if byte != 0x22 {
          field.append(byte)
        } else if !hasBackslashes && offset < bytes.count && bytes[offset] == 0x22 {
          field.append(0x22)
          offset += 1
        } else {
          isQuoted = false
        }
      } else if byte == 0x22 {
        isQuoted = true
      } else if byte == 0x2C {
        row.append(field)
        field = []
      } else if byte == 0x0A {
        rows.append(row + [field])
        row = []
        field = []
      } else {
        field.append(byte)
      }
    }
    return rows
  }
}
