import BatchSource
import ChangeModel
import CollectionStore
import Pipeline
import SQLiteKit
import SourceWorld
import Synchronization

/// One record of a MySQL log as Arcion writes it, of a table with columns `id`, `v` and `w`.
struct LogRecord {
  var operation = "I"
  var id = 1
  /// The key before, where the record changes it.
  var oldID: Int?
  /// The values of `v` and `w`: nil for NULL.
  var v: String? = "a"
  var w: String? = "-"
  /// The columns that the record names besides the key.
  var columns = ["v", "w"]
  var table = "t"
  var log = "bin.000001"
  var position = 1
  var time = 1_000
  /// The table's running count; nil for none.
  var count: Int?
  /// The cursor, where it is not MySQL's; nil for a row of a snapshot: see ``isSnapshot``.
  var cursor: String?
  var isSnapshot = false

  static func insert(_ id: Int, _ v: String, at position: Int, count: Int? = nil) -> LogRecord {
    LogRecord(id: id, v: v, position: position, count: count)
  }

  static func update(_ id: Int, _ v: String, at position: Int, count: Int? = nil) -> LogRecord {
    LogRecord(operation: "U", id: id, v: v, columns: ["v"], position: position, count: count)
  }

  static func delete(_ id: Int, at position: Int, count: Int? = nil) -> LogRecord {
    LogRecord(operation: "D", id: id, columns: [], position: position, count: count)
  }

  /// An insert in SAP ASE's log: the transaction that began at a row of page 1, and its own row.
  static func ase(
    _ id: Int, _ v: String, transaction: Int, row: Int, count: Int, table: String = "t"
  ) -> LogRecord {
    var record = LogRecord.insert(id, v, at: 0, count: count).inTable(table)
    record.cursor =
      "{\"extractorId\":0,\"transactionLogPageNumber\":1,\"transactionLogRowNumber\":\(transaction),"
      + "\"operationLogPageNumber\":1,\"operationLogRowNumber\":\(row),\"catalogName\":\"c\","
      + "\"timestamp\":1000,\"v\":0}"
    return record
  }

  /// The same in another place of the log.
  func at(log: String) -> LogRecord {
    var record = self
    record.log = log
    return record
  }

  func inTable(_ table: String) -> LogRecord {
    var record = self
    record.table = table
    return record
  }

  /// The record as a line.
  var json: String {
    let isInsert = operation == "I"
    let isDelete = operation == "D"
    let values = [("v", v), ("w", w)]
    let after = values.map { name, value in
      let shown = columns.contains(name) ? value ?? "null" : "null"
      return "\"\(name)\":\"\(shown)\""
    }
    let exists = values.map { name, _ in
      "\"\(name)\":\"\(columns.contains(name) ? (isInsert ? 1 : 1) : 0)\""
    }
    let key = "\"id\":\"\(id)\""
    let oldKey = "\"id\":\"\(oldID ?? id)\""
    let noKey = "\"id\":\"null\""
    let nulls = "\"v\":\"null\",\"w\":\"null\""
    var text = "{\"tableName\":{\"namespace\":{\"catalog\":\"c\",\"schema\":\"s\",\"hash\":0},"
    text += "\"name\":\"\(table)\",\"hash\":0},\"opType\":\"\(operation)\""
    let mysql =
      "{\"extractorId\":0,\"timestamp\":\(time),\"log\":\"\(log)\",\"position\":\(position),"
      + "\"logSeqNum\":1,\"v\":2}"
    if !isSnapshot { text += ",\"cursor\":\(cursor ?? mysql)" }
    text += ",\"before\":{\(isInsert ? noKey : oldKey),\(nulls)}"
    text += ",\"after\":{\(isDelete ? noKey : key),\(after.joined(separator: ","))}"
    text += ",\"exists\":{\"id\":\"\(isInsert ? 1 : isDelete ? 2 : 3)\","
    text += "\(exists.joined(separator: ","))}"
    if let count {
      text += ",\"operationcount\":{\"insertCount\":\(count),\"updateCount\":0,"
      text += "\"deleteCount\":0,\"replaceCount\":0}"
    }
    return text + "}"
  }
}

