/// How records are written into batch files.
package enum BatchFormat: String, Sendable, Hashable, CaseIterable {
  /// One record a line.
  case jsonLines = "json"
  /// Indented records, one after the other.
  case jsonPretty = "pretty"
  /// One array.
  case jsonArray = "array"
  /// Arcion's NATIVE: no `exists`, no counters, the cursor an object.
  case native
  /// Triplets of new, old and exists.
  case csv
}

/// What a bucket's files are called.
package enum BatchNaming: String, Sendable, Hashable {
  /// `orders_12.json`, all in one directory.
  case number
  /// `shop/default_schema/orders/shop.default_schema.orders.part_12.json`.
  case part
}

/// How a cursor is held in a JSON record.
package enum CursorForm: String, Sendable, Hashable {
  /// A string that holds JSON.
  case text
  /// An object.
  case object
}

/// Everything that decides how the records of a world come into files.
package struct BucketPlan: Sendable, Hashable {
  /// What all random choices follow from.
  package var seed: UInt64
  /// How records are written.
  package var format = BatchFormat.jsonLines
  /// Series take turns with JSON lines, CSV, arrays and indented JSON; ``format`` does not matter.
  package var mixesFormats = false
  /// What files are called.
  package var naming = BatchNaming.part
  /// All tables in the same files; not for CSV, nor for flat snapshots.
  package var sharesFiles = false
  /// How many records a file holds, about.
  package var recordsPerFile = 10
  /// Files hold anything from one record to twice ``recordsPerFile``.
  package var variesFileSize = true
  /// Exactly so many files in all, as far as there are records for them; nil: as many as it takes.
  package var fileCount: Int?
  /// The number of each series' first file.
  package var firstOrdinal = 1
  /// So many writers share the records of each table, each with a series of its own.
  package var writerCount = 1
  /// A restart after about so many records: the last ``repeatCount`` come again in later files.
  package var restartEvery: Int?
  /// How many records a restart repeats.
  package var repeatCount = 5
  /// An overwritten run: after the last record all of the log comes again, in later files.
  package var reemitsLog = false
  /// Records count as often as they are written: a repeat has a new count, not its own again.
  package var countsRepeats = false
  /// How a cursor is held.
  package var cursorForm = CursorForm.text
  /// CSV escapes with backslashes instead of doubling quotes.
  package var hasBackslashes = false
  /// CRLF at the ends of lines, a byte order mark, no newline at the end: some files each.
  package var hasHostileFraming = false
  /// Writes `schemas.yaml` and `object_metadata.yaml` also beside JSON.
  package var hasMetadata = false

  /// The default bucket of a seed; change the properties to taste.
  package init(seed: UInt64) { self.seed = seed }

  /// A bucket with everything that suits the world switched on or off by the seed.
  package static func hostile(seed: UInt64, world: WorldPlan) -> BucketPlan {
    var random = SeededRandom(seed: seed, stream: 202)
    var plan = BucketPlan(seed: seed)
    let formats: [BatchFormat] = [.jsonLines, .jsonLines, .jsonPretty, .jsonArray, .csv]
    plan.format = formats[random.below(formats.count)]
    if plan.format == .csv && (world.addsColumn || world.counters == .absent) {
      plan.format = .jsonLines
    }
    plan.naming =
      plan.format == .csv || world.hasFlatRows || random.chance(60) ? .part : .number
    plan.sharesFiles = plan.format != .csv && !world.hasFlatRows && random.chance(30)
    plan.recordsPerFile = random.within(1...15)
    plan.firstOrdinal = [0, 1, 1, 8, 98][random.below(5)]
    plan.writerCount = random.chance(25) ? random.within(2...3) : 1
    plan.restartEvery = random.chance(40) ? random.within(10...40) : nil
    plan.repeatCount = random.within(1...12)
    plan.cursorForm = random.chance(20) ? .object : .text
    let usesPaths = plan.naming == .part && !plan.sharesFiles
    plan.mixesFormats = usesPaths && world.counters != .absent && random.chance(20)
    let isShaped = world.snapshot == .changeShaped || world.resnapshot == .changeShaped
    if world.images == .full && !isShaped && random.chance(15) {
      plan.format = .native
      plan.mixesFormats = false
    }
    plan.hasBackslashes = random.chance(30)
    plan.hasHostileFraming = random.chance(40)
    plan.suit(world, &random)
    return plan
  }
}
