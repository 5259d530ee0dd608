import ArgumentParser
import ChangeModel
import CollectionStore
import Pipeline

/// What a run did, how long it took, and whether somebody stopped it: the end of `replay` and
/// `sync`.
struct RunReport: Sendable {
  /// What it did; nil when it was stopped before it could say.
  var summary: RunSummary?
  /// Whether SIGINT or SIGTERM asked it to stop.
  var wasInterrupted: Bool
  /// How long it took, in seconds.
  var seconds: Double

  /// Runs something until it ends or is interrupted. `cleanup` comes before anything is thrown.
  static func timed(
    _ work: @escaping @Sendable () async throws -> RunSummary, finally cleanup: () -> Void
  ) async throws -> RunReport {
    let start = ContinuousClock.now
    defer { cleanup() }
    let outcome = try await Interruption.run(work)
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return RunReport(
      summary: outcome.value, wasInterrupted: outcome.wasInterrupted, seconds: seconds)
  }

  /// The exit status: a clean stop is a success, whatever is left to do.
  var exitStatus: Int32 {
    wasInterrupted || summary?.isComplete ?? false ? 0 : Ending.incomplete.rawValue
  }

  /// Prints the report.
  ///
  /// - Throws: The exit status, when it is not 0; an ``OutputError``.
  func print(asJSON: Bool, database: String) throws {
    let tables = summary?.sizes ?? TableSize.all(in: database)
    var output = OutputWriter()
    if asJSON {
      try output.write(SummaryJSON.bytes(of: self, tables: tables))
    } else {
      try output.write(SummaryText.text(of: self, tables: tables, database: database))
    }
    try output.flush()
    if exitStatus != 0 { throw ExitCode(exitStatus) }
  }
}
