import BatchSource
import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import SQLiteKit
import SourceWorld

/// A world's files in a temporary directory, and the oracle that says what they give.
struct WorldBench: Sendable {
  let world: World
  let bucket: Bucket
  let oracle: Oracle
  let directory: TemporaryDirectory
  let configuration: Configuration

  init(_ plan: WorldPlan, _ bucketPlan: BucketPlan, resnapshotReplaces: Bool = false) throws {
    world = World(plan)
    bucket = Bucket(world: world, plan: bucketPlan)
    var oracle = Oracle(world: world)
    oracle.resnapshotReplaces = resnapshotReplaces
    self.oracle = oracle
    directory = try TemporaryDirectory()
    var configuration = Configuration()
    for table in world.tables where !table.isHousekeeping {
      configuration.collections[table.name, default: CollectionConfiguration()].plan.key =
        .columns(table.keyNames)
      if resnapshotReplaces { configuration.collections[table.name]?.resnapshot = .replace }
    }
    // Every other world forgets at once what it may: then what is repeated must be recomputed.
    if plan.seed % 2 == 0 { configuration.closingLag = plan.seed / 2 % 3 }
    // Every third world holds next to nothing in memory: changes go by a temporary file.
    if plan.seed % 3 == 0 { configuration.heldByteCount = Int(plan.seed / 3 % 4) * 500 }
    if plan.seed % 4 == 0 { configuration.heldValueByteCount = Int(plan.seed / 4 % 4) * 500 }
    // Where a database is built, the smallest tables are loaded as whole pages too.
    configuration.loadedKeyCount = 0
    self.configuration = configuration
    let drop = BucketDirectory(root: directory.path)
    for file in bucket.companions { try drop.place(file.bytes, at: file.relativePath) }
  }

  /// The records that files of the bucket hold.
  func events(files: some Sequence<Int>) -> [Int] { files.flatMap { bucket.files[$0].events } }

  /// The oracle for those who know these records.
  ///
  /// Whatever the settings say, a second snapshot replaces the table once the running counts prove
  /// that it is whole: what it lacks was deleted by a change that is missing. So an oracle that
  /// always merges would keep rows that are known to be gone.
  func oracle(knowing present: some Sequence<Int>) -> Oracle {
    var oracle = oracle
    let present = Set(present)
    oracle.replacedTables = Set(
      world.tables.indices.filter { provesSecondSnapshot(of: $0, present) })
    return oracle
  }

  /// Whether each row of a table's second snapshot is there, and its changes before and behind it,
  /// so that their counts leave no room for another.
  private func provesSecondSnapshot(of table: Int, _ present: Set<Int>) -> Bool {
    let plan = world.plan
    guard plan.resnapshot == .changeShaped, plan.counters == .dense else { return false }
    let events = oracle.events.indices.filter { oracle.events[$0].table == table }
    guard let log = events.firstIndex(where: { !oracle.events[$0].isSnapshot }),
      let first = events[log...].firstIndex(where: { oracle.events[$0].isSnapshot }),
      let behind = events[first...].firstIndex(where: { !oracle.events[$0].isSnapshot })
    else { return false }
    return events[(first - 1)...behind].allSatisfy(present.contains)
  }

  /// A session on a store in memory, at a time that stands still.
  ///
  /// - Parameter bytes: the database that the store begins as; nil: an empty one.
  func session(copying bytes: [UInt8]? = nil) async throws -> IngestSession {
    let store =
      if let bytes {
        try CollectionStore(copying: bytes)
      } else {
        try CollectionStore(opening: .memory, mode: .readWrite)
      }
    return try await IngestSession(
      configuration, store: store, width: 1, clock: { 0 })
  }

  /// A session on a store that is built in a file, until it is told to finish that.
  func session(building path: String) async throws -> IngestSession {
    let store = try CollectionStore(opening: .file(path), mode: .bulkBuild)
    return try await IngestSession(
      configuration, store: store, width: 1)
  }

  /// Compares what a session's store holds with what it should.
  func differences(
    _ session: IngestSession, from expected: [String: ExpectedTable]
  ) async throws -> [String] {
    let actual = try await session.withStore { store in try StoredTables(store) }
    var differences: [String] = []
    for (name, table) in expected.sorted(by: { $0.key < $1.key }) {
      guard let rows = actual.tables[name] else {
        if !table.rows.isEmpty { differences.append("\(name): there is no table") }
        continue
      }
      var comparison = TableComparison(expected: table, columns: rows.columns)
      for row in rows.rows { comparison.see(bytes: row) }
      differences += comparison.finish().map(\.description)
    }
    return differences
  }
}

/// Every row of every collection, as bytes.
struct StoredTables: Sendable {
  struct Table: Sendable {
    var columns: [String] = []
    var rows: [[[UInt8]?]] = []
  }
  var tables: [String: Table] = [:]

  init(_ store: CollectionStore) throws {
    for collection in try store.allCollections() {
      var table = Table()
      table.columns = ["_event_time"] + collection.columns.map(\.name)
      let names = table.columns.map(Identifier.quoted).joined(separator: ", ")
      let statement = try store.connection.prepare(
        "SELECT \(names) FROM \(Identifier.quoted(collection.name))")
      while try statement.step() {
        table.rows.append(
          table.columns.indices.map {
            statement.isNull(Int32($0)) ? nil : statement.copy(Int32($0))
          })
      }
      tables[collection.name] = table
    }
  }
}

/// A directory that goes when the last reference does.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    let base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
    var template = Array("\(base)/resequel-test-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw IngestError(.fatal, cause: "no temporary directory can be made")
    }
    path = String(cString: made)
  }

  deinit {
    Self.remove(path)
  }

  private static func remove(_ path: String) {
    if let stream = opendir(path) {
      while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name == "." || name == ".." { continue }
        if unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
      }
      closedir(stream)
    }
    rmdir(path)
  }
}
