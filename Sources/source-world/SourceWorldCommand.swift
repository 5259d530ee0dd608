import ArgumentParser

/// A simulated source database and the bucket that its changes fall into.
@main
struct SourceWorldCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "source-world",
    abstract: "Play a source database from a seed: write its change files, and say what is right.",
    subcommands: [Generate.self, Check.self, Deliver.self])
}
