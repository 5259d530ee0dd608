import Testing

@Suite(needsProgram) struct UsageTests {
  static let wrong: [[String]] = [
    ["replay"],
    ["replay", "drop"],
    ["sync", "--db", "a.db"],
    ["frobnicate"],
    ["replay", "drop", "--db", "a.db", "--frob"],
    ["replay", "drop", "--db", "a.db", "--key", "nation"],
    ["replay", "drop", "--db", "a.db", "--key", "nation="],
    ["replay", "drop", "--db", "a.db", "--key", "nation=a,a"],
    ["replay", "drop", "--db", "a.db", "--key", "nation=@rows"],
    ["replay", "drop", "--db", "a.db", "--only", "[a"],
    ["replay", "drop", "--db", "a.db", "--gap-wait", "10"],
    ["replay", "drop", "--db", "a.db", "--gap-wait", "1.5s"],
    ["replay", "drop", "--db", "a.db", "--progress", "loud"],
    ["sync", "drop", "--db", "a.db", "--poll", "1ms"],
    ["sync", "drop", "--db", "a.db", "--poll", "forever"],
    ["sync", "drop", "--db", "a.db", "--settle", "2d"],
    ["inspect", "a.db", "nation", "--limit", "-1"],
    ["inspect", "a.db", "--id", "1"],
    ["inspect", "a.db", "nation", "--format", "xml"],
    ["status"],
    ["why", "a.db", "nation"],
    ["verify", "a.db"],
  ]

  // Prevents: a mistyped command that runs with something else than was meant, or one that scripts
  // cannot tell from a run that failed.
  @Test(arguments: wrong)
  func `wrong usage ends with 64 and says what is wrong on stderr`(arguments: [String]) throws {
    try withRunner { runner in
      let result = try runner.run(arguments)
      #expect(result.status == 64)
      #expect(result.output.isEmpty)
      #expect(result.talk.contains("Error: "))
    }
  }

  // Prevents: advice that does not help.
  @Test func `a missing database is asked for by its flag`() throws {
    try withRunner { runner in
      let result = try runner.run(["replay", "drop"])
      #expect(result.talk.contains("--db FILE"))
      #expect(result.talk.contains("database:"))
    }
  }

  // Prevents: a path that is silently turned into another one.
  @Test func `an argument that is not UTF-8 is refused`() throws {
    try withRunner { runner in
      let result = try runner.shell(#"exec "$RESEQUEL" replay "$(printf 'a\377')" --db a.db"#)
      #expect(result.status == 64)
      #expect(result.talk.contains("argument 2 is not valid UTF-8"))
    }
  }

  // Prevents: a database that appears because somebody looked at it.
  @Test(arguments: ["status", "inspect"])
  func `a database that does not exist cannot be read`(command: String) throws {
    try withRunner { runner in
      let result = try runner.run([command, "nowhere.db"])
      #expect(result.status == 2)
      #expect(result.output.isEmpty)
      #expect(result.talk.hasPrefix("resequel: nowhere.db: "))
    }
  }
}
