import Foundation
import Testing

/// What is left of a new database that the disk has no room for.
@Suite(needsProgram) struct FullDiskTests {
  /// Inserts of rows that take about three megabytes.
  private var drop: String {
    (1...6000).map { number in
      #"{"tableName":{"namespace":{"catalog":"c","schema":"s","hash":0},"name":"t","hash":0},"#
        + #""opType":"I","cursor":{"extractorId":0,"timestamp":1,"log":"b.1","position":\#(number),"#
        + #""logSeqNum":1,"v":2},"before":{"id":"null","v":"null"},"after":{"id":"\#(number)","#
        + #""v":"\#(String(repeating: "v", count: 500))"},"exists":{"id":"1","v":"1"}}"# + "\n"
    }.joined()
  }

  // Prevents: a process that dies of the signal, half a database under the name that was asked for,
  // or its remains beside it. The limit is met where rows are loaded as whole pages.
  @Test func `a file that may not grow further ends a replay with an error, and is gone`() throws {
    try withRunner { runner in
      try runner.write(drop, to: "drop/t_1.json")
      let replay = "$RESEQUEL replay drop --db a.db --key t=id --progress none"
      let result = try runner.shell("ulimit -f 2048; \(replay)")
      #expect(result.status == 2, "\(result)")
      #expect(result.talk.contains("a.db: the disk reports an error"))
      #expect(result.talk.contains("File too large"))
      #expect(result.talk.contains("Check the file system (quota, file size limit"))
      let names = try FileManager.default.contentsOfDirectory(atPath: runner.directory.path)
      #expect(!names.contains { $0.hasPrefix("a.db") }, "\(names)")
      #expect(try runner.shell(replay).status == 0)
      let rows = try runner.run(["inspect", "a.db", "t", "--id", "6000", "--format", "csv"])
      #expect(rows.output.contains("6000"))
    }
  }
}
