import ArgumentParser
import ChangeModel
import Glibc

/// The command line: puts CDC batch files back into the order of the source's log, as SQLite
/// tables.
@main
struct Resequel: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resequel",
    abstract: "Turns change data capture files, in whatever order they come, into SQLite tables.",
    discussion: """
      Reads the batch files that a CDC tool dropped (orders_1.json, orders_2.json, ...), puts \
      every change back at its place in the source's log, and keeps one SQLite file whose tables \
      equal the source's.

      Exit status: 0 all applied; 1 ran to the end, but something is quarantined, held or \
      missing; 2 could not run; 64 wrong usage.
      """,
    version: "resequel 0.1.0",
    subcommands: [
      ReplayCommand.self, SyncCommand.self, StatusCommand.self, InspectCommand.self,
      WhyCommand.self, VerifyCommand.self,
    ]
  )

  /// Runs the command, and ends the process with the status that ``Ending`` gives.
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    // A limit to the size of files is an error of the write that meets it.
    signal(SIGXFSZ, SIG_IGN)
    do {
      try RawArguments.check()
      var command = try parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Glibc.exit(Ending.status(of: error))
    }
    Glibc.exit(0)
  }
}

/// What an error means for the process: the words on stderr, and the exit status.
enum Ending {
  /// Ran to the end, but not everything is applied.
  static let incomplete = ExitCode(1)

  /// Says what is to be said about an error, and returns the exit status.
  static func status(of error: any Error) -> Int32 {
    switch error {
    case let code as ExitCode:
      return code.rawValue
    case OutputError.closed:
      // Whoever read us has seen enough (`resequel inspect … | head`).
      return 0
    case let error as OutputError:
      Talk.say("resequel: \(error)")
      return 2
    case let error as IngestError:
      Talk.say("resequel: \(error)")
      return 2
    default:
      return parserStatus(of: error)
    }
  }

  /// Help goes to stdout and is a success; wrong usage goes to stderr.
  private static func parserStatus(of error: any Error) -> Int32 {
    let code = Resequel.exitCode(for: error)
    let message = Resequel.fullMessage(for: error)
    if code == .success {
      do {
        var output = OutputWriter()
        try output.write(message + "\n")
        try output.flush()
        return 0
      } catch {
        return status(of: error)
      }
    }
    if code == .validationFailure {
      Talk.say(message)
      return code.rawValue
    }
    Talk.say("resequel: \(error)")
    return 2
  }
}
