/// The order in which files come.
package enum Arrival: String, Sendable, Hashable, CaseIterable {
  /// As they were written.
  case sorted
  /// In any order.
  case shuffled
  /// Newest first.
  case reversed
  /// As they were written, but some only at the very end.
  case late
}

/// Everything that decides how a bucket's files are delivered.
package struct DeliveryPlan: Sendable, Hashable {
  /// What all random choices follow from.
  package var seed: UInt64
  /// The order.
  package var arrival = Arrival.shuffled
  /// In so many calls at most.
  package var calls = 3
  /// Of a hundred files, so many come again: under the same name, or as a copy with another number.
  package var duplicateShare = 0
  /// Of a hundred files, so many are cut short at first, and whole in a later call.
  package var tornShare = 0
  /// Of a hundred files, so many grow over several calls.
  package var growingShare = 0

  /// Files in any order, in up to three calls; change the properties to taste.
  package init(seed: UInt64) { self.seed = seed }

  /// A delivery with everything switched on or off by the seed.
  package static func hostile(seed: UInt64) -> DeliveryPlan {
    var random = SeededRandom(seed: seed, stream: 303)
    var plan = DeliveryPlan(seed: seed)
    plan.arrival = Arrival.allCases[random.below(Arrival.allCases.count)]
    plan.calls = random.within(1...6)
    plan.duplicateShare = random.chance(50) ? random.within(5...50) : 0
    plan.tornShare = random.chance(30) ? random.within(5...40) : 0
    plan.growingShare = random.chance(30) ? random.within(5...40) : 0
    return plan
  }
}

/// Files placed before one call.
package struct DeliveryStep: Sendable {
  /// A file to write, instead of what may be there under its name.
  package struct Placement: Sendable, Hashable {
    /// Its path in the drop.
    package let relativePath: String
    /// The index of the bucket's file whose bytes it has; nil for a companion.
    package let file: Int?
    /// What is in it: a beginning of that file.
    package let bytes: [UInt8]
  }

  /// The files, in the order in which they are written.
  package internal(set) var placements: [Placement] = []
  /// All records that are in the drop after this step, whole; ascending.
  package internal(set) var eventsPresent: [Int] = []
  /// Whether some file in the drop is cut short after this step.
  package internal(set) var hasTornFiles = false
}

/// A bucket's files, call by call, until all are there.
package struct Delivery: Sendable {
  /// The calls.
  package private(set) var steps: [DeliveryStep]

  /// Delivers the files of one ordered partition; companions come first.
  package init(bucket: Bucket, partition: [[Int]]) {
    var assembly = DeliveryAssembly(bucket: bucket, calls: partition.count)
    for (call, files) in partition.enumerated() {
      for file in files { assembly.place(file, call: call) }
    }
    steps = assembly.steps()
  }

  /// Delivers what is left of another delivery of the bucket.
  ///
  /// - Parameter placements: call by call; there is at least one call.
  package init(bucket: Bucket, placements: [[DeliveryStep.Placement]]) {
    steps = DeliveryAssembly(bucket: bucket, placements: placements).steps()
  }

  /// Delivers a bucket as a plan says.
  package init(bucket: Bucket, plan: DeliveryPlan) {
    var random = SeededRandom(seed: plan.seed, stream: 29)
    var order = Array(bucket.files.indices)
    switch plan.arrival {
    case .sorted: break
    case .shuffled: random.shuffle(&order)
    case .reversed: order.reverse()
    case .late:
      let late = order.filter { _ in random.chance(20) }
      order = order.filter { !late.contains($0) } + late
    }
    let calls = max(1, min(plan.calls, order.count))
    var assembly = DeliveryAssembly(bucket: bucket, calls: calls)
    var cuts = (1..<max(2, order.count)).map { $0 }
    random.shuffle(&cuts)
    let ends = cuts.prefix(calls - 1).sorted() + [order.count]
    for (place, file) in order.enumerated() {
      let call = ends.firstIndex { place < $0 } ?? calls - 1
      Self.deliver(file, call: call, plan, &random, &assembly)
    }
    steps = assembly.steps()
  }

  private static func deliver(
    _ file: Int, call: Int, _ plan: DeliveryPlan, _ random: inout SeededRandom,
    _ assembly: inout DeliveryAssembly
  ) {
    let last = assembly.calls - 1
    var whole = call
    if call < last && random.chance(plan.tornShare) {
      assembly.placeTorn(file, call: call, &random)
      whole = random.within(call + 1...last)
    } else if call < last && random.chance(plan.growingShare) {
      whole = random.within(call + 1...last)
      assembly.placeGrowing(file, calls: call..<whole, &random)
    }
    assembly.place(file, call: whole)
    guard random.chance(plan.duplicateShare) else { return }
    let again = random.within(whole...last)
    if random.chance(50) {
      assembly.place(file, call: again)
    } else {
      assembly.placeCopy(file, call: again, number: random.within(900...999))
    }
  }
}
