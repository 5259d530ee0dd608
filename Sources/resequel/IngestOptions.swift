import ArgumentParser
import ChangeModel
import Pipeline

/// The flags that `replay` and `sync` share.
struct IngestOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The SQLite file; made if it does not exist. Must be on a local file system.",
      valueName: "file"))
  var db: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      """
      What identifies the rows of a table: TABLE=COL[,COL]; TABLE=@row for tables without a key \
      (the whole row, duplicates counted); TABLE=@append to make every insert a row. TABLE may be \
      a pattern ('*=id'). Repeatable; the first that matches counts. Default: what the data \
      reveals.
      """, valueName: "table=columns"),
    transform: IngestOptions.keyFlag)
  var key: [KeyFlag] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Take only the tables of this pattern (*, ?, [a-z]), by name or catalogue.schema.table. "
        + "Repeatable. Default: all.", valueName: "glob"),
    transform: IngestOptions.glob)
  var only: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Leave out the tables of this pattern. Repeatable. Default: none.", valueName: "glob"),
    transform: IngestOptions.glob)
  var skip: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "A YAML file of settings; flags win over it. At most 4 MiB.", valueName: "file"))
  var config: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How long changes behind a hole in the log wait for what is missing, counted from when the hole "
        + "was first seen; then they are applied and marked provisional. 0 never waits, forever "
        + "never gives up. replay never waits. Default: 10m.", valueName: "duration"),
    transform: IngestOptions.wait)
  var gapWait: DurationText?

  @OptionGroup var progress: ProgressOption

  @Flag(name: .long, help: "Print the summary as one JSON object.")
  var json = false

  /// The configuration file, if there is one, and the flags over it.
  ///
  /// - Throws: A fatal error for a configuration file that cannot be used; a usage error when no
  ///   database is named.
  func configuration() throws -> Configuration {
    var configuration = try config.map(ConfigurationFile.read) ?? Configuration()
    if let db { configuration.database = db }
    guard !configuration.database.isEmpty else {
      throw ValidationError("name the SQLite file with --db FILE, or `database:` in --config.")
    }
    configuration.keys = key.map { ($0.table, $0.rule) }
    configuration.only = only
    configuration.skip = skip
    switch gapWait {
    case .finite(let duration): configuration.gapWait = duration
    case .forever: configuration.gapWait = nil
    case nil: break
    }
    return configuration
  }
}

extension IngestOptions {
  /// Reads `--key`.
  static func keyFlag(_ text: String) throws -> KeyFlag {
    guard let flag = KeyFlag(text) else {
      throw ValidationError("expected TABLE=COL[,COL], TABLE=@row or TABLE=@append.")
    }
    return flag
  }

  /// Checks a pattern.
  static func glob(_ text: String) throws -> String {
    guard !text.isEmpty, Glob(text) != nil else {
      throw ValidationError("the pattern is empty, has an unclosed [ or ends with \\.")
    }
    return text
  }

  /// Reads a length of time that may be without end.
  static func wait(_ text: String) throws -> DurationText {
    guard let duration = DurationText(text) else {
      throw ValidationError("expected \(DurationText.form).")
    }
    return duration
  }

  /// Reads a length of time within limits.
  static func duration(_ text: String, within limits: ClosedRange<Duration>) throws -> Duration {
    guard case .finite(let duration)? = DurationText(text) else {
      throw ValidationError("expected a whole number and a unit (250ms, 5s, 10m, 24h, 90d).")
    }
    guard limits.contains(duration) else {
      throw ValidationError(
        "must be from \(DurationText.text(of: limits.lowerBound)) to \(DurationText.text(of: limits.upperBound))."
      )
    }
    return duration
  }
}
