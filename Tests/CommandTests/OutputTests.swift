import Foundation
import Testing

@Suite(needsProgram) struct OutputTests {
  // Prevents: `resequel inspect … | head` that dies of SIGPIPE or counts as a failure.
  @Test func `a reader that went away is a success`() throws {
    try withRunner { runner in
      let pipe = Pipe()
      try pipe.fileHandleForReading.close()
      let result = try runner.run(["--help"], stdout: pipe.fileHandleForWriting)
      #expect(result.status == 0)
      #expect(result.talk.isEmpty)
    }
  }

  // Prevents: a table that is cut off on a full disk while the exit status says all is well.
  @Test func `a stdout that cannot be written ends with 2`() throws {
    try withRunner { runner in
      let full = try FileHandle(forWritingTo: URL(filePath: "/dev/full"))
      let result = try runner.run(["--help"], stdout: full)
      #expect(result.status == 2)
      #expect(result.talk == "resequel: cannot write to stdout: No space left on device\n")
    }
  }
}
