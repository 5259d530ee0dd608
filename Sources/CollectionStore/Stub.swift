package import ChangeModel
import SQLiteKit
package struct StoredRow: Sendable { package var id: [UInt8]; package var cells: CellBuffer; package var state: RowState; package var eventTime: Int64; package var file: Int64 }
package struct HeldNote: Sendable { package var reason: String; package var cause: String; package var evidence: [String]; package var hint: String; package var changes: Int 
 package init(reason: String, cause: String, evidence: [String], hint: String, changes: Int) { self.reason = reason; self.cause = cause; self.evidence = evidence; self.hint = hint; self.changes = changes } }
package struct StoredTable: Sendable { package var id: Int64; package var source: SourceTable; package var collection: Collection?; package var hasHeldFiles: Bool }
extension CollectionStore {
  package func allTables() throws -> [StoredTable] {
    let s = try connection.prepare("SELECT id, catalog, schema, source, EXISTS (SELECT 1 FROM _resequel_file_collections f WHERE f.collection = c.id AND is_held) FROM _resequel_collections c ORDER BY id")
    var all: [StoredTable] = []
    while try s.step() {
      all.append(StoredTable(id: s.integer(0), source: SourceTable(catalog: s.text(1), schema: s.text(2), name: s.text(3) ?? ""), collection: nil, hasHeldFiles: s.integer(4) != 0))
    }
    for i in all.indices { all[i].collection = try collection(all[i].id) }
    return all
  }
  package func rows(of ids: [[UInt8]], in collection: Int64) throws -> [StoredRow] {
    let c = try self.collection(collection)!
    let cols = c.columns.map { $0.isID ? "_id" : Identifier.quoted($0.name) }
    let s = try connection.prepare("SELECT _position, _event_time, _file\(cols.map { ", " + $0 }.joined()) FROM \(Identifier.quoted(c.name)) WHERE _id = ?")
    let t = try connection.prepare("SELECT _position FROM _resequel_tombstones WHERE collection = ? AND _id = ?")
    var out: [StoredRow] = []
    for id in ids {
      try s.bindCopy(1, text: id)
      if try s.step() {
        var b = CellBuffer()
        for i in cols.indices {
          let col = Int32(i + 3)
          if s.isNull(col) { b.cells.append(Cell(null: UInt32(i))); continue }
          if s.type(col) == 1 { b.cells.append(Cell(column: UInt32(i), integer: s.integer(col))); continue }
          let bytes = s.copy(col)
          let r = ByteRange(offset: b.bytes.count, count: bytes.count)
          b.bytes += bytes
          b.cells.append(Cell(column: UInt32(i), text: r))
        }
        out.append(StoredRow(id: id, cells: b, state: RowState(decoding: s.bytes(0))!, eventTime: s.isNull(1) ? .min : s.integer(1), file: s.integer(2)))
      } else {
        t.bind(1, collection); try t.bindCopy(2, text: id)
        if try t.step() { out.append(StoredRow(id: id, cells: CellBuffer(), state: RowState(decoding: t.bytes(0))!, eventTime: .min, file: 0)) }
        t.clear()
      }
      s.clear()
    }
    return out
  }
  package func hold(_ source: SourceTable, name: String, _ note: HeldNote) throws -> Int64 {
    if let id = try heldID(of: source) { return id }
    try connection.execute("INSERT INTO _resequel_collections (name, catalog, schema, source, state) VALUES (\(Identifier.literal(name)), \(source.catalog.map { Identifier.literal($0) } ?? "NULL"), \(source.schema.map { Identifier.literal($0) } ?? "NULL"), \(Identifier.literal(source.name)), 'held')")
    return connection.lastInsertedRowID
  }
  package func release(_ id: Int64) throws { try connection.execute("UPDATE _resequel_file_collections SET is_held = 0 WHERE collection = \(id)") }
  package func quarantine(_ record: QuarantinedRecord, file: Int64) throws -> Bool {
    let s = try connection.prepare("INSERT OR IGNORE INTO _resequel_quarantine (file, byte_offset, record_index, bytes, reason) VALUES (?,?,?,?,?)")
    s.bind(1, file); s.bind(2, Int64(record.byteOffset)); s.bind(3, record.recordIndex); try s.bindCopy(4, blob: record.bytes); try s.bind(5, record.reason); try s.run(); s.clear()
    return true }
}
extension FileRecord { package var changed: Int64 { get { 0 } set {} } }
package struct BagChange: Sendable { package var id: ByteRange; package var delta: Int; package var place: [UInt8]; package var rank: Rank; package var eventTime: Int64; package var file: Int64; package var cells: Range<Int>
 package init(id: ByteRange, delta: Int, place: [UInt8], rank: Rank, eventTime: Int64, file: Int64, cells: Range<Int>) { self.id = id; self.delta = delta; self.place = place; self.rank = rank; self.eventTime = eventTime; self.file = file; self.cells = cells } }
package struct BagBatch: Sendable { package var collection: Int64; package var changes: [BagChange] = []; package var buffer = CellBuffer(); package init(collection: Int64) { self.collection = collection } }
extension CollectionStore { package func apply(_ b: BagBatch) throws -> ApplyCounts { ApplyCounts() } }
extension CollectionStore { package func setting(_ n: String) throws -> String? { nil }
 package func set(_ n: String, to: String) throws {} }
