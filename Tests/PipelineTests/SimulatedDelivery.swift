import BatchSource
import ChangeModel
import CollectionStore
import Pipeline
import SQLiteKit
import SourceWorld

/// A seed's world and files, and which of the placements of its delivery are made in which call.
struct SimulatedDelivery: Sendable {
  let seed: UInt64
  let hasIncidents: Bool
  /// All placements of the seed's delivery, in order.
  let placements: [DeliveryStep.Placement]
  /// The placements that are made, call by call: indices into ``placements``.
  private(set) var calls: [[Int]]
  /// Whether the database is built in a new file by the first call, its tables as whole pages. So is
  /// every third, whatever else the seed's settings are; the others are in memory.
  private var isBuilt: Bool { seed / 6 % 3 == 0 }
  private let world: WorldPlan
  private let bucketPlan: BucketPlan

  /// - Parameter steps: the calls, as ``steps`` writes them; empty: all of the seed's delivery.
  init(seed: UInt64, hasIncidents: Bool, steps: String) throws {
    self.seed = seed
    self.hasIncidents = hasIncidents
    world = .hostile(seed: seed, withIncidents: hasIncidents)
    bucketPlan = .hostile(seed: seed, world: world)
    let bucket = Bucket(world: World(world), plan: bucketPlan)
    let delivery = Delivery(bucket: bucket, plan: .hostile(seed: seed))
    placements = delivery.steps.flatMap(\.placements)
    var count = 0
    calls = delivery.steps.map { step in
      defer { count += step.placements.count }
      return Array(count..<count + step.placements.count)
    }
    if !steps.isEmpty {
      calls = steps.split(separator: "/").map { $0.split(separator: ",").compactMap { Int($0) } }
    }
  }

  /// The same with other calls.
  func with(_ calls: [[Int]]) -> SimulatedDelivery {
    var copy = self
    copy.calls = calls
    return copy
  }

  /// Whether of every file that is placed under another name the whole original is placed too.
  var hasOriginals: Bool {
    let paths = Dictionary(placements.map { ($0.file, $0.relativePath) }) { first, _ in first }
    let placed = calls.joined().map { placements[$0] }
    return placed.allSatisfy { copy in
      let path = paths[copy.file] ?? ""
      return copy.file == nil || copy.relativePath == path
        || placed.contains { $0.relativePath == path && $0.bytes.count == copy.bytes.count }
    }
  }

  /// The calls as `0,1/4,2`.
  var steps: String {
    calls.map { $0.map(String.init).joined(separator: ",") }.joined(separator: "/")
  }

  /// What is placed before each call, one file a line.
  var listing: String {
    calls.enumerated().map { number, call in
      let files = call.map { index in
        "\n  \(index): \(placements[index].relativePath), \(placements[index].bytes.count) bytes"
      }
      return "call \(number + 1):" + files.joined()
    }.joined(separator: "\n")
  }

  /// Delivers, and compares after each call.
  ///
  /// - Returns: what is first not as it should be; nil: nothing.
  func failure() async throws -> Symptom? {
    let bench = try WorldBench(world, bucketPlan)
    let delivery = Delivery(
      bucket: bench.bucket, placements: calls.map { $0.map { placements[$0] } })
    let drop = BucketDirectory(root: bench.directory.path)
    let place = try TemporaryDirectory()
    var session =
      isBuilt
      ? try await bench.session(building: "\(place.path)/world.db") : try await bench.session()
    for (index, step) in delivery.steps.enumerated() {
      for placement in step.placements {
        try drop.place(placement.bytes, at: placement.relativePath)
      }
      let listing = try DropScanner(paths: [BatchPath(bench.directory.path)]).scan()
      let summary: RunSummary
      do {
        summary = try await session.ingest(listing) { _ in }
        // A build ends with its first call.
        try await session.withStore { store in try store.finishBuild() }
      } catch {
        return Symptom(kind: .thrown, call: index + 1, text: "\(error)")
      }
      if isBuilt {
        let damages = try await session.withStore { store in try Self.damages(of: store) }
        if !damages.isEmpty {
          return Symptom(kind: .damaged, call: index + 1, text: damages.joined(separator: "\n  "))
        }
      }
      let tables = bench.oracle(knowing: step.eventsPresent).tables(present: step.eventsPresent)
      let differences = try await bench.differences(session, from: tables)
      if !differences.isEmpty {
        return Symptom(
          kind: .tables, call: index + 1, text: differences.joined(separator: "\n  "))
      }
      let quarantined = try await session.withStore { store in
        try store.quarantineOverview()
      }
      if quarantined.count > 0 {
        return Symptom(kind: .quarantined, call: index + 1, text: "\(quarantined.first)")
      }
      if !summary.held.isEmpty {
        return Symptom(kind: .held, call: index + 1, text: "\(summary.held)")
      }
    }
    return nil
  }

  private static func damages(of store: CollectionStore) throws -> [String] {
    let statement = try store.connection.prepare("PRAGMA integrity_check")
    var damages: [String] = []
    while try statement.step() { damages.append(statement.text(0) ?? "") }
    return damages.filter { $0 != "ok" }
  }

  /// What is not as it should be.
  struct Symptom: Sendable, CustomStringConvertible {
    enum Kind: String { case tables, damaged, quarantined, held, thrown }
    let kind: Kind
    let call: Int
    let text: String

    var description: String { "\(kind.rawValue), after call \(call):\n  \(text)" }
  }
}
