import BatchSource
import Pipeline
import SourceWorld
import Testing

/// A doubt is told where a person must look, and nowhere else.
@Suite struct DoubtTests {
  // Prevents a status that is never green because of a log that honestly began anew.
  @Test func `no case of the law is in doubt about its log once all its files are there`()
    async throws
  {
    for subject in LawCase.all(seed: 7, files: 6) {
      let bench = try WorldBench(
        subject.world, subject.bucket, resnapshotReplaces: subject.resnapshotReplaces)
      let drop = BucketDirectory(root: bench.directory.path)
      for file in bench.bucket.files { try drop.place(file.bytes, at: file.relativePath) }
      let paths = bench.bucket.files.map {
        BatchPath("\(bench.directory.path)/\($0.relativePath)")
      }
      func doubts(_ set: Int) async throws -> [String] {
        let listing = try DropScanner(
          paths: paths.indices.filter { set >> $0 & 1 == 1 }.map { paths[$0] }
        ).scan()
        var session = try await bench.session()
        var summary = try await session.ingest(listing) { _ in }
        try await session.complete(&summary)
        return summary.doubts.filter { !$0.contains("a snapshot came after changes") }
      }
      let whole = (1 << paths.count) - 1
      let found = try await doubts(whole)
      #expect(found == [], "\(subject)")
      if Environment.value("SCAN") != nil {
        var counts: [String: Int] = [:]
        for set in 1..<whole {
          for doubt in try await doubts(set) {
            let kind = doubt.contains("go on where it fell from") ? "joint" : "other"
            counts[kind, default: 0] += 1
          }
        }
        if !counts.isEmpty || !found.isEmpty { print("SCAN", subject, counts, found) }
      }
    }
  }
}
