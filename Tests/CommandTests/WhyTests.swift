import CollectionStore
import Foundation
import SQLiteKit
import Testing

@Suite(needsProgram) struct WhyTests {
  private let drop = Sample.named("nation-updated").directory.appending(path: "drop").path
  private let key = ["--key", "nation=n_nationkey"]

  // Prevents: an answer that only programmers can read, or only people.
  @Test func `the changes of a row are shown in order, as text and as JSON`() throws {
    try withRunner { runner in
      _ = try runner.run(["replay", drop, "--db", "a.db"] + key)
      let text = try runner.run(["why", "a.db", "nation", "100"])
      #expect(text.status == 0, "\(text)")
      #expect(text.output.contains("nation 100 is a row. It saw 2 changes."))
      #expect(text.output.contains("#1  insert, at 10/7461/1"))
      #expect(text.output.contains("drop/nation_2.json, record 0 at byte 0"))
      #expect(text.output.contains("n_name = Testing name"))
      #expect(text.output.contains("won: today's n_comment, n_name, n_nationkey, n_regionkey"))
      let bare = try runner.run(["why", "a.db", "nation", "100", "--no-values"])
      #expect(bare.status == 0 && !bare.output.contains("Testing"))
      let json = try object(runner.run(["why", "a.db", "nation", "100", "--json"]).output)
      let changes = try #require(json["changes"] as? [[String: Any]])
      #expect(changes.map { $0["operation"] as? String } == ["insert", "update"])
      #expect(changes.map { $0["position"] as? String } == ["10/7461/1", "10/9149/1"])
      #expect(changes.map { $0["outcome"] as? String } == ["overwritten", "won"])
      #expect((changes[1]["sets"] as? [String: String])?["n_name"] == "Updating test name")
    }
  }

  // Prevents: a script that cannot tell an answer from none.
  @Test func `a row never seen is exit 1, a table that is not there exit 2`() throws {
    try withRunner { runner in
      _ = try runner.run(["replay", drop, "--db", "a.db"] + key)
      let unseen = try runner.run(["why", "a.db", "nation", "7"])
      #expect(unseen.status == 1 && unseen.output == "nation 7 was never seen.\n")
      #expect(try runner.run(["why", "a.db", "nations", "7"]).status == 2)
    }
  }

  // Prevents: a story that stops without a word where a file is gone.
  @Test func `a file that is gone is named and is exit 1`() throws {
    try withRunner { runner in
      try copyDrop(runner)
      _ = try runner.run(["replay", "drop", "--db", "a.db"] + key)
      try remove("drop/nation_1.json", runner)
      let result = try runner.run(["why", "a.db", "nation", "100"])
      #expect(result.status == 1)
      #expect(result.output.contains("The story is incomplete."))
      #expect(result.output.contains("drop/nation_1.json: gone"))
    }
  }

  // Prevents: a comparison that cannot fail, or one that calls nothing equal.
  @Test func `verify says equal, different, and nothing to compare`() throws {
    try withRunner { runner in
      try copyDrop(runner)
      _ = try runner.run(["replay", "drop", "--db", "a.db"] + key)
      let equal = try runner.run(["verify", "a.db", "drop"])
      #expect(equal.status == 0 && equal.output.hasSuffix("\nEqual.\n"), "\(equal)")
      #expect(equal.output.contains("covers    1 of 1 row, from 2 of 2 files"))

      let store = try CollectionStore(
        opening: .file(runner.directory.appending(path: "a.db").path), mode: .readWrite)
      try store.connection.execute("UPDATE nation SET n_name = 'x'")
      try store.close()
      let different = try runner.run(["verify", "a.db", "drop"])
      #expect(different.status == 1)
      #expect(different.output.contains("differs   100: n_name\n"))
      #expect(different.output.contains("resequel why a.db nation 100"))
      #expect(!different.output.contains("Updating"))
      let values = try runner.run(["verify", "a.db", "drop", "--values"])
      #expect(values.output.contains("n_name is x, from the files Updating test name"))
      let json = try object(runner.run(["verify", "a.db", "drop", "--json"]).output)
      #expect(json["equal"] as? Bool == false && json["exit_status"] as? Int == 1)

      for name in ["nation_1.json", "nation_2.json"] { try remove("drop/\(name)", runner) }
      let nothing = try runner.run(["verify", "a.db", "drop"])
      #expect(nothing.status == 2)
      #expect(nothing.output.hasSuffix("\nNothing could be compared.\n"))
    }
  }

  private func copyDrop(_ runner: CommandRunner) throws {
    try FileManager.default.copyItem(
      atPath: drop, toPath: runner.directory.appending(path: "drop").path)
  }

  private func remove(_ path: String, _ runner: CommandRunner) throws {
    try FileManager.default.removeItem(at: runner.directory.appending(path: path))
  }

  private func object(_ text: String) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(object as? [String: Any])
  }
}
