import SQLiteKit
import Testing

struct LogTests {
  // Prevents pages of the log that are held back from being missing where they are read: by a program
  // that looks at the database after a commit, by whoever finds it after a crash, and by the
  // transaction itself, which reads what did not fit into its cache.
  @Test(arguments: [512, 8192, 65536], ["NORMAL", "FULL"])
  func `a commit is in the log whole, for readers and after a crash`(
    pageSize: Int, synchronous: String
  ) throws {
    let bench = try LogBench(pageSize: pageSize, synchronous: synchronous)
    for count in [1, 2, 13, 14, 15, 16, 40, 1, 700, 3, 5000, 1] {
      try bench.commit(rows: count)
      #expect(try bench.state(of: bench.reader) == bench.expected)
      #expect(try bench.stateAfterCrash() == bench.expected, "\(count) rows")
    }
  }

  // Prevents what a transaction wrote to the log before it was given up from getting into another's.
  @Test(arguments: [512, 8192])
  func `what is rolled back is in no later commit`(pageSize: Int) throws {
    let bench = try LogBench(pageSize: pageSize, synchronous: "NORMAL")
    try bench.commit(rows: 100)
    for count in [1, 30, 4000] {
      try bench.begin(rows: count)
      try bench.writer.execute("ROLLBACK")
      #expect(try bench.stateAfterCrash() == bench.expected)
      try bench.commit(rows: 2)
      #expect(try bench.state(of: bench.reader) == bench.expected)
      #expect(try bench.stateAfterCrash() == bench.expected, "\(count) rows given up")
    }
  }

  // Prevents the log from being wrong when it begins anew over what an older one left in the file.
  @Test func `a log that begins anew is whole`() throws {
    let bench = try LogBench(pageSize: 4096, synchronous: "NORMAL")
    for count in [2000, 3, 500, 1] {
      try bench.commit(rows: count)
      try bench.writer.execute("PRAGMA wal_checkpoint(RESTART)")
      try bench.takeImage()
      try bench.commit(rows: 2)
      #expect(try bench.state(of: bench.reader) == bench.expected)
      #expect(try bench.stateAfterCrash() == bench.expected)
    }
  }
}

/// A database with a log, one connection that writes and one that reads.
private final class LogBench {
  let directory = TemporaryDirectory()
  let writer: Connection
  let reader: Connection
  /// What the database must hold: its rows' count, and what was written last into the first.
  private(set) var expected = [0, 0]
  /// The database's file as the log finds it.
  private var image: [UInt8]

  init(pageSize: Int, synchronous: String) throws {
    let path = directory("t.db")
    let maker = try Connection(path: path, mode: .create)
    try maker.execute(
      """
      PRAGMA page_size = \(pageSize); PRAGMA journal_mode = WAL;
      CREATE TABLE t (id INTEGER PRIMARY KEY, number INTEGER, text TEXT);
      CREATE INDEX t_text ON t (text)
      """)
    maker.close()
    image = contents(path)
    writer = try Connection(path: path, mode: .readWrite)
    // A small cache: large transactions write pages to the log before they end, and some again.
    try writer.execute(
      "PRAGMA synchronous = \(synchronous); PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = 10")
    reader = try Connection(path: path, mode: .readOnly)
  }

  /// Takes the file anew; its log was copied into it.
  func takeImage() throws { image = contents(directory("t.db")) }

  /// Begins a transaction of so many rows; the first is written at its beginning and at its end.
  func begin(rows count: Int) throws {
    try writer.execute(
      """
      BEGIN; UPDATE t SET number = -1 WHERE id = 1;
      INSERT INTO t (number, text) WITH RECURSIVE n(n) AS (
        SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT \(count)
      ) SELECT 0, printf('%08x%0100d', n * 2654435761 % 4294967296, n) FROM n;
      UPDATE t SET number = \(expected[1] + 1) WHERE id = 1;
      """)
  }

  /// Commits one.
  func commit(rows count: Int) throws {
    try begin(rows: count)
    try writer.execute("COMMIT")
    expected = [expected[0] + count, expected[1] + 1]
  }

  func state(of connection: Connection) throws -> [Int] {
    let statement = try connection.prepare(
      "SELECT count(*), (SELECT number FROM t WHERE id = 1) FROM t")
    _ = try statement.step()
    return [Int(statement.integer(0)), Int(statement.integer(1))]
  }

  /// What a program finds that opens what was in the files at this moment; throws where that is damaged.
  func stateAfterCrash() throws -> [Int] {
    let path = directory("crashed.db")
    for name in ["crashed.db-shm", "crashed.db-wal"] { write([], to: directory(name)) }
    write(image, to: path)
    write(contents(directory("t.db-wal")), to: path + "-wal")
    let connection = try Connection(path: path, mode: .readWrite)
    defer { connection.close() }
    let check = try connection.prepare("PRAGMA integrity_check")
    _ = try check.step()
    try #require(check.text(0) == "ok")
    check.reset()
    return try state(of: connection)
  }
}
