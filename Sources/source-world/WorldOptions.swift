import ArgumentParser
import SourceWorld

extension SourceKind: ExpressibleByArgument {}
extension ImageStyle: ExpressibleByArgument {}
extension CounterStyle: ExpressibleByArgument {}
extension SnapshotStyle: ExpressibleByArgument {}

/// What decides the world: `generate` and `check` need the same.
struct WorldOptions: ParsableArguments {
  @Option(help: "What everything follows from.")
  var seed: UInt64 = 1

  @Option(help: "The kind of world.")
  var profile = Profile.demo

  @Option(help: "Records in the log, snapshot rows not counted (default: the profile's).")
  var records: Int?

  @Option(help: "Tables, the heartbeat's not counted (default: the profile's).")
  var tables: Int?

  @Option(help: "Which database is played (default: mysql).")
  var source: SourceKind?

  @Option(help: "Cassandra's nodes.")
  var nodes: Int?

  @Option(help: "Which columns images carry (default: the profile's).")
  var images: ImageStyle?

  @Option(help: "How the world begins (default: the profile's).")
  var snapshot: SnapshotStyle?

  @Option(help: "What operationcount counts (default: dense).")
  var counters: CounterStyle?

  @Option(help: "Of a hundred updates, so many change the key (default: the profile's).")
  var moves: Int?

  @Flag(help: "Tables keep the columns they have, as CSV needs.")
  var fixedColumns = false

  func validate() throws {
    for (name, number) in [("records", records), ("tables", tables), ("nodes", nodes)] {
      if let number, number < 1 { throw ValidationError("--\(name) must be at least 1.") }
    }
    if let moves, !(0...100).contains(moves) {
      throw ValidationError("--moves goes from 0 to 100.")
    }
  }

  /// The plan that the flags describe.
  var plan: WorldPlan {
    var plan = profile.world(seed: seed, records: records ?? profile.defaultRecords)
    if let tables { plan.tableCount = tables }
    if let source { plan.source = source }
    if let nodes, plan.source == .cassandra { plan.nodeCount = nodes }
    if let images { plan.images = images }
    if let snapshot { plan.snapshot = snapshot }
    if let counters { plan.counters = counters }
    if let moves { plan.moveShare = moves }
    if fixedColumns { plan.addsColumn = false }
    return plan
  }
}
