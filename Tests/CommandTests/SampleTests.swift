import Foundation
import Testing

/// A directory of `Samples`.
struct Sample: Sendable, CustomTestStringConvertible {
  /// Where it lies.
  var directory: URL
  var testDescription: String { directory.lastPathComponent }

  /// The flags that it needs.
  func flags() throws -> [String] {
    try String(contentsOf: directory.appending(path: "flags"), encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  /// What each table must be, as `inspect --format json` prints it.
  func expected() throws -> [(table: String, rows: String)] {
    try Sample.names(in: directory.appending(path: "expected")).map { name in
      let url = directory.appending(path: "expected/\(name)")
      return (String(name.dropLast(".jsonl".count)), try String(contentsOf: url, encoding: .utf8))
    }
  }

  /// The batch files, by name; what describes them (`.yaml`) is not among them.
  func batchFiles() throws -> [String] {
    try Sample.names(in: directory.appending(path: "drop"))
      .filter { $0.contains("_") && !$0.hasSuffix(".yaml") }
  }

  /// All of them.
  static let all: [Sample] = {
    let root = CommandRunner.package.appending(path: "Samples")
    let found = (try? names(in: root)) ?? []
    return found.map { Sample(directory: root.appending(path: $0)) }
      .filter { FileManager.default.fileExists(atPath: $0.directory.appending(path: "flags").path) }
  }()

  /// One of them.
  static func named(_ name: String) -> Sample {
    Sample(directory: CommandRunner.package.appending(path: "Samples/\(name)"))
  }

  private static func names(in directory: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted()
  }
}

/// Every order of some things.
func permutations<Element>(_ elements: [Element]) -> [[Element]] {
  guard elements.count > 1 else { return [elements] }
  return elements.indices.flatMap { index in
    var rest = elements
    let first = rest.remove(at: index)
    return permutations(rest).map { [first] + $0 }
  }
}

@Suite(needsProgram) struct SampleTests {
  @Test func `there are samples`() {
    #expect(Sample.all.count >= 10)
  }

  // Prevents: a format that is no longer read as its vendor published it.
  @Test(arguments: Sample.all)
  func `a sample replayed in one call gives its tables`(sample: Sample) throws {
    try withRunner { runner in
      let drop = sample.directory.appending(path: "drop").path
      let result = try runner.run(["replay", drop, "--db", "a.db"] + sample.flags())
      #expect(result.status == 0, "\(result)")
      try expectTables(of: sample, runner)
    }
  }

  // Prevents: the last file that arrives winning.
  @Test(arguments: ["nation", "nation-updated", "nation-all", "region-native"])
  func `every arrival order gives the same tables, in one call and in many`(name: String) throws {
    let sample = Sample.named(name)
    let files = try sample.batchFiles().map { sample.directory.appending(path: "drop/\($0)").path }
    for order in permutations(files) {
      try withRunner { runner in
        let result = try runner.run(["replay"] + order + ["--db", "a.db"] + sample.flags())
        #expect(result.status == 0, "\(order): \(result)")
        try expectTables(of: sample, runner)
      }
      try withRunner { runner in
        for file in order {
          let result = try runner.run(["replay", file, "--db", "a.db"] + sample.flags())
          #expect(result.status <= 1, "\(order): \(result)")
        }
        try expectTables(of: sample, runner)
      }
    }
  }

  // Prevents: a sync that gives other tables than a replay of the same files.
  @Test(arguments: ["nation", "nation-updated", "region-cassandra"])
  func `every arrival order gives the same tables when synced`(name: String) throws {
    let sample = Sample.named(name)
    for order in permutations(try sample.batchFiles()) {
      try withRunner { runner in
        let drop = runner.directory.appending(path: "drop")
        try FileManager.default.createDirectory(at: drop, withIntermediateDirectories: true)
        for file in order {
          try FileManager.default.copyItem(
            at: sample.directory.appending(path: "drop/\(file)"), to: drop.appending(path: file))
          let result = try runner.run(
            ["sync", "drop", "--once", "--settle", "0", "--gap-wait", "0", "--db", "a.db"]
              + sample.flags())
          #expect(result.status <= 1, "\(order): \(result)")
        }
        try expectTables(of: sample, runner)
      }
    }
  }

  private func expectTables(
    of sample: Sample, _ runner: CommandRunner, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    for (table, rows) in try sample.expected() {
      let result = try runner.run(["inspect", "a.db", table, "--format", "json"])
      #expect(result.status == 0, "\(result)", sourceLocation: sourceLocation)
      #expect(result.output == rows, sourceLocation: sourceLocation)
    }
  }
}
