/// What may happen to a log, and what of it can be known from any part of the files.
extension WorldPlan {
  /// Whether some rows do not name their table.
  var hasFlatRows: Bool { snapshot == .flat || resnapshot == .flat }

  /// Whether the order of the files' numbers decides what came first.
  var needsOrdinals: Bool { resnapshot != .none || (logBreak != .none && source == .mysql) }

  /// Gives the world an incident that its source can have, or none.
  mutating func addIncident(seed: UInt64) {
    var random = SeededRandom(seed: seed, stream: 404)
    let draw = random.below(5)
    switch source {
    case .mysql where draw < 2:
      logBreak = draw == 0 ? .restart : .failover
      // What restarts at 1 must be told from what falls back by a file.
      logFileBytes = 1_000_000
    case .ase where draw < 2 && (counters == .dense || counters == .global):
      logBreak = .restart
    case .cassandra where draw < 2 && nodeCount > 1:
      nodesShareKeys = true
      clockSkew = random.chance(50) ? Int64(random.below(3_000)) : 0
    case .cassandra where draw < 3:
      nodeCount = 1
      replicaCount = random.within(2...3)
    case _ where draw == 4 && nodeCount == 1:
      resnapshot = random.chance(50) && !addsColumn ? .flat : .changeShaped
      lostTransactions = random.chance(40) ? random.within(1...6) : 0
    default: break
    }
  }
}

extension BucketPlan {
  /// Leaves out what would hide the order of the world's incident from some part of the files.
  mutating func suit(_ world: WorldPlan, _ random: inout SeededRandom) {
    if world.needsOrdinals {
      // Numbers of several series do not compare, and repeats behind a break would look like it.
      writerCount = 1
      restartEvery = nil
      if world.resnapshot == .flat && (format == .csv || mixesFormats) {
        format = .jsonLines
        mixesFormats = false
      }
    } else if world.logFileBytes >= 1_000_000 {
      reemitsLog = random.chance(15)
    }
    // Where the counter is the order, a repeat must have its own.
    let isCounted = world.counters == .dense || world.counters == .global
    countsRepeats = isCounted && world.source != .ase && random.chance(30)
  }
}
