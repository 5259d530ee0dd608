import Foundation
import Testing

@Suite(needsProgram) struct RunTests {
  private let drop = Sample.named("nation-updated").directory.appending(path: "drop").path
  private let key = ["--key", "nation=n_nationkey"]

  // Prevents: a summary that scripts cannot read.
  @Test func `the summary is one JSON object`() throws {
    try withRunner { runner in
      let result = try runner.run(["replay", drop, "--db", "a.db", "--json"] + key)
      #expect(result.status == 0, "\(result)")
      let summary = try object(result.output)
      #expect(summary["complete"] as? Bool == true)
      #expect(summary["exit_status"] as? Int == 0)
      #expect(summary["files"] as? Int == 2)
      #expect(summary["changes"] as? Int == 2)
      let tables = try #require(summary["tables"] as? [[String: Any]])
      #expect(tables.map { $0["name"] as? String } == ["nation"])
      #expect(tables.map { $0["rows"] as? Int } == [1])
    }
  }

  // Prevents: a stage whose time is counted twice or nowhere, so that a slow one is not found.
  @Test func `a replay says how long each of its stages took`() throws {
    try withRunner { runner in
      let result = try runner.run(["replay", drop, "--db", "a.db", "--json"] + key)
      let summary = try object(result.output)
      let stages = try #require(summary["stages"] as? [String: Double])
      #expect(Set(stages.keys) == ["take_in", "read", "order", "write", "finish"])
      #expect(stages.values.allSatisfy { $0 > 0 })
      let whole = try #require(summary["seconds"] as? Double)
      #expect(stages.values.reduce(0, +) <= whole)
      let followed = try runner.run(["sync", drop, "--db", "b.db", "--once", "--json"] + key)
      #expect(try object(followed.output)["stages"] == nil)
    }
  }

  // Prevents: a configuration file that only works together with the flags it should replace.
  @Test func `the configuration file alone is enough`() throws {
    try withRunner { runner in
      try runner.write(
        "database: a.db\ncollections:\n  nation: {key: [n_nationkey]}\n", to: "r.yaml")
      let result = try runner.run(["replay", drop, "--config", "r.yaml"])
      #expect(result.status == 0, "\(result)")
      let rows = try runner.run(["inspect", "a.db", "nation", "--format", "csv", "--id", "100"])
      #expect(rows.output.contains("Updating test name"))
    }
  }

  // Prevents: a key that is guessed, or a hold that does not say how to end it.
  @Test func `a table without a known key is held and its flag is named`() throws {
    try withRunner { runner in
      let result = try runner.run(["replay", drop, "--db", "a.db"])
      #expect(result.status == 1)
      #expect(result.output.contains("Held: 2 changes of table"))
      #expect(result.output.contains("--key"))
      #expect(result.output.contains("n_nationkey"))
      // The flag alone releases what was held.
      let again = try runner.run(["replay", drop, "--db", "a.db"] + key)
      #expect(again.status == 0, "\(again)")
      let rows = try runner.run(["inspect", "a.db", "nation", "--format", "csv"])
      #expect(rows.output.contains("Updating test name"))
    }
  }

  // Prevents: one bad record that costs a file, or one that is lost without a word.
  @Test func `a malformed record is quarantined and the others apply`() throws {
    try withRunner { runner in
      var text = ""
      for name in ["nation_2.json", "nation_1.json"] {
        text += try String(contentsOfFile: drop + "/" + name, encoding: .utf8)
        if name == "nation_2.json" { text += "{\"tableName\": oops}\n" }
      }
      try runner.write(text, to: "drop/nation_1.json")
      let result = try runner.run(["replay", "drop", "--db", "a.db", "--json"] + key)
      #expect(result.status == 1, "\(result)")
      #expect(try object(result.output)["quarantined"] as? Int == 1)
      let rows = try runner.run(["inspect", "a.db", "nation", "--format", "csv"])
      #expect(rows.output.contains("Updating test name"))
      let status = try runner.run(["status", "a.db"])
      #expect(status.status == 1)
      // Which record, and why, stands where people look; also where the table is judged by its rows.
      #expect(status.output.contains("In quarantine: 1 record that is not in the tables\n"))
      #expect(status.output.contains("/drop/nation_1.json: record 1 at byte "))
      for arguments in [["verify", "a.db", "drop"], ["why", "a.db", "nation", "100"]] {
        let told = try runner.run(arguments).output
        #expect(told.contains("1 record in quarantine: SELECT * FROM _resequel_quarantined"))
      }
    }
  }

  // Prevents a report of a fault that does not say of which program.
  @Test func `the program says its version`() throws {
    try withRunner { runner in
      let result = try runner.run(["--version"])
      #expect(result.status == 0 && result.output.hasPrefix("resequel 0."), "\(result)")
    }
  }

  // Prevents: a file that is written over because its name was given by mistake.
  @Test func `a file that is not our database is refused and stays`() throws {
    try withRunner { runner in
      try runner.write("not a database", to: "a.db")
      let result = try runner.run(["replay", drop, "--db", "a.db"] + key)
      #expect(result.status == 2)
      #expect(result.talk.hasPrefix("resequel: "))
      let kept = try String(
        contentsOf: runner.directory.appending(path: "a.db"), encoding: .utf8)
      #expect(kept == "not a database")
    }
  }

  // Prevents: an unmounted drop that looks like an empty one.
  @Test(arguments: ["replay", "sync"])
  func `a path that does not exist cannot be run`(command: String) throws {
    try withRunner { runner in
      let once = command == "sync" ? ["--once"] : []
      let result = try runner.run([command, "nowhere", "--db", "a.db"] + once + key)
      #expect(result.status == 2, "\(result)")
      #expect(result.talk.contains("nowhere"))
    }
  }

  // Prevents: a service that cannot be stopped without losing what it did, or that counts being
  // stopped as a failure.
  @Test(arguments: [SIGINT, SIGTERM])
  func `a signal stops sync at a commit with success`(signal: Int32) throws {
    try withRunner { runner in
      let talk = Pipe()
      let process = try runner.start(
        ["sync", drop, "--db", "a.db", "--settle", "0", "--progress", "plain"] + key, stderr: talk)
      // It says so when it has applied what is there and waits.
      var said = ""
      while !said.contains("waiting for more\n") {
        let bytes = talk.fileHandleForReading.availableData
        guard !bytes.isEmpty else { break }
        said += String(decoding: bytes, as: UTF8.self)
      }
      #expect(said.contains("read 2 records of 2 files, waiting for more\n"))
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      let result = try runner.result(of: process)
      #expect(result.status == 0)
      #expect(result.output.contains("Stopped; nothing is half done."))
      let rows = try runner.run(["inspect", "a.db", "nation", "--format", "csv"])
      #expect(rows.output.contains("Updating test name"))
    }
  }

  private func object(_ text: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(object as? [String: Any])
  }
}
