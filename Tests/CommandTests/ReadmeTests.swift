import Foundation
import Testing

@Suite struct ReadmeTests {
  // Prevents: a newcomer who is sent to a file that is no longer there.
  @Test func `every file that the README names is there`() throws {
    let readme = try String(
      contentsOf: CommandRunner.package.appending(path: "README.md"), encoding: .utf8)
    let files = readme.split(separator: "`").map(String.init)
      .filter { $0.hasPrefix("Sources/") && $0.hasSuffix(".swift") }
    #expect(files.count == 7)
    for file in files {
      let path = CommandRunner.package.appending(path: file).path
      #expect(FileManager.default.fileExists(atPath: path), "\(file) is not there")
    }
  }

  // Prevents: a sample that nobody explains.
  @Test(arguments: Sample.all)
  func `every sample says where it comes from`(sample: Sample) throws {
    let source = try String(
      contentsOf: sample.directory.appending(path: "SOURCE.md"), encoding: .utf8)
    for heading in ["**Origin.**", "**What was changed.**", "**Flags.**", "**The table must be.**"]
    {
      #expect(source.contains(heading))
    }
  }
}
