import Foundation
import Testing

@Suite(needsProgram) struct HelpTests {
  static let commands = ["replay", "sync", "status", "inspect", "why", "verify"]

  // Prevents: a flag, a unit or a default that changes without anybody noticing.
  @Test(arguments: [""] + commands)
  func `the help of every command is as recorded`(command: String) throws {
    try withRunner { runner in
      let arguments = command.isEmpty ? ["--help"] : [command, "--help"]
      let result = try runner.run(arguments)
      #expect(result.status == 0)
      #expect(result.talk.isEmpty)
      try Golden.expect(result.output, is: command.isEmpty ? "help" : "help-\(command)")
    }
  }

  // Prevents: a flag that the README does not know.
  @Test(arguments: commands)
  func `every flag of a command is in the README`(command: String) throws {
    let readme = try String(
      contentsOf: CommandRunner.package.appending(path: "README.md"), encoding: .utf8)
    try withRunner { runner in
      let help = try runner.run([command, "--help"]).output
      let flags = help.split(whereSeparator: { !"-abcdefghijklmnopqrstuvwxyz".contains($0) })
        .filter { $0.hasPrefix("--") && $0 != "--help" }
      #expect(!flags.isEmpty)
      for flag in Set(flags) { #expect(readme.contains(flag), "\(flag) is not in README.md") }
    }
  }
}
