import Pipeline
import Testing

/// What no change can come before any longer is not remembered, and what comes all the same is
/// recomputed.
@Suite struct ClosedTests {
  /// Rows that come and go, ten changes a file, counted from one.
  private static func file(_ number: Int) -> [LogRecord] {
    (0..<5).flatMap { row -> [LogRecord] in
      let count = number * 10 + row * 2 + 1
      return [
        .insert(number * 5 + row, "a", at: count, count: count),
        .delete(number * 5 + row, at: count + 1, count: count + 1),
      ]
    }
  }

  // Prevents tombstones that grow with the log, where it is known that nothing is missing.
  @Test func `tombstones below a closed watermark are dropped, and those above stay`() async throws
  {
    let bench = try LogBench()
    bench.configuration.closingLag = 20
    for number in 0..<8 { try await bench.sync(["t_\(number + 1).json": Self.file(number)]) }
    #expect(try bench.query("SELECT count(*) FROM _resequel_tombstones") == ["10"])
    #expect(try bench.rows() == [])
  }

  // Prevents a hole from being taken for the past.
  @Test func `nothing is dropped above a gap`() async throws {
    let bench = try LogBench(gapWait: .zero)
    bench.configuration.closingLag = 0
    for number in [0, 2, 3, 4] { try await bench.sync(["t_\(number + 1).json": Self.file(number)]) }
    let kept = try bench.query("SELECT count(*) FROM _resequel_tombstones")
    #expect(kept == ["15"] || kept == ["20"])
    try await bench.sync(["t_2.json": Self.file(1)])
    #expect(try bench.query("SELECT count(*) FROM _resequel_tombstones") == ["0"])
  }

  // Prevents rows that were deleted long ago from coming back with a repeat.
  @Test func `a repeat from below the watermark brings nothing back`() async throws {
    let bench = try LogBench()
    bench.configuration.closingLag = 0
    for number in 0..<4 { try await bench.sync(["t_\(number + 1).json": Self.file(number)]) }
    let repeated = Array(Self.file(0).prefix(1)) + Array(Self.file(1).prefix(3))
    try await bench.sync(["t_5.json": repeated])
    #expect(try bench.rows() == [])
  }
}
