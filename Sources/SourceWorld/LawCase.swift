/// A small world in six files, made so that one rule of order or merging decides its rows: for
/// tests that deliver the files in every order there is.
package struct LawCase: Sendable, CustomStringConvertible {
  /// The rule, in a few words.
  package let name: String
  /// The world.
  package let world: WorldPlan
  /// Its files.
  package let bucket: BucketPlan

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
      return LawCase(name: rule.name, world: world, bucket: bucket)
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
  ]
}
