import ArgumentParser

/// `resequel status`.
struct StatusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Show what is applied, held and waited for, per collection.",
    discussion: """
      Reads only; may run while replay or sync writes. Exit status: 0 everything is applied; 1 \
      something is quarantined, held, missing, provisional or in conflict; 2 the file could not be read.
      """)

  @Argument(help: ArgumentHelp("The SQLite file.", valueName: "file"))
  var file: String

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  func run() throws {
    let report = try StoreReader(path: file).status()
    var output = OutputWriter()
    if json {
      try output.write(StatusJSON.bytes(of: report))
    } else {
      try output.write(StatusText.text(of: report, database: file))
    }
    try output.flush()
    if !report.isComplete { throw Ending.incomplete }
  }
}
