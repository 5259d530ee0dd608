/// A small world in six files, made so that one rule of order or merging decides its rows: for
/// tests that deliver the files in every order there is.
package struct LawCase: Sendable, CustomStringConvertible {
  /// The rule, in a few words.
  package let name: String
  /// The world.
  package let world: WorldPlan
  /// Its files.
  package let bucket: BucketPlan
  /// Whether a second snapshot replaces the table: `resnapshot: replace`.
  package let resnapshotReplaces: Bool

  /// The rule, in a few words.
  package var description: String { name }

  /// One for each rule, and some for several at once.
  ///
  /// - Parameters:
  ///   - seed: what all follow from.
  ///   - files: how many files each has.
  package static func all(seed: UInt64, files: Int = 6) -> [LawCase] {
    rules.enumerated().map { index, rule in
      var world = WorldPlan(seed: seed &* 1_000 &+ UInt64(index))
      world.tableCount = 1
      world.keys = .single
      world.keySpace = 4
      world.transactions = 16
      world.operationsPerTransaction = 3
      world.deleteShare = 20
      var bucket = BucketPlan(seed: seed)
      bucket.fileCount = files
      rule.change(&world, &bucket)
      return LawCase(
        name: rule.name, world: world, bucket: bucket,
        resnapshotReplaces: rule.name.contains("replaces"))
    }
  }

  private typealias Rule = (
    name: String, change: @Sendable (inout WorldPlan, inout BucketPlan) -> Void
  )

  private static let rules: [Rule] = [
    ("full images", { _, _ in }),
    ("minimal images", { world, _ in world.images = .minimal }),
    ("key before, all after", { world, _ in world.images = .keyThenAll }),
    ("all before, updated after", { world, _ in world.images = .allThenUpdated }),
    (
      "images of all kinds, a column added",
      { world, _ in
        world.images = .mixed
        world.addsColumn = true
      }
    ),
    ("key moves in full images", { world, _ in world.moveShare = 60 }),
    (
      "key moves in minimal images",
      { world, _ in
        world.moveShare = 60
        world.images = .minimal
      }
    ),
    (
      "chains of moves, rarely anything else",
      { world, _ in
        world.moveShare = 90
        world.insertShare = 25
        world.deleteShare = 5
        world.images = .mixed
      }
    ),
    (
      "compound keys that move",
      { world, _ in
        world.keys = .compound
        world.moveShare = 40
        world.images = .mixed
        world.hasHostileValues = true
      }
    ),
    (
      "several rows at one position",
      { world, _ in
        world.multiRowShare = 100
        world.moveShare = 30
      }
    ),
    (
      "log files past six digits",
      { world, _ in
        world.rollsOver = true
        world.logFileBytes = 1_500
      }
    ),
    (
      "a snapshot first",
      { world, bucket in
        world.snapshot = .changeShaped
        world.snapshotRows = 4
        world.moveShare = 30
        world.images = .minimal
        bucket.sharesFiles = true
      }
    ),
    ("flat rows first", { world, _ in world.snapshot = .flat }),
    (
      "several nodes",
      { world, _ in
        world.source = .cassandra
        world.nodeCount = 2
        world.images = .minimal
        world.keySpace = 6
      }
    ),
    (
      "a restart repeats records",
      { world, bucket in
        world.moveShare = 30
        bucket.restartEvery = 8
        bucket.repeatCount = 6
      }
    ),
    (
      "two writers",
      { world, bucket in
        world.moveShare = 20
        world.images = .mixed
        bucket.writerCount = 2
      }
    ),
    (
      "several tables in each file",
      { world, bucket in
        world.tableCount = 2
        world.moveShare = 20
        bucket.sharesFiles = true
      }
    ),
    ("MongoDB", { world, _ in world.source = .mongodb }),
    ("SAP ASE", { world, _ in world.source = .ase }),
    ("Informix", { world, _ in world.source = .informix }),
    ("CSV", { _, bucket in bucket.format = .csv }),
    (
      "rows that end and come again",
      { world, _ in
        world.images = .minimal
        world.keySpace = 2
        world.deleteShare = 35
        world.transactions = 30
      }
    ),
    (
      "another server's log, with lower numbers",
      { world, _ in
        world.logBreak = .failover
        world.moveShare = 30
        world.images = .minimal
      }
    ),
    (
      "another server's log, counts beginning anew",
      { world, _ in
        world.logBreak = .failover
        world.counters = .reset
      }
    ),
    (
      "log pages used again",
      { world, _ in
        world.source = .ase
        world.logBreak = .restart
        world.moveShare = 20
      }
    ),
    (
      "an overwritten run writes all again",
      { world, bucket in
        world.moveShare = 30
        world.images = .minimal
        bucket.reemitsLog = true
      }
    ),
    (
      "all written again, with counts going on",
      { world, bucket in
        world.images = .minimal
        bucket.reemitsLog = true
        bucket.countsRepeats = true
      }
    ),
    (
      "repeats with new counts",
      { world, bucket in
        world.moveShare = 30
        bucket.restartEvery = 8
        bucket.repeatCount = 6
        bucket.countsRepeats = true
      }
    ),
    ("two nodes change one key", { world, _ in shareKeys(&world) }),
    (
      "two nodes change one key, their clocks apart",
      { world, _ in
        shareKeys(&world)
        world.clockSkew = 2_500
        world.moveShare = 20
      }
    ),
    (
      "every change from two replicas",
      { world, _ in
        world.source = .cassandra
        world.replicaCount = 2
        world.images = .minimal
        world.moveShare = 20
        world.transactions = 9
      }
    ),
    (
      "counts of all tables together",
      { world, _ in
        world.tableCount = 2
        world.counters = .global
        world.images = .mixed
      }
    ),
    ("no counts", { world, _ in world.counters = .absent }),
    ("counts that begin anew", { world, _ in world.counters = .reset }),
    (
      "one count, three writers",
      { world, bucket in
        world.images = .minimal
        world.moveShare = 20
        bucket.writerCount = 3
      }
    ),
    ("a log that restarts at 1, counts going on", { world, _ in restart(&world, .dense) }),
    ("a log that restarts at 1 with its counts", { world, _ in restart(&world, .reset) }),
    ("a log that restarts at 1, no counts", { world, _ in restart(&world, .absent) }),
    ("a second snapshot merges", { world, _ in resnapshot(&world) }),
    (
      "a second snapshot merges, changes having been lost",
      { world, _ in
        resnapshot(&world)
        world.lostTransactions = 5
        world.deleteShare = 30
      }
    ),
    ("a second snapshot replaces", { world, _ in resnapshot(&world) }),
    (
      "a second snapshot replaces, changes having been lost",
      { world, _ in
        resnapshot(&world)
        world.snapshot = .changeShaped
        world.lostTransactions = 5
        world.deleteShare = 30
        world.moveShare = 20
      }
    ),
    (
      "a restart, then many log files",
      { world, _ in
        restart(&world, .dense)
        world.logFileBytes = 1_500
        world.moveShare = 30
        world.images = .minimal
      }
    ),
    // Many rows of few changes: somewhere a delete and a later update are there, and the insert
    // between them, in another file, is not. Then only the delete ends the earlier values.
    (
      "deletes whose next inserts are missing",
      { world, _ in
        world.images = .minimal
        world.keySpace = 12
        world.transactions = 36
      }
    ),
  ]

  private static func restart(_ world: inout WorldPlan, _ counters: CounterStyle) {
    world.logBreak = .restart
    world.counters = counters
  }

  private static func resnapshot(_ world: inout WorldPlan) {
    world.resnapshot = .changeShaped
    world.images = .minimal
    world.keySpace = 6
  }

  private static func shareKeys(_ world: inout WorldPlan) {
    world.source = .cassandra
    world.nodeCount = 2
    world.nodesShareKeys = true
    world.images = .minimal
  }
}
