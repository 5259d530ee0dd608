import Pipeline
import Testing

/// What the source committed together is committed together, where its records name transactions.
@Suite struct TransactionTests {
  private static let firstHalf = LogRecord.ase(2, "b", transaction: 20, row: 21, count: 2)
  private static let otherHalf = LogRecord.ase(
    2, "b", transaction: 20, row: 22, count: 1, table: "u")

  // Prevents readers from seeing half a transaction because its other half comes a moment later.
  @Test func `the last transaction waits for its other tables until the next one begins`()
    async throws
  {
    let bench = try LogBench()
    try await bench.sync([
      "t_1.json": [.ase(1, "a", transaction: 10, row: 11, count: 1), Self.firstHalf]
    ])
    #expect(try bench.rows() == ["1 a -"])
    // What of a file waits is told from what is applied.
    let check = try #require(try await bench.verify().collections.first)
    #expect(check.isCovered && check.differences.isEmpty && check.waitingChanges == 1)
    #expect(try bench.story("2").changes.map(\.outcome) == [.waiting])
    try await bench.sync(["u_1.json": [Self.otherHalf]])
    #expect(try bench.rows() == ["1 a -"] && bench.rows("u") ?? [] == [])
    try await bench.sync(["t_2.json": [.ase(3, "c", transaction: 30, row: 31, count: 3)]])
    #expect(try bench.rows() == ["1 a -", "2 b -"])
    #expect(try bench.rows("u") == ["2 b -"])
  }

  // Prevents the last transaction of a quiet source from never being seen.
  @Test func `a transaction is over when nothing of it has come for as long as files settle`()
    async throws
  {
    let bench = try LogBench()
    bench.configuration.settle = .seconds(2)
    try await bench.sync(["t_1.json": [.ase(1, "a", transaction: 10, row: 11, count: 1)]])
    #expect(try bench.rows() ?? [] == [])
    #expect(try await bench.timeToDeadline() == .seconds(2))
    bench.advance(seconds: 2)
    #expect(try await bench.sync().isComplete)
    #expect(try bench.rows() == ["1 a -"])
    #expect(try await bench.timeToDeadline() == nil)
  }

  // Prevents changes from being forgotten that waited for their transaction when the program ended.
  @Test func `a transaction that waited is applied by the next session`() async throws {
    let bench = try LogBench()
    try await bench.sync(["t_1.json": [.ase(1, "a", transaction: 10, row: 11, count: 1)]])
    try await bench.restart()
    try await bench.sync()
    #expect(try bench.rows() == ["1 a -"])
  }
}
