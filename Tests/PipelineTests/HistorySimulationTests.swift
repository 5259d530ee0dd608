import BatchSource
import ChangeModel
import CollectionStore
import Pipeline
import SQLiteKit
import SourceWorld
import Testing

/// Histories of simulated worlds, delivered in any order: what is known in the end does not depend
/// on it, and each moment shows what the source's log, applied serially, gave.
@Suite struct HistorySimulationTests {
  /// The seeds: `SEED` is the first, `SEEDS` says how many.
  private static var seeds: Range<UInt64> {
    let first = UInt64(Environment.count("SEED", default: 1))
    return first..<first + UInt64(Environment.count("SEEDS", default: 6))
  }

  /// The cases of a seed; `CASE` names one by the beginning of its name.
  private static func cases(seed: UInt64) -> [LawCase] {
    let name = Environment.value("CASE") ?? ""
    return LawCase.all(seed: seed).filter { $0.name.hasPrefix(name) }
  }

  // Prevents an order of arrival that shows in what is known in the end; and a version that a
  // later arrival falsifies in what was known before it.
  @Test func `any delivery gives the same versions, and each call's knowledge stays readable`()
    async throws
  {
    for seed in Self.seeds {
      for subject in Self.cases(seed: seed) {
        var random = SeededRandom(seed: seed, stream: 77)
        let bench = try WorldBench(
          subject.world, subject.bucket, resnapshotReplaces: subject.resnapshotReplaces)
        var order = Array(bench.bucket.files.indices)
        let sorted = try await History(bench, calls: order.map { [$0] })
        let expected = try await sorted.versions()
        for _ in 0..<3 {
          random.shuffle(&order)
          let cut = random.within(0...order.count - 1)
          let calls = order.prefix(cut).map { [$0] } + [Array(order.suffix(from: cut))]
          let shuffled = try await History(bench, calls: calls)
          try #require(
            try await shuffled.versions() == expected, "\(subject), seed \(seed), \(calls)")
          for (call, moment) in shuffled.knownAfterCall.enumerated() {
            let present = calls.prefix(call + 1).joined().sorted()
            let tables = bench.oracle(knowing: bench.events(files: present))
              .tables(files: present, of: bench.bucket)
            try #require(
              try await shuffled.differences(from: tables, knownAt: moment) == [],
              "\(subject), seed \(seed), \(calls), known after call \(call + 1)")
          }
        }
      }
    }
  }

  // Prevents a moment that shows more, or less, than had happened.
  @Test func `each position shows what the log up to it gave`() async throws {
    for seed in Self.seeds {
      let subjects = LawCase.all(seed: seed).filter {
        $0.world.source == .mysql && $0.world.tableCount == 1
      }
      #expect(subjects.count > 10)
      for subject in subjects {
        let bench = try WorldBench(
          subject.world, subject.bucket, resnapshotReplaces: subject.resnapshotReplaces)
        var order = Array(bench.bucket.files.indices)
        var random = SeededRandom(seed: seed, stream: 78)
        random.shuffle(&order)
        let history = try await History(bench, calls: order.map { [$0] })
        // What is asked for is a moment of the source, by all that is known in the end.
        let oracle = bench.oracle(knowing: bench.oracle.events.indices)
        // Another server's log, or a second snapshot, begins an epoch; a position says which is meant.
        var epoch = 0
        var last = bench.oracle.events[0]
        for event in bench.oracle.events {
          if event.position.era > last.position.era || (event.isSnapshot && !last.isSnapshot) {
            epoch += 1
          }
          last = event
          if event.isSnapshot, bench.oracle.events[event.index + 1].isSnapshot { continue }
          let at = event.position
          let place = event.isSnapshot ? "snapshot" : "\(at.major)/\(at.minor)/\(at.row)"
          let text = "\(epoch):\(place)"
          let position = try #require(HistoryPosition(text))
          let tables = oracle.tables(present: 0...event.index)
          try #require(
            try await history.differences(from: tables, asOf: .position(position)) == [],
            "\(subject), seed \(seed), as of \(text)")
        }
      }
    }
  }
}

