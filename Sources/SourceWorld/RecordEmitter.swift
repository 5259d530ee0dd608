/// Decides which record goes to which series of files, and what a restart repeats.
///
/// Playing it twice gives the same sequence, so that files can be counted before they are written.
struct RecordEmitter {
  let world: World
  let plan: BucketPlan

  /// How many series there are: one for each writer and table, or one for each writer.
  var seriesCount: Int { plan.writerCount * (plan.sharesFiles ? 1 : world.tables.count) }

  /// Plays the world's records in the order in which they are written.
  ///
  /// - Parameter body: gets the record, its series, and whether a restart lies just before it.
  @discardableResult
  func run(_ body: (LogEvent, _ series: Int, _ isAfterRestart: Bool) throws -> Void) rethrows
    -> SourceDatabase
  {
    var random = SeededRandom(seed: plan.seed, stream: 13)
    var counts = EmittedCounts(world: world)
    var recent: [LogEvent] = []
    var log: [LogEvent] = []
    func emit(_ event: LogEvent, isAfterRestart: Bool) throws {
      for replica in 0..<(event.isSnapshot ? 1 : world.plan.replicaCount) {
        var written = event
        written.position.node += replica
        written.position.major += UInt64(replica) * 1_000_000
        if countsRepeats { counts.count(&written) }
        try body(written, series(of: written, &random), isAfterRestart && replica == 0)
      }
    }
    let database = try world.run { event in
      try emit(event, isAfterRestart: false)
      // The snapshot is not repeated: a second one would begin an epoch.
      if event.isSnapshot { return }
      if plan.reemitsLog { log.append(event) }
      guard let restartEvery = plan.restartEvery else { return }
      recent.append(event)
      if recent.count > plan.repeatCount * 2 { recent.removeFirst(plan.repeatCount) }
      guard random.below(restartEvery) == 0 else { return }
      for (place, repeated) in recent.suffix(plan.repeatCount).enumerated() {
        try emit(repeated, isAfterRestart: place == 0)
      }
    }
    for (place, repeated) in log.enumerated() { try emit(repeated, isAfterRestart: place == 0) }
    return database
  }

  /// Whether a record's count depends on how often it and others are written.
  private var countsRepeats: Bool { plan.countsRepeats || world.plan.replicaCount > 1 }

  private func series(of event: LogEvent, _ random: inout SeededRandom) -> Int {
    let writer = plan.writerCount > 1 ? random.below(plan.writerCount) : 0
    return plan.sharesFiles ? writer : writer * world.tables.count + event.table
  }

  /// How a series' records are written.
  func format(ofSeries series: Int) -> BatchFormat {
    guard plan.mixesFormats else { return plan.format }
    if plan.sharesFiles { return [.jsonLines, .jsonArray, .jsonPretty][series % 3] }
    let table = world.tables[series % world.tables.count]
    let turn: [BatchFormat] = [.jsonLines, .csv, .jsonArray, .jsonPretty]
    // The columns of CSV are named once for all files.
    let suitsCSV = table.initialColumnCount == table.columns.count
    let format = turn[series % turn.count]
    return format == .csv && !suitsCSV ? .jsonLines : format
  }

  /// The path of a series without number and extension, and what stands before the number.
  func path(ofSeries series: Int) -> (stem: String, separator: String) {
    let perWriter = plan.sharesFiles ? 1 : world.tables.count
    let writer = series / perWriter
    let root = writer == 0 ? "" : "replicant-\(writer + 1)/"
    let separator = plan.naming == .number ? "_" : ".part_"
    if plan.sharesFiles { return ("\(root)changes", separator) }
    let table = world.tables[series % perWriter]
    if plan.naming == .number { return ("\(root)\(table.name)", separator) }
    let parts = [table.catalog, table.schema, table.name].compactMap { $0 }
    return ("\(root)\(parts.joined(separator: "/"))/\(parts.joined(separator: "."))", separator)
  }

  /// The directory of a series' files, with a slash at the end unless it is the root.
  func directory(ofSeries series: Int) -> String {
    let stem = path(ofSeries: series).stem
    guard let slash = stem.lastIndex(of: "/") else { return "" }
    return String(stem[...slash])
  }
}

/// Counts records as they are written.
private struct EmittedCounts {
  private let style: CounterStyle
  private var counts: [OperationCounts]

  init(world: World) {
    style = world.plan.counters
    counts = world.tables.map { _ in OperationCounts() }
  }

  /// Gives a record the count that it has when it is written now.
  mutating func count(_ event: inout LogEvent) {
    guard style == .dense || style == .global, !event.isFlat else { return }
    let table = style == .global ? 0 : event.table
    counts[table].count(event.operation)
    event.counts = counts[table]
  }
}
