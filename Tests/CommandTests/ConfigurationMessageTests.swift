import Testing

@Suite(needsProgram) struct ConfigurationMessageTests {
  // Prevents: a misspelt setting that is silently not applied.
  @Test func `an unknown key of the configuration is named with its line and the nearest one`()
    throws
  {
    try withRunner { runner in
      try runner.write("database: a.db\ngap_wiat: 5s\n", to: "r.yaml")
      let result = try runner.run(["replay", "drop", "--config", "r.yaml"])
      #expect(result.status == 2)
      #expect(
        result.talk == """
          resequel: r.yaml:2: the file: unknown key "gap_wiat"
            the nearest known key is "gap_wait"

          """)
    }
  }

  // Prevents: a run that goes on with defaults because its settings were not found.
  @Test func `a configuration file that does not exist ends the run`() throws {
    try withRunner { runner in
      let result = try runner.run(["replay", "drop", "--db", "a.db", "--config", "no.yaml"])
      #expect(result.status == 2)
      #expect(result.talk.hasPrefix("resequel: no.yaml: cannot read the configuration file"))
    }
  }
}
