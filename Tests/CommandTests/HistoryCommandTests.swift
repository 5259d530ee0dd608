import Foundation
import Testing

/// Rows as they were, on the command line.
@Suite(needsProgram) struct HistoryCommandTests {
  private let drop = Sample.named("nation-updated").directory.appending(path: "drop").path

  private func withHistory(_ body: (CommandRunner) throws -> Void) throws {
    try withRunner { runner in
      try runner.write(
        "collections:\n  nation: {key: [n_nationkey], history: true}\n", to: "r.yaml")
      let result = try runner.run(["replay", drop, "--db", "a.db", "--config", "r.yaml"])
      #expect(result.status == 0, "\(result)")
      try body(runner)
    }
  }

  // Prevents: positions that can be read in one place and not be written in the other.
  @Test func `each position that a history shows can be asked for`() throws {
    try withHistory { runner in
      let history = try runner.run(["inspect", "a.db", "nation", "--history", "--json"])
      let versions = history.output.split(separator: "\n").compactMap {
        try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
      }
      #expect(versions.count == 2, "\(history)")
      for version in versions {
        let position = try #require(version["_valid_from"] as? String)
        let rows = try runner.run(
          ["inspect", "a.db", "nation", "--as-of", position, "--json"])
        #expect(rows.status == 0)
        #expect(rows.output.contains(version["n_name"] as? String ?? "?"))
      }
    }
  }

  // Prevents: a time that is read in the wrong zone, or as something else.
  @Test func `a moment before everything shows no row, one behind it shows all`() throws {
    try withHistory { runner in
      for moment in ["1969-12-31T23:59:59.5+01:00", "@0", "0/1", "1970-01-01"] {
        let rows = try runner.run(["inspect", "a.db", "nation", "--as-of", moment, "--json"])
        #expect(rows.status == 0 && rows.output == "", "\(moment): \(rows)")
      }
      for moment in ["2999-01-01", "2999-01-01T00:00Z", "999999999"] {
        let rows = try runner.run(["inspect", "a.db", "nation", "--as-of", moment, "--json"])
        #expect(rows.output.contains("Updating test name"), "\(moment): \(rows)")
      }
      let before = try runner.run([
        "inspect", "a.db", "nation", "--known-at", "2020-01-01", "--json",
      ])
      #expect(before.status == 0 && before.output == "")
    }
  }

  // Prevents: a question about the past that is answered with the present.
  @Test func `without a history the message says how to have one`() throws {
    try withRunner { runner in
      _ = try runner.run(["replay", drop, "--db", "a.db", "--key", "nation=n_nationkey"])
      for flags in [["--history"], ["--as-of", "1"], ["--known-at", "@1"]] {
        let result = try runner.run(["inspect", "a.db", "nation"] + flags)
        #expect(result.status == 2 && result.output == "")
        #expect(result.talk.contains("history: true"), "\(result)")
      }
    }
  }

  @Test(arguments: ["2026-13-01", "2026-02-29", "10//1", "1/2/3/4/5", "2026-11-21T25:00", ""])
  func `a moment of neither form is wrong usage`(moment: String) throws {
    try withHistory { runner in
      let result = try runner.run(["inspect", "a.db", "nation", "--as-of=\(moment)"])
      #expect(result.status == 64, "\(result)")
    }
  }
}
