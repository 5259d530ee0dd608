/// Gives log records their places and times, as the plan's source would.
struct LogClock {
  private let plan: WorldPlan
  private var random: SeededRandom
  private var nodes: [LogPosition]
  private var time: Int64 = 1_657_516_903_000

  init(plan: WorldPlan) {
    self.plan = plan
    random = SeededRandom(seed: plan.seed, stream: 11)
    nodes = (1...max(1, plan.nodeCount)).map { node in
      var position = LogPosition(node: node)
      switch plan.source {
      case .mysql:
        position.major = plan.rollsOver ? 999_998 : 10
        position.minor = 4
      case .cassandra:
        position.major = 1_620_787_053_904 + UInt64(node)
        position.minor = 1_048_408
      case .mongodb: position.major = 0
      case .ase: (position.major, position.minor) = (901, 140)
      case .informix: (position.major, position.minor) = (172, 0x676309c)
      }
      return position
    }
  }

  /// Time passes, and the log may go on in its next file.
  mutating func beginTransaction() {
    // Often none: many records share a time.
    time += random.chance(40) ? 0 : Int64(random.below(1_700))
    for node in nodes.indices {
      let position = nodes[node]
      switch plan.source {
      case .mysql where position.minor > plan.logFileBytes:
        nodes[node].major += 1
        nodes[node].minor = 4
      case .cassandra where position.minor > 1_048_576:
        nodes[node].major += UInt64(1 + random.below(2))
        nodes[node].minor = UInt64(100 + random.below(2_000))
      case .ase:
        advance(node)
        nodes[node].transaction = nodes[node].major
        nodes[node].transactionRow = nodes[node].minor
      case .informix: nodes[node].transaction += 1
      default: break
      }
    }
  }

  /// The log breaks: what is logged from now on is of another era.
  mutating func breakLog() {
    for node in nodes.indices {
      nodes[node].era += 1
      nodes[node].major = plan.source == .ase ? 3 : plan.logBreak == .failover ? 4 : 1
      nodes[node].minor = 4
    }
  }

  /// Gives the event the place of the next log event of a node, or of the next row of the same.
  mutating func stamp(_ event: inout LogEvent, node: Int, continues: Bool) {
    if continues && plan.source != .ase && plan.source != .informix {
      nodes[node].row += 1
    } else {
      advance(node)
      nodes[node].row = 1
    }
    event.position = nodes[node]
    event.time = plan.source == .mysql ? time / 1000 * 1000 : time
    if plan.nodesShareKeys || plan.replicaCount > 1 { keepTimeApart(&event, node) }
    event.extractionTime = plan.source == .cassandra ? event.time : time + 1_088
  }

  /// No two changes share a time, whatever the nodes' clocks are worth.
  private mutating func keepTimeApart(_ event: inout LogEvent, _ node: Int) {
    let count = Int64(nodes.count)
    time += count
    event.time = (time - plan.clockSkew * Int64(node)) / count * count + Int64(node)
  }

  private mutating func advance(_ node: Int) {
    let step = UInt64(random.below(400))
    switch plan.source {
    case .mysql: nodes[node].minor += 120 + step
    case .cassandra:
      // A short log file rolls over quickly; mutation offsets fall back when the segment changes.
      nodes[node].minor += 20 + step
    case .mongodb:
      let second = UInt64(time / 1000)
      nodes[node].minor = nodes[node].major == second ? nodes[node].minor + 1 : 1
      nodes[node].major = second
    case .ase:
      nodes[node].minor += 1 + step % 3
      if nodes[node].minor > 60 {
        nodes[node].major += 1 + step % 20
        nodes[node].minor = step % 2
      }
    case .informix:
      nodes[node].minor += 24 + step
      if nodes[node].minor > UInt64(UInt32.max) - 1_000 {
        nodes[node].major += 1
        nodes[node].minor = 24
      }
    }
  }
}
