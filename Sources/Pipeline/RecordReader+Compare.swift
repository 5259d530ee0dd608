import ChangeModel
import Sequencing

extension RecordReader {
  /// Whether two records do the same to the row: the same kind of change, with the same values.
  func saySame(_ left: SequencedChange, _ right: SequencedChange) throws -> Bool {
    let kinds = (left.operation.kind, right.operation.kind)
    guard kinds.0 == kinds.1, left.isMove == right.isMove else { return false }
    if kinds.0 == .delete, !left.isMove { return true }
    if left.recordLength == right.recordLength, try bytes(of: left) == bytes(of: right) {
      return true
    }
    var buffer = CellBuffer()
    let first = try appendValues(of: left, to: &buffer)
    let second = try appendValues(of: right, to: &buffer)
    return first.count == second.count
      && zip(buffer.cells[first], buffer.cells[second]).allSatisfy { left, right in
        left.column == right.column && left.kind == right.kind && left.bits == right.bits
          && (left.kind != .text
            || buffer.bytes[left.text.indices] == buffer.bytes[right.text.indices])
      }
  }
}

extension Operation {
  /// What it is to the row's memory: an update and an upsert are one there.
  fileprivate var kind: Operation { self == .upsert ? .update : self }
}
