import Foundation
import Testing

/// Runs the built `resequel`, as a person would.
struct CommandRunner {
  /// What a run left behind.
  struct Result {
    /// The exit status; 128 and more for a signal.
    var status: Int32
    /// Everything on stdout.
    var output: String
    /// Everything on stderr.
    var talk: String
  }

  /// The directory of the package.
  static let package = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  /// The program, where `swift build -c release` puts it.
  static let program = package.appending(path: ".build/release/resequel")
  /// Whether the program is built; the tests that need it say so when they are skipped.
  static let isBuilt = FileManager.default.isExecutableFile(atPath: program.path)

  /// A directory of the test's own, which is the working directory of the runs.
  let directory: URL

  /// Makes the directory.
  init() throws {
    directory = FileManager.default.temporaryDirectory
      .appending(path: "resequel-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  /// Removes the directory and everything in it.
  func cleanUp() {
    try? FileManager.default.removeItem(at: directory)
  }

  /// Writes a file into the directory, and the directories above it.
  func write(_ text: String, to path: String) throws {
    let url = directory.appending(path: path)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Runs the program to its end. Without a `stdout` of the caller's own, it is collected.
  func run(_ arguments: [String], stdout: FileHandle? = nil) throws -> Result {
    let process = try start(arguments, stdout: stdout)
    process.waitUntilExit()
    return try result(of: process)
  }

  /// Runs a line of shell in which `$RESEQUEL` is the program, for what only a shell can do.
  func shell(_ line: String) throws -> Result {
    let process = try start(["-c", line], program: URL(filePath: "/bin/sh"))
    process.waitUntilExit()
    return try result(of: process)
  }

  /// Starts the program; ``result(of:)`` tells what came of it when it has ended.
  func start(
    _ arguments: [String], stdout: FileHandle? = nil, stderr: Pipe? = nil,
    program: URL = CommandRunner.program
  ) throws -> Process {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = directory
    process.environment = [
      "PATH": "/usr/bin:/bin", "COLUMNS": "80", "LANG": "C.UTF-8",
      "RESEQUEL": CommandRunner.program.path,
    ]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try stdout ?? file("stdout.txt")
    if let stderr {
      process.standardError = stderr
    } else {
      process.standardError = try file("stderr.txt")
    }
    try process.run()
    return process
  }

  /// What a run that has ended left behind.
  func result(of process: Process) throws -> Result {
    let signalled = process.terminationReason == .uncaughtSignal
    return Result(
      status: process.terminationStatus + (signalled ? 128 : 0),
      output: try text("stdout.txt"), talk: try text("stderr.txt"))
  }

  /// Files, not pipes: a program that writes much must not wait for us.
  private func file(_ name: String) throws -> FileHandle {
    let url = directory.appending(path: name)
    try Data().write(to: url)
    return try FileHandle(forWritingTo: url)
  }

  private func text(_ name: String) throws -> String {
    let url = directory.appending(path: name)
    guard FileManager.default.fileExists(atPath: url.path) else { return "" }
    return String(decoding: try Data(contentsOf: url), as: UTF8.self)
  }
}

/// Runs `body` with a runner whose directory is removed afterwards.
func withRunner(_ body: (CommandRunner) throws -> Void) throws {
  let runner = try CommandRunner()
  defer { runner.cleanUp() }
  try body(runner)
}

/// For suites of tests that run the program.
let needsProgram: ConditionTrait = .enabled(
  if: CommandRunner.isBuilt, "not built: swift build -c release --product resequel")
