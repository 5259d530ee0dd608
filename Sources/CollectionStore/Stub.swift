package import ChangeModel
package struct StoredRow: Sendable { package var id: [UInt8]; package var cells: CellBuffer; package var state: RowState; package var eventTime: Int64; package var file: Int64 }
package struct HeldNote: Sendable { package var reason: String; package var cause: String; package var evidence: [String]; package var hint: String; package var changes: Int 
 package init(reason: String, cause: String, evidence: [String], hint: String, changes: Int) { self.reason = reason; self.cause = cause; self.evidence = evidence; self.hint = hint; self.changes = changes } }
package struct StoredTable: Sendable { package var id: Int64; package var source: SourceTable; package var collection: Collection?; package var hasHeldFiles: Bool }
extension CollectionStore {
  package func allTables() throws -> [StoredTable] { [] }
  package func rows(of ids: [[UInt8]], in collection: Int64) throws -> [StoredRow] { [] }
  package func hold(_ source: SourceTable, name: String, _ note: HeldNote) throws -> Int64 { 0 }
  package func release(_ id: Int64) throws {}
  package func quarantine(_ record: QuarantinedRecord, file: Int64) throws -> Bool { true }
}
extension FileRecord { package var changed: Int64 { get { 0 } set {} } }
package struct BagChange: Sendable { package var id: ByteRange; package var delta: Int; package var place: [UInt8]; package var rank: Rank; package var eventTime: Int64; package var file: Int64; package var cells: Range<Int>
 package init(id: ByteRange, delta: Int, place: [UInt8], rank: Rank, eventTime: Int64, file: Int64, cells: Range<Int>) { self.id = id; self.delta = delta; self.place = place; self.rank = rank; self.eventTime = eventTime; self.file = file; self.cells = cells } }
package struct BagBatch: Sendable { package var collection: Int64; package var changes: [BagChange] = []; package var buffer = CellBuffer(); package init(collection: Int64) { self.collection = collection } }
extension CollectionStore { package func apply(_ b: BagBatch) throws -> ApplyCounts { ApplyCounts() } }
