/// A source database that a plan decides: its tables, its log, and what it held in the end.
///
/// The log is not kept: each ``run(_:)`` produces it anew, so that a world of any size needs the
/// memory of its live rows only.
package struct World: Sendable {
  /// What decided the world.
  package let plan: WorldPlan
  /// Its tables, the heartbeat's last.
  package let tables: [WorldTable]
  let writer: CellWriter

  /// The world of a plan.
  package init(_ plan: WorldPlan) {
    self.plan = plan
    var maker = TableMaker(plan: plan)
    tables = maker.makeTables()
    writer = CellWriter(lexicon: Lexicon(hasNulCharacters: plan.hasNulCharacters))
  }

  /// Plays the world once, from the first row of the snapshot to the last record of the log.
  ///
  /// - Parameter body: gets each record as it is logged.
  /// - Returns: what the source holds in the end.
  @discardableResult
  package func run(_ body: (LogEvent) throws -> Void) rethrows -> SourceDatabase {
    var run = WorldRun(world: self)
    while let event = run.next() { try body(event) }
    return run.database
  }

  /// All records, for worlds that fit in memory.
  package func events() -> [LogEvent] {
    var events: [LogEvent] = []
    run { events.append($0) }
    return events
  }

  /// The `--key` arguments of all tables, the replicator's own excepted.
  package var keyArguments: [String] {
    tables.filter { !$0.isHousekeeping }.map(\.keyArgument)
  }
}
