import ArgumentParser
import Pipeline

/// `resequel verify`.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Recompute from the files by a slow separate path, and compare.",
    discussion: """
      Reads every record of the files that are still there, applies the changes one by one in the \
      order of the source's log, and compares the rows with those of the database, by their \
      logical digests. Files are known by their content, wherever they lie. Where some are gone, \
      the rows that they cannot have touched are still compared. Changes that wait are left out. \
      Where a log began anew, and what is missing, is judged as replay and sync do it.

      Reads only; may run while replay or sync writes. Needs memory for the values of one \
      collection in all its files.

      Exit status: 0 all rows that could be compared are equal; 1 some differ; 2 nothing could be \
      compared, or the files could not be read.
      """)

  @Argument(help: ArgumentHelp("The SQLite file.", valueName: "file"))
  var file: String

  @Argument(
    help: ArgumentHelp(
      "The batch files that it was made of, or directories that hold them.", valueName: "path"))
  var paths: [String]

  @OptionGroup var reading: ReadingOption

  @Flag(name: .long, help: "Show the values of rows that differ. Default: only their columns.")
  var values = false

  @OptionGroup var progress: ProgressOption

  @Flag(name: .long, help: "Print one JSON object.")
  var json = false

  func run() async throws {
    var configuration = try reading.configuration()
    configuration.database = file
    let verification = Verification(configuration)
    let display = ProgressDisplay(mode: progress.mode, isFollowing: false)
    let outcome = try await Interruption.run { [paths] in
      try await verification.run(paths: paths, onEvent: display.show)
    }
    display.finish()
    // A clean stop is a success, as everywhere; there is nothing to tell.
    guard let report = outcome.value else { return }
    var output = OutputWriter()
    if json {
      try output.write(VerifyJSON.bytes(of: report, showsValues: values))
    } else {
      try output.write(VerifyText.text(of: report, database: file, showsValues: values))
    }
    try output.flush()
    if report.exitStatus != 0 { throw ExitCode(report.exitStatus) }
  }
}

extension VerifyReport {
  /// 0 equal, 1 different, 2 nothing to compare.
  var exitStatus: Int32 {
    if !isEqual { return 1 }
    return isComparable ? 0 : 2
  }
}