/// A drop, a database and a session that follows the drop call by call, with a clock of its own.
final class LogBench {
  let directory: TemporaryDirectory
  var configuration = Configuration()
  private let moment = Moment()
  private var session: IngestSession?

  /// A clock that a test sets, in seconds.
  final class Moment: Sendable {
    private let value = Mutex<Int64>(1_000_000_000)
    func advance(seconds: Int64) { value.withLock { $0 += seconds * 1_000_000 } }
    var microseconds: Int64 { value.withLock { $0 } }
  }

  init(gapWait: Duration? = .seconds(600)) throws {
    directory = try TemporaryDirectory()
    configuration.database = "\(directory.path)/t.db"
    configuration.keys = [("*", .columns(["id"]))]
    configuration.gapWait = gapWait
  }

  /// Lets time pass.
  func advance(seconds: Int64) { moment.advance(seconds: seconds) }

  /// Puts files into the drop.
  func place(_ files: [String: [LogRecord]]) throws {
    for (name, records) in files {
      let text = records.map { $0.json + "\n" }.joined()
      try BucketDirectory(root: "\(directory.path)/drop").place(Array(text.utf8), at: name)
    }
  }

  func path(_ name: String) -> String { "\(directory.path)/drop/\(name)" }

  /// Puts files into the drop and applies what is new there: one call of a sync.
  ///
  /// - Parameter arriving: the files there that are not complete yet; nil where none was listed.
  @discardableResult
  func sync(
    _ files: [String: [LogRecord]] = [:], arriving: [String]? = []
  ) async throws -> RunSummary {
    try place(files)
    if session == nil { try await begin() }
    guard var running = session else { preconditionFailure("a session was begun") }
    let listing = try DropScanner(paths: [BatchPath("\(directory.path)/drop")]).scan()
    let arriving = arriving?.map { name in
      BatchFile(
        root: BatchPath("\(directory.path)/drop"), relativePath: BatchPath(name),
        identity: FileIdentity(device: 0, inode: 0, size: 0, modificationTime: 0, changeTime: 0))
    }
    var summary = try await running.ingest(listing, arriving: arriving) { _ in }
    try await running.complete(&summary)
    session = running
    return summary
  }

  private func begin() async throws {
    let store = try CollectionStore(opening: .file(configuration.database), mode: .readWrite)
    let moment = moment
    session = try await IngestSession(
      configuration, store: store, width: 1, waits: true,
      clock: { moment.microseconds })
  }

  /// Ends the session; the next call begins another one on the same database.
  func restart() async throws {
    try await session?.finish()
    session = nil
  }

  /// How long until a gap is not waited for any longer.
  func timeToDeadline() async throws -> Duration? { try await session?.timeToDeadline() }

  /// Replays the drop, in one call.
  func replay() async throws -> RunSummary {
    try await restart()
    return try await Replay(configuration).run(paths: ["\(directory.path)/drop"]) { _ in }
  }

  /// Rows as `id v w`, by `_id`; nil where there is no such table.
  func rows(_ table: String = "t") throws -> [String]? {
    try query(
      "SELECT _id || ' ' || coalesce(v, '∅') || ' ' || coalesce(w, '∅') FROM \"\(table)\" ORDER BY _id"
    )
  }

  /// The first column of a query's rows; nil where it names a table that is not there.
  func query(_ sql: String) throws -> [String]? {
    let store = try CollectionStore(opening: .file(configuration.database), mode: .readOnly)
    defer { store.connection.close() }
    guard let statement = try? store.connection.prepare(sql) else { return nil }
    var rows: [String] = []
    while try statement.step() { rows.append(statement.text(0) ?? "NULL") }
    return rows
  }

  /// What the database says of itself.
  func status() throws -> StatusReport {
    let store = try CollectionStore(opening: .file(configuration.database), mode: .readOnly)
    defer { store.connection.close() }
    return try store.status()
  }
}
