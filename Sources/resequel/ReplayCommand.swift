import ArgumentParser
import Pipeline

/// `resequel replay`.
struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Apply a finished dump: files or directories, in any order, read once.",
    discussion: """
      The tables are the same whatever the order of the files, and whether they are replayed in \
      one call or in many. Files that are known already are not read again.
      """)

  @Argument(help: ArgumentHelp("Batch files, or directories that hold them.", valueName: "path"))
  var paths: [String]

  @OptionGroup var ingest: IngestOptions

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Make this collection anew from the files, and swap it in at the end.",
      valueName: "collection"))
  var rebuild: String?

  func run() async throws {
    let configuration = try ingest.configuration()
    let display = ProgressDisplay(mode: ingest.progress.mode, isFollowing: false)
    let outcome = try await RunReport.timed { [paths, rebuild] in
      try await Replay(configuration, rebuild: rebuild).run(paths: paths, onEvent: display.show)
    } finally: {
      display.finish()
    }
    try outcome.print(asJSON: ingest.json, database: configuration.database)
  }
}
