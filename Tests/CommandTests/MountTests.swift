import Foundation
import Testing

/// A real bucket, served and mounted: what most drops are.
@Suite(needsProgram, needsMounts) struct MountTests {
  // Prevents what only a mount shows: no notifications, other inodes after each mount, an empty
  // directory where the bucket was, and a database where SQLite's locks do not hold.
  @Test func `a mounted bucket is synced file by file, and missed when it is unmounted`() throws {
    try withRunner { runner in
      let sample = CommandRunner.package.appending(path: "Samples/nation-updated")
      let script = CommandRunner.package.appending(path: "Tests/CommandTests/mounted_bucket.py")
      let process = Process()
      process.executableURL = URL(filePath: "/usr/bin/env")
      process.arguments = [
        "python3", script.path, CommandRunner.program.path, sample.path, runner.directory.path,
      ]
      let output = Pipe()
      process.standardOutput = output
      process.standardError = FileHandle.nullDevice
      try process.run()
      let seen = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(
        seen == """
          sync=0,0
          nation.jsonl=True
          database on the mount=2 True
          unmounted=2 True

          """)
    }
  }
}

/// For tests that need s3fs, moto and FUSE. Continuous integration installs them.
let needsMounts: ConditionTrait = .enabled(
  "needs s3fs, /dev/fuse, and python3 with moto[server] and boto3"
) {
  let probe = Process()
  probe.executableURL = URL(filePath: "/bin/sh")
  probe.arguments = [
    "-c",
    "test -w /dev/fuse && command -v s3fs umount && python3 -c 'import boto3, moto.server, flask'",
  ]
  probe.standardOutput = FileHandle.nullDevice
  probe.standardError = FileHandle.nullDevice
  try probe.run()
  probe.waitUntilExit()
  return probe.terminationStatus == 0
}
