import BatchSource
import CollectionStore
import Pipeline
import SQLiteKit
import SourceWorld
import Testing

/// Delivers the files of a case in every ordered partition into calls, and compares the tables with
/// the oracle's after each call.
///
/// Each beginning of partitions is walked once: what may follow goes on from copies of its store, as
/// a new process would, and the last of them on the store itself. Where it is asked for, what follows
/// from one ``StoreState`` is walked once, and counted for each beginning that leads there.
struct PartitionWalk: Sendable {
  private let subject: LawCase
  private let bench: WorldBench
  private let all: Int
  /// Where beginnings have met; nil where each is walked for itself.
  let states: WalkedStates?
  // By set of files, one bit for each.
  private let listings: [ScanResult]
  private let expected: [[String: ExpectedTable]]

  /// Writes the files of a case, and asks the oracle about every set of them.
  ///
  /// - Parameter isMerging: whether what follows from one state is walked once.
  init(_ subject: LawCase, files: Int, isMerging: Bool) throws {
    self.subject = subject
    states = isMerging ? WalkedStates() : nil
    let bench = try WorldBench(
      subject.world, subject.bucket, resnapshotReplaces: subject.resnapshotReplaces)
    self.bench = bench
    try #require(bench.bucket.files.count == files, "\(subject)")
    all = 1 << files - 1
    let drop = BucketDirectory(root: bench.directory.path)
    for file in bench.bucket.files { try drop.place(file.bytes, at: file.relativePath) }
    let paths = bench.bucket.files.map {
      BatchPath("\(bench.directory.path)/\($0.relativePath)")
    }
    listings = try (0...all).map { set in
      try DropScanner(paths: Self.members(of: set).map { paths[$0] }).scan()
    }
    expected = (0...all).map { set in
      let files = Self.members(of: set)
      return bench.oracle(knowing: bench.events(files: files))
        .tables(files: files, of: bench.bucket)
    }
  }

  /// Walks them all.
  ///
  /// - Parameter width: how many first calls are followed at a time.
  /// - Returns: how many partitions there were.
  /// - Throws: the first difference, with the calls that led to it.
  func run(width: Int) async throws -> Int {
    try await withThrowingTaskGroup(of: Int.self) { group in
      var count = 0
      for (index, first) in (1...all).reversed().enumerated() {
        if index >= width { count += try await group.next() ?? 0 }
        group.addTask { [self] in
          try await deliver(first, after: [], to: try await bench.session()).partitions
        }
      }
      for try await partitions in group { count += partitions }
      return count
    }
  }

  /// Makes a call, and then each that may follow.
  private func deliver(
    _ call: Int, after calls: [Int], to before: IngestSession
  ) async throws -> WalkedStates.Walk {
    var session = before
    let calls = calls + [call]
    _ = try await session.ingest(listings[call]) { _ in }
    let differences = try await bench.differences(session, from: expected[calls.reduce(0, |)])
    try #require(differences == [], "\(subject): \(calls.map(Self.members(of:)))")
    guard let states else { return try await follow(calls, in: session) }
    let state = try await session.withStore { store in try StoreState(store) }
    if let known = states.walk(from: state, after: calls) { return known }
    var walk = try await follow(calls, in: session)
    walk.begin(at: state)
    try #require(
      states.note(walk, from: state),
      "\(subject): a state that two ways lead to goes on in two: \(calls.map(Self.members(of:)))")
    return walk
  }

  /// Makes each call that may follow others.
  private func follow(_ calls: [Int], in session: IngestSession) async throws -> WalkedStates.Walk {
    let left = all & ~calls.reduce(0, |)
    if left == 0 { return WalkedStates.Walk(partitions: 1) }
    let bytes = try await session.withStore { store in try store.connection.serialized() }
    var walk = WalkedStates.Walk()
    var next = left
    while next != 0 {
      let other = (next - 1) & left
      let following = other == 0 ? session : try await bench.session(copying: bytes)
      walk.add(try await deliver(next, after: calls, to: following))
      next = other
    }
    return walk
  }

  private static func members(of set: Int) -> [Int] {
    (0..<Int.bitWidth).filter { set >> $0 & 1 == 1 }
  }
}
