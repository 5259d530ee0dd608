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
    var recent: [LogEvent] = []
    return try world.run { event in
      try body(event, series(of: event, &random), false)
      guard let restartEvery = plan.restartEvery else { return }
      recent.append(event)
      if recent.count > plan.repeatCount * 2 { recent.removeFirst(plan.repeatCount) }
      guard random.below(restartEvery) == 0 else { return }
      for (place, repeated) in recent.suffix(plan.repeatCount).enumerated() {
        try body(repeated, series(of: repeated, &random), place == 0)
      }
    }
  }

  private func series(of event: LogEvent, _ random: inout SeededRandom) -> Int {
    let writer = plan.writerCount > 1 ? random.below(plan.writerCount) : 0
    return plan.sharesFiles ? writer : writer * world.tables.count + event.table
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
