import BatchSource
import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import SQLiteKit
import SourceWorld

/// A table `c` of customers with a history, fed with files one by one.
///
/// A change is written as `I 10 1 status=ACTIVE city=NULL`: the operation, the position in the log,
/// the key, and the columns that it sets. `M 10 1>2 …` moves a row; `10/2` is the second row of the
/// event at position 10; a column without a value (`email`) is named and said to be absent. The
/// source's time is the position in seconds.
struct HistoryBench {
  let directory: TemporaryDirectory
  var configuration = Configuration()
  var session: IngestSession
  private var fileCount = 0

  init(_ history: HistoryRule? = HistoryRule()) async throws {
    directory = try TemporaryDirectory()
    configuration.collections["c"] = CollectionConfiguration()
    configuration.collections["c"]?.plan.key = .columns(["id"])
    configuration.collections["c"]?.history = history
    mkdir("\(directory.path)/drop", 0o777)
    session = try await Self.session(configuration, directory)
  }

  private static func session(
    _ configuration: Configuration, _ directory: TemporaryDirectory
  ) async throws -> IngestSession {
    let store = try CollectionStore(opening: .file("\(directory.path)/c.db"), mode: .readWrite)
    return try await IngestSession(
      configuration, store: store, width: 1)
  }

  /// Ends the session, and begins one with another rule.
  mutating func set(_ history: HistoryRule?) async throws {
    try await session.finish()
    configuration.collections["c"]?.history = history
    session = try await Self.session(configuration, directory)
  }

  /// The path of a file of the drop.
  func path(_ name: String) -> String { "\(directory.path)/drop/\(name)" }

  /// Brings a file of these changes, in a call of its own.
  @discardableResult
  mutating func bring(_ changes: String..., name: String? = nil) async throws -> RunSummary {
    fileCount += 1
    try place(changes, name: name ?? "c_\(fileCount).json")
    return try await ingest()
  }

  /// Puts a file of these changes into the drop.
  func place(_ changes: [String], name: String) throws {
    let text = changes.map { Self.record($0) + "\n" }.joined()
    try BucketDirectory(root: "\(directory.path)/drop").place(text.utf8, at: name)
  }

  /// Looks at all files.
  @discardableResult
  mutating func ingest(rebuild: String? = nil) async throws -> RunSummary {
    let listing = try DropScanner(paths: [BatchPath("\(directory.path)/drop")]).scan()
    return try await session.ingest(listing, rebuild: rebuild) { _ in }
  }

  /// The rows of a query, values joined by a blank, NULL as `-`.
  func query(_ sql: String) async throws -> [String] {
    try await session.withStore { store in
      let statement = try store.connection.prepare(sql)
      var rows: [String] = []
      while try statement.step() {
        rows.append(
          (0..<statement.columnCount).map { statement.text(Int32($0)) ?? "-" }
            .joined(separator: " "))
      }
      return rows
    }
  }

  /// The versions that are known now: `id columns [from,to)`.
  func versions(_ columns: String = "status") async throws -> [String] {
    try await query(
      "SELECT _id, \(columns), '[' || _valid_from || ',' || coalesce(_valid_to, '-') || ')' "
        + "FROM _resequel_current_history_c ORDER BY _id, _valid_from_time, _valid_from")
  }

  private static func record(_ change: String) -> String {
    let words = change.split(separator: " ").map(String.init)
    let keys = words[2].split(separator: ">").map(String.init)
    var after = [("id", keys[keys.count - 1])]
    var absent: Set<String> = []
    for word in words.dropFirst(3) {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 1 { absent.insert(parts[0]) }
      after.append((parts[0], parts.count == 1 || parts[1] == "NULL" ? "null" : parts[1]))
    }
    let isDelete = words[0] == "D"
    let exists = after.map { name, _ in
      (name, name == "id" ? "3" : absent.contains(name) ? "0" : "1")
    }
    let place = words[1].split(separator: "/")
    let cursor =
      #"{"extractorId":0,"timestamp":\#(place[0])000,"log":"b.1","position":\#(place[0]),"#
      + #""logSeqNum":\#(place.count > 1 ? place[1] : "1"),"v":2}"#
    return #"{"tableName":{"namespace":{"catalog":"c","schema":"s","hash":0},"name":"c","hash":0},"#
      + #""opType":"\#(words[0] == "M" ? "U" : words[0])","cursor":\#(cursor),"#
      + #""before":\#(object([("id", words[0] == "I" ? "null" : keys[0])])),"#
      + #""after":\#(object(isDelete ? [("id", "null")] : after)),"#
      + #""exists":\#(object(isDelete ? [("id", "2")] : exists))}"#
  }

  private static func object(_ pairs: [(String, String)]) -> String {
    "{" + pairs.map { #""\#($0)":"\#($1)""# }.joined(separator: ",") + "}"
  }
}
