import ChangeModel
import CollectionStore
import SQLiteKit
import Testing

/// A store into which batches are loaded as whole pages, and one to which the same are applied.
final class LoadBench {
  let directory = TemporaryDirectory()
  let loaded: CollectionStore
  let applied: CollectionStore
  /// How many batches were loaded, of those that were to be.
  private(set) var loadedCount = 0
  /// Whether rows are loaded in another order than that of their `_id`s, and so have other rowids.
  private let inAnyOrder: Bool

  init(
    pageSize: Int = 512, mode: CollectionStore.Mode = .bulkBuild, inAnyOrder: Bool = false
  ) throws {
    self.inAnyOrder = inAnyOrder
    var options = CollectionStore.Options()
    options.pageSize = pageSize
    loaded = try CollectionStore(
      opening: .file(directory("a.db")), mode: mode, options: options)
    applied = try CollectionStore(opening: .memory, mode: .readWrite)
  }

  /// Does the same to both stores, in a transaction each.
  @discardableResult
  func both<Result: Equatable>(_ work: (CollectionStore) throws -> Result) throws -> Result {
    let result = try loaded.transaction { try work(loaded) }
    #expect(try applied.transaction { try work(applied) } == result)
    return result
  }

  /// Loads batches into a new table of one store, and applies them to the other's.
  func write(_ batches: [RowBatch], to id: Int64) throws {
    try loaded.begin()
    let collection = try #require(try loaded.beginLoad(of: id, inAnyOrder: inAnyOrder))
    var packer = RowPacker(collection)
    var packed = PackedRows()
    try applied.begin()
    for batch in batches {
      packer.pack(batch, into: &packed)
      let counts = try loaded.load(packed)
      if counts != nil { loadedCount += 1 }
      #expect(
        try counts ?? loaded.apply(batch, mode: .merge) == applied.apply(batch, mode: .merge))
    }
    try loaded.endLoad()
    try loaded.commit()
    try applied.commit()
  }

  /// What is not the same in both, or damaged.
  func problems() throws -> [String] {
    var problems = try loaded.query("PRAGMA integrity_check").filter { $0 != "ok" }
    let collections = try loaded.allCollections()
    if try applied.allCollections() != collections { problems.append("other collections") }
    if try applied.tableSizes() != loaded.tableSizes() { problems.append("other counts of rows") }
    var queries = collections.map { collection in
      let columns = collection.columns.map { "\($0.name), typeof(\($0.name)), " }.joined()
      let rowID = collection.layout == .rowid && !inAnyOrder ? "rowid, " : ""
      return "SELECT \(rowID)_id, _event_time, \(columns)hex(_position), _file "
        + "FROM \(collection.name) ORDER BY _id"
    }
    queries += [
      "SELECT collection, _id, hex(_position) FROM _resequel_tombstones ORDER BY 1, 2",
      "SELECT * FROM _resequel_partial_rows ORDER BY 1, 2",
      "SELECT collection, _id, kind, hex(place), won_file, lost_file FROM _resequel_conflicts "
        + "ORDER BY 1, 2, 3, 4",
      "SELECT id, has_partial_rows FROM _resequel_collections ORDER BY 1",
    ]
    for sql in queries {
      let (left, right) = (try loaded.query(sql), try applied.query(sql))
      if left != right { problems.append("\(sql): \(left), not \(right)") }
    }
    return problems
  }
}

extension Generator {
  /// Changes of one key in one log, whose times may fall.
  private mutating func changes(columns: Int) -> [OracleChange] {
    let rises = Bool.random(using: &self)
    return MergePropertyTests.changes(&self, columns: columns).map { change in
      var change = change
      var rank = rank(change.place)
      if !rises { rank.eventTime = Int64.random(in: 1...6, using: &self) }
      change.ownRank = rank
      return change
    }
  }

  /// Batches whose rows ascend, from one to the next too.
  mutating func batches(of collection: Collection, rows count: Int) -> [RowBatch] {
    var batches: [RowBatch] = []
    var batch = RowBatch(collection: collection.id)
    for number in 0..<count where Int.random(in: 0..<4, using: &self) != 0 {
      batch.addGroup("k\(1000 + number)", changes(columns: collection.columns.count))
      if Int.random(in: 0..<8, using: &self) == 0 { addConflict(to: &batch) }
      if Int.random(in: 0..<10, using: &self) == 0 {
        batches.append(batch)
        batch = RowBatch(collection: collection.id)
      }
    }
    batches.append(batch)
    for index in batches.indices { mix(&batches[index]) }
    return batches
  }

  private mutating func addConflict(to batch: inout RowBatch) {
    guard let row = batch.rows.last else { return }
    batch.conflicts.append(
      RowConflict(
        id: row.id, kind: .position, rank: rank(Int.random(in: 1...3, using: &self)), wonFile: 2,
        lostFile: 1))
  }

  /// Turns some texts into numbers.
  private mutating func mix(_ batch: inout RowBatch) {
    for index in batch.buffer.cells.indices where batch.buffer.cells[index].kind == .text {
      let column = batch.buffer.cells[index].column
      switch Int.random(in: 0..<6, using: &self) {
      case 0:
        let value = Int64(bitPattern: next()) >> Int64.random(in: 0..<64, using: &self)
        batch.buffer.cells[index] = Cell(column: column, integer: value)
      case 1:
        let value = Double(Int.random(in: -9...9, using: &self)) / 2
        batch.buffer.cells[index] = Cell(column: column, real: value)
      default: break
      }
    }
  }
}

extension RowPacker {
  /// Packs the rows of a batch.
  mutating func pack(_ batch: RowBatch, into packed: inout PackedRows) {
    packed.removeAll()
    for row in batch.rows { pack(row, of: batch, into: &packed) }
    for conflict in batch.conflicts { pack(conflict, of: batch, into: &packed) }
  }
}
