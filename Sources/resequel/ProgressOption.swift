import ArgumentParser

/// `--progress`, of every command that reads files for long.
struct ProgressOption: ParsableArguments {
  @Option(
    name: .customLong("progress"),
    help: ArgumentHelp(
      "How progress is shown on stderr: auto (bars on a terminal, else lines), plain (a line every "
        + "5 seconds) or none.", valueName: "mode"))
  var mode: ProgressMode = .auto
}
