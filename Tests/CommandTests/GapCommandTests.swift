import Foundation
import SQLiteKit
import Testing

/// What a person or a script gets to see of a file that is missing, at night: the steps of
/// `make demo-gap`.
@Suite(needsProgram) struct GapCommandTests {
  private static let flags = [
    "--db", "a.db", "--key", "t=id", "--once", "--settle", "0", "--progress", "none",
  ]

  /// A change of a MySQL log; each is the next of its table.
  private func change(_ operation: String, _ id: Int, _ value: String, _ place: Int) -> String {
    let isInsert = operation == "I"
    return #"{"tableName":{"namespace":{"catalog":"c","schema":"s","hash":0},"name":"t","hash":0},"#
      + #""opType":"\#(operation)","cursor":{"extractorId":0,"timestamp":1000,"log":"bin.000001","#
      + #""position":\#(place),"logSeqNum":1,"v":2},"#
      + #""before":{"id":"\#(isInsert ? "null" : "\(id)")","v":"null"},"#
      + #""after":{"id":"\#(id)","v":"\#(value)"},"exists":{"id":"\#(isInsert ? 1 : 3)","v":"1"},"#
      + #""operationcount":{"insertCount":\#(place),"updateCount":0,"deleteCount":0,"#
      + #""replaceCount":0}}"# + "\n"
  }

  /// Four changes, one a file; the second does not come.
  private func withGap(_ body: (CommandRunner) throws -> Void) throws {
    try withRunner { runner in
      try runner.write(change("I", 1, "a", 1), to: "drop/t_1.json")
      try runner.write(change("U", 1, "c", 3), to: "drop/t_3.json")
      try runner.write(change("I", 2, "d", 4), to: "drop/t_4.json")
      try body(runner)
    }
  }

  private func sync(_ runner: CommandRunner, wait: String) throws -> CommandRunner.Result {
    try runner.run(["sync", "drop"] + Self.flags + ["--gap-wait", wait])
  }

  private func value(_ runner: CommandRunner) throws -> String {
    try runner.run(["inspect", "a.db", "t", "--id", "1", "--format", "csv"]).output
  }

