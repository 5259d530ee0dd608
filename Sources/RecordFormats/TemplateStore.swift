import ChangeModel
import Scanning
struct TemplateStore {
  func beginFile() {}
  func flushEvidence(into states: inout [TableState]) {}
  func forget(table: Int) {}
}
extension RecordDecoder {
  mutating func decodeByTemplates(
    _ tokens: JSONTokens, from index: Int, chunk: Int, into batch: inout ChangeBatch
  ) -> Int { index }
  mutating func learn(
    _ tokens: JSONTokens, from index: Int, to next: Int, _ members: Members, _ draft: Draft,
    _ change: Change, in batch: ChangeBatch
  ) {}
}
extension RecordDecoder {
  mutating func valuesByTemplates(
    _ bytes: UnsafeRawBufferPointer, into buffer: inout CellBuffer
  ) -> UInt32? { nil }
}
