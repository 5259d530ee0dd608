import ArgumentParser
import Pipeline

/// `resequel sync`.
struct SyncCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync",
    abstract: "Follow a drop: apply what lies there, then what comes, for ever.",
    discussion: """
      Stops cleanly on SIGINT and SIGTERM, at a commit; the next sync goes on from there. On \
      network and FUSE mounts, where no notification can be had, the drop is listed again and \
      again.
      """)

  @Argument(
    help: ArgumentHelp(
      "The directory that batch files are dropped into. Default: `drop:` of --config.",
      valueName: "drop"))
  var drop: String?

  @OptionGroup var ingest: IngestOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How often a drop without notifications is listed, 50ms to 1d. Default: 5s.",
      valueName: "duration"),
    transform: { try IngestOptions.duration($0, within: Configuration.pollLimits) })
  var poll: Duration?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How long a file found by listing must have been unchanged before it is read, 0 to 1d. "
        + "Default: 2s.", valueName: "duration"),
    transform: { try IngestOptions.duration($0, within: Configuration.settleLimits) })
  var settle: Duration?

  @Flag(name: .long, help: "Exit when nothing more can be done now.")
  var once = false

  func run() async throws {
    let (configuration, drop) = try settings()
    let display = ProgressDisplay(mode: ingest.progress.mode, isFollowing: !once)
    let outcome = try await RunReport.timed { [once] in
      try await Sync(configuration).run(drop: drop, once: once, onEvent: display.show)
    } finally: {
      display.finish()
    }
    try outcome.print(asJSON: ingest.json, database: configuration.database)
  }

  private func settings() throws -> (Configuration, drop: String) {
    var configuration = try ingest.configuration()
    if let poll { configuration.poll = poll }
    if let settle { configuration.settle = settle }
    guard let drop = drop ?? configuration.drop else {
      throw ValidationError("name the drop, or `drop:` in --config.")
    }
    configuration.drop = drop
    return (configuration, drop)
  }
}
