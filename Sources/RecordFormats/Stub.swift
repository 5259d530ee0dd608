package import ChangeModel
package struct RecordDecoder: Sendable {
  package init(plan: @escaping @Sendable (SourceTable) -> TablePlan) {}
  package mutating func begin(_ file: FileContext) {}
  package mutating func decode(_ bytes: UnsafeRawBufferPointer, isEnd: Bool, into batch: inout ChangeBatch) -> Int { 0 }
  package var layout: FileLayout? { nil }
  package var end: FileEnd { .complete }
  package var tables: [DecodedTable] { [] }
  package mutating func values(ofRecord bytes: UnsafeRawBufferPointer, layout: FileLayout, into buffer: inout CellBuffer) throws(IngestError) -> UInt32 { 0 }
}
