import ChangeModel
import RecordFormats

/// A change as tests compare it: everything by name, nothing by index.
struct Decoded: Equatable {
  var table: String
  var operation: Operation
  var key: String
  var oldKey: String
  var position: Position
  var lineage: String
  var counter: Int64
  var eventTime: Int64
  var isSnapshot: Bool
  var isUnreadable: Bool
  var shape: Set<String>
  var recordIndex: Int
  /// The first bytes of where the record is said to begin.
  var start: String
  var values: [String: String]
}

/// Everything that decoding a file gave.
struct Outcome: Equatable {
  var changes: [Decoded] = []
  var quarantined: [QuarantinedRecord] = []
  var recordCount = 0
  var end = FileEnd.reading
  var evidence: [String: KeyEvidence] = [:]
  var cursors: [String: CursorEvidence] = [:]
}

func keyed(_ rule: KeyRule?) -> @Sendable (SourceTable) -> TablePlan {
  { _ in
    var plan = TablePlan()
    plan.key = rule
    return plan
  }
}

/// Decodes a file that is shown in windows which grow by `step` bytes.
func decode(
  _ text: [UInt8], _ file: FileContext = FileContext(name: "nation_1.json"), step: Int = .max,
  values: Bool = true, plan: @escaping @Sendable (SourceTable) -> TablePlan
) -> Outcome {
  var decoder = RecordDecoder(plan: plan)
  decoder.begin(file)
  return decode(text, with: &decoder, step: step, offset: Int(file.offset))
}

func decode(
  _ text: [UInt8], with decoder: inout RecordDecoder, step: Int = .max, offset: Int = 0
) -> Outcome {
  var windows: [Int] = []
  var shown = offset
  while step < text.count - shown {
    shown += step
    windows.append(shown)
  }
  return decode(text, with: &decoder, windows: windows + [text.count], offset: offset)
}

/// Decodes a file of which first so many bytes are there, then so many, at last all.
func decode(
  _ text: [UInt8], with decoder: inout RecordDecoder, windows: [Int], offset: Int = 0
) -> Outcome {
  var outcome = Outcome()
  var start = offset
  var batch = ChangeBatch()
  for shown in windows {
    let window = Array(text[min(start, shown)..<shown])
    batch.removeAll()
    batch.values.removeAll()
    let consumed = window.withUnsafeBytes {
      decoder.decode($0, isEnd: shown == text.count, into: &batch)
    }
    start += consumed
    outcome.changes += batch.changes.map { describe($0, batch, text) }
    outcome.quarantined += batch.quarantined
    outcome.recordCount += batch.recordCount
  }
  outcome.end = decoder.endState
  decoder.takeEvidence(into: &batch)
  for table in batch.tables {
    outcome.evidence[table.table.description] = table.evidence
    outcome.cursors[table.table.description] = table.cursorEvidence
  }
  return outcome
}

private func describe(_ change: Change, _ batch: ChangeBatch, _ text: [UInt8]) -> Decoded {
  let table = batch.tables[Int(change.table)]
  return Decoded(
    table: table.table.description, operation: change.operation,
    key: String(decoding: batch.keyBytes[change.key.indices], as: UTF8.self),
    oldKey: String(decoding: batch.keyBytes[change.oldKey.indices], as: UTF8.self),
    position: change.position, lineage: batch.lineages[Int(change.lineage)],
    counter: change.counter, eventTime: change.eventTime,
    isSnapshot: change.flags.contains(.snapshot),
    isUnreadable: change.flags.contains(.unreadableCursor),
    shape: Set(table.shapes[Int(change.shape)].columns.map { table.columns[$0] }),
    recordIndex: Int(change.recordIndex),
    start: String(decoding: text[Int(change.recordOffset)...].prefix(24), as: UTF8.self),
    values: values(of: change, batch))
}

/// The values of a change, by column; texts in quotes.
private func values(of change: Change, _ batch: ChangeBatch) -> [String: String] {
  if change.values.isEmpty { return [:] }
  let bytes = UnsafeRawBufferPointer(rebasing: batch.values.bytes[change.values.indices])
  let (table, shape) = PackedValues.layout(of: bytes)
  let columns = batch.tables[table].shapes[shape].columns
  var buffer = CellBuffer()
  PackedValues.append(bytes, columns: columns, to: &buffer)
  var values: [String: String] = [:]
  for cell in buffer.cells {
    let name = batch.tables[table].columns[Int(cell.column)]
    switch cell.kind {
    case .null: values[name] = "NULL"
    case .integer: values[name] = String(Int64(bitPattern: cell.bits))
    case .real: values[name] = String(Double(bitPattern: cell.bits))
    case .text:
      values[name] = "'" + String(decoding: buffer.bytes[cell.text.indices], as: UTF8.self) + "'"
    }
  }
  return values
}