  private func status(_ runner: CommandRunner) throws -> (exit: Int32, t: [String: Any]) {
    let result = try runner.run(["status", "a.db", "--json"])
    let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
    let report = try #require(object as? [String: Any])
    #expect(report["complete"] as? Bool == (result.status == 0))
    return (result.status, try #require((report["collections"] as? [[String: Any]])?.first))
  }

  // Prevents a monitor from having to guess which file to look for, and since when.
  @Test func `status names the file that is missing, since when, and what waits for it`() throws {
    try withGap { runner in
      #expect(try sync(runner, wait: "10m").status == 1)
      let (exit, t) = try status(runner)
      #expect(exit == 1 && t["waiting"] as? Int == 2 && t["provisional"] as? Int == 0)
      // A file whose changes all wait does not pass for one that is applied.
      let text = try runner.run(["status", "a.db"]).output
      #expect(text.contains("\nfiles: 1 applied, 2 waiting\n"), "\(text)")
      let gap = try #require((t["gaps"] as? [[String: Any]])?.first)
      #expect(gap["kind"] as? String == "proven")
      #expect((gap["likely_file"] as? String)?.hasSuffix("/drop/t_2.json") == true)
      #expect(gap["first_counter"] as? Int == 2 && gap["last_counter"] as? Int == 2)
      #expect(gap["policy"] as? String == "wait" && gap["waived"] as? Bool == false)
      #expect(gap["waiting"] as? Int == 2)
      let format = ISO8601DateFormatter()
      let since = try #require(format.date(from: gap["since"] as? String ?? ""))
      let deadline = try #require(format.date(from: gap["deadline"] as? String ?? ""))
      #expect(deadline.timeIntervalSince(since) == 600)
    }
  }

  // Prevents a message that does not say what is missing, what became of the rest, and what to do.
  @Test func `the text says what is missing, what waits, and how to go on`() throws {
    try withGap { runner in
      let synced = try sync(runner, wait: "forever").output
      let shown = try runner.run(["status", "a.db"]).output
      for text in [synced, shown] {
        let lines = text.split(separator: "\n")
        let place = try #require(lines.firstIndex { $0.hasPrefix("Missing in t: ") })
        #expect(
          lines[place].hasSuffix("/drop/t_2.json (1 change, count 2; the running counts prove it)"))
        #expect(lines[place + 1].hasPrefix("  since 2"))
        #expect(
          lines[place + 1].hasSuffix(
            "Z; 2 changes behind it wait for ever (gap_wait); the table is as it was before the gap"
          ))
        #expect(
          lines[place + 2]
            == "  bring the whole file, or go on without it: sync with --gap-wait 0")
      }
      #expect(try value(runner).hasSuffix(",a\n"))
    }
  }

  // Prevents a moment that is over from being told as one to come.
  @Test func `a wait that is over is told as over`() throws {
    try withGap { runner in
      #expect(try sync(runner, wait: "1ms").status == 1)
      #expect(try sync(runner, wait: "24h").status == 1)
      let coming = try runner.run(["status", "a.db"]).output
      #expect(!coming.contains("had to wait"))
      let database = runner.directory.appending(path: "a.db").path
      let connection = try Connection(path: database, mode: .readWrite)
      try connection.execute("UPDATE _resequel_gaps SET deadline = 0, is_waived = 0")
      connection.close()
      let over = try runner.run(["status", "a.db"]).output
      #expect(over.contains("had to wait until 1970-01-01T00:00:00Z (gap_wait), and the next sync"))
    }
  }

  // Prevents a gap that nobody can end, and rows that pass for certain after it was ended.
  @Test func `without a wait the table goes on as provisional, until the file comes`() throws {
    try withGap { runner in
      #expect(try sync(runner, wait: "forever").status == 1)
      let waived = try sync(runner, wait: "0")
      #expect(waived.status == 1)
      #expect(waived.output.contains("not waited for: what lies behind it is applied"))
      #expect(try value(runner).hasSuffix(",c\n"))
      let (exit, t) = try status(runner)
      #expect(exit == 1 && t["waiting"] as? Int == 0 && t["provisional"] as? Int == 2)
      let gap = try #require((t["gaps"] as? [[String: Any]])?.first)
      #expect(gap["policy"] as? String == "waived" && gap["waived"] as? Bool == true)

      try runner.write(change("U", 1, "b", 2), to: "drop/t_2.json")
      let whole = try sync(runner, wait: "10m")
      #expect(whole.status == 0, "\(whole)")
      #expect(try value(runner).hasSuffix(",c\n"))
      let (done, after) = try status(runner)
      #expect(done == 0 && after["provisional"] as? Int == 0)
      #expect((after["gaps"] as? [Any])?.isEmpty == true)
      #expect(try runner.run(["verify", "a.db", "drop"]).status == 0)
    }
  }

  // Prevents changes that waited from being forgotten when their file comes.
  @Test func `the missing file releases what waits, in one commit`() throws {
    try withGap { runner in
      #expect(try sync(runner, wait: "forever").status == 1)
      try runner.write(change("U", 1, "b", 2), to: "drop/t_2.json")
      let whole = try sync(runner, wait: "forever")
      #expect(whole.status == 0 && whole.output.hasPrefix("Applied 3 changes of "), "\(whole)")
      #expect(try value(runner).hasSuffix(",c\n"))
    }
  }

  // Prevents two files that contradict each other from ending green.
  @Test func `a conflict is named by sync, replay and status, and is exit 1`() throws {
    try withRunner { runner in
      try runner.write(change("I", 1, "ACTIVE", 1), to: "drop/t_1.json")
      try runner.write(change("I", 1, "SUSPENDED", 1), to: "drop/t_2.json")
      let replayed = try runner.run([
        "replay", "drop", "--db", "b's copy.db", "--key", "t=id", "--progress", "none",
      ])
      let synced = try sync(runner, wait: "10m")
      let shown = try runner.run(["status", "./a.db"])
      for (result, database) in [
        (replayed, #"'b'\''s copy.db'"#), (synced, "a.db"), (shown, "./a.db"),
      ] {
        #expect(result.status == 1)
        #expect(result.output.contains("In conflict in t: 1\n"), "\(result)")
        // The command can be run as it is printed.
        #expect(result.output.contains("  see both: resequel why \(database) t 1\n"), "\(result)")
      }
      let (exit, t) = try status(runner)
      #expect(exit == 1 && t["conflicts"] as? Int == 1)
      #expect(t["conflicting_rows"] as? [String] == ["1"])
      let why = try runner.run(["why", "a.db", "t", "1"]).output
      #expect(why.contains("in conflict with #2") && why.contains("in conflict with #1"))
    }
  }
}
