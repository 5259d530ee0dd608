import SourceWorld
import Testing

/// The one law: the same files give the same tables, in whatever order and portions they come, and
/// they are the tables that the source's log gives when it is applied serially.
@Suite struct LawTests {
  // Prevents every way in which an arrival order could show in the tables: one call that sees all
  // files sorts them, so what counts is each ordered partition of the files into calls.
  @Test(arguments: cases)
  func `every ordered partition of a case's files into calls gives the oracle's tables`(
    _ subject: LawCase
  ) async throws {
    let isLong = Self.fileCount > 6
    let start = ContinuousClock.now
    let walk = try PartitionWalk(
      subject, files: Self.fileCount,
      isMerging: Environment.count("MERGE", default: isLong ? 1 : 0) > 0)
    // Six files of many cases keep the cores busy, eight of one do not.
    let count = try await walk.run(width: isLong ? Environment.cores : 1)
    #expect(count == [6: 4_683, 7: 47_293, 8: 545_835][Self.fileCount])
    if let states = walk.states {
      Environment.say(
        "\(subject): \(count) partitions, \(states.count) states, \(states.callCount) calls, "
          + "\((ContinuousClock.now - start).components.seconds) s")
    }
  }

  private static let fileCount = Environment.count("FILES", default: 6)

  /// The cases; `CASE` names one by the beginning of its name, `CASE_SEED` makes others.
  private static var cases: [LawCase] {
    let seed = UInt64(Environment.count("CASE_SEED", default: 7))
    let cases = LawCase.all(seed: seed, files: fileCount)
    guard let name = Environment.value("CASE"), !name.isEmpty else {
      return Array(cases.prefix(Environment.count("CASES", default: .max)))
    }
    return cases.filter { $0.name.hasPrefix(name) }
  }

  // Prevents what exhaustive small worlds cannot reach: torn and growing files, duplicates under
  // other names, many tables, hostile names and values, all formats.
  @Test func `seeded worlds and deliveries give the oracle's tables after each call`() async throws
  {
    let simulation = Simulation(
      first: UInt64(Environment.count("SEED", default: 1)),
      count: Environment.count("SEEDS", default: 2_000),
      hasIncidents: Environment.count("PENDING", default: 0) > 0,
      steps: Environment.value("STEPS") ?? "")
    let failure = try await simulation.run(width: Environment.cores)
    #expect(failure == nil)
  }
}
