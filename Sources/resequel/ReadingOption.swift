import ArgumentParser
import Pipeline

/// `--config` of the commands that read again what was applied.
struct ReadingOption: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The YAML file of settings that the files were read with: types, orders and CSV dialects "
        + "are not kept in the database. Default: none.", valueName: "file"))
  var config: String?

  /// The settings of the file; the defaults where none is named.
  ///
  /// - Throws: A fatal error for a configuration file that cannot be used.
  func configuration() throws -> Configuration {
    try config.map(ConfigurationFile.read) ?? Configuration()
  }
}