/// A world whose tables keep histories, after its files came in some calls.
private struct History {
  private let session: IngestSession
  /// When what each call brought became known.
  private(set) var knownAfterCall: [[String: Int64]] = []

  init(_ bench: WorldBench, calls: [[Int]]) async throws {
    var configuration = bench.configuration
    for name in configuration.collections.keys {
      configuration.collections[name]?.history = HistoryRule()
    }
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    var session = try await IngestSession(
      configuration, store: store, width: 1)
    let drop = BucketDirectory(root: bench.directory.path)
    for call in calls {
      for file in call {
        try drop.place(bench.bucket.files[file].bytes, at: bench.bucket.files[file].relativePath)
      }
      let paths = call.map {
        BatchPath("\(bench.directory.path)/\(bench.bucket.files[$0].relativePath)")
      }
      _ = try await session.ingest(try DropScanner(paths: paths).scan()) { _ in }
      knownAfterCall.append(
        try await session.withStore { store in
          let statement = try store.connection.prepare(
            """
            SELECT name, known_at FROM _resequel_histories AS h
              JOIN _resequel_collections AS c ON c.id = h.collection
            """)
          var times: [String: Int64] = [:]
          while try statement.step() { times[statement.text(0) ?? ""] = statement.integer(1) }
          return times
        })
    }
    self.session = session
  }

  /// What is known now of every row, without when that became known.
  func versions() async throws -> [String] {
    try await session.withStore { store in
      var lines: [String] = []
      for collection in try store.allCollections() {
        // Columns are numbered as they arrive.
        let names = store.versionColumns(ofHistory: collection)
          .filter { !["_known_from", "_known_to", "_file"].contains($0) }.sorted()
        let view = Identifier.quoted("_resequel_current_history_\(collection.name)")
        let statement = try store.connection.prepare(
          """
          SELECT \(names.map(Identifier.quoted).joined(separator: ", ")),
            (SELECT path FROM _resequel_files AS f WHERE f.id = v._file) FROM \(view) AS v
          """)
        while try statement.step() {
          lines.append(
            collection.name + ": "
              + (0..<statement.columnCount).map { statement.text(Int32($0)) ?? "NULL" }
              .joined(separator: "|"))
        }
      }
      return lines.sorted()
    }
  }

  /// Compares the rows as they were, or as they were known, with what they should be.
  func differences(
    from expected: [String: ExpectedTable], asOf: HistoryMoment? = nil,
    knownAt: [String: Int64]? = nil
  ) async throws -> [String] {
    let actual = try await session.withStore { store in
      var tables: [String: StoredTables.Table] = [:]
      for collection in try store.allCollections() {
        var table = StoredTables.Table()
        table.columns = store.rowColumns(ofHistory: collection)
        var query = HistoryQuery()
        query.asOf = asOf
        query.knownAt = knownAt.map { $0[collection.name] ?? 0 }
        try store.readRows(collection, asIn: query) { row in
          table.rows.append((0..<row.count).map { row[$0].bytes })
        }
        tables[collection.name] = table
      }
      return tables
    }
    var differences: [String] = []
    for (name, table) in expected.sorted(by: { $0.key < $1.key }) {
      guard let rows = actual[name] else {
        if !table.rows.isEmpty { differences.append("\(name): there is no table") }
        continue
      }
      var comparison = TableComparison(expected: table, columns: rows.columns)
      for row in rows.rows { comparison.see(bytes: row) }
      differences += comparison.finish().map(\.description)
    }
    return differences
  }
}

extension RowView.Value {
  /// The text of the value; nil for NULL.
  fileprivate var bytes: [UInt8]? {
    switch self {
    case .null: nil
    case .integer(let number): Array(String(number).utf8)
    case .real(let number): Array(number.description.utf8)
    case .text(let bytes), .blob(let bytes): Array(bytes)
    }
  }
}
