/// Writes records as Arcion's CSV: triplets, operation, cursor, counters; or flat snapshot rows.
struct ArcionCSVWriter {
  private let world: World
  private let form: TextForm
  private let cursors: CursorWriter

  init(world: World, plan: BucketPlan) {
    self.world = world
    form = plan.hasBackslashes ? .csvBackslash : .csv
    cursors = CursorWriter(
      source: world.plan.source, logBreak: world.plan.logBreak,
      quote: plan.hasBackslashes ? "\\\"" : "\"\"")
  }

  /// Appends a record, without the newline.
  func append(_ event: LogEvent, to bytes: inout [UInt8]) {
    let columns = world.tables[event.table].columns
    for column in event.exists.indices {
      if column > 0 { bytes.append(0x2C) }
      appendField(event.after[column], columns[column].content, to: &bytes)
      if event.isFlat { continue }
      bytes.append(0x2C)
      appendField(event.before[column], columns[column].content, to: &bytes)
      bytes.append(0x2C)
      bytes.append(0x30 + event.exists[column])
    }
    if event.isFlat { return }
    bytes.append(0x2C)
    bytes.append(event.operation.letter)
    bytes.append(0x2C)
    if event.isSnapshot {
      bytes += Self.null
    } else {
      bytes.append(0x22)
      cursors.appendCursor(of: event, to: &bytes)
      bytes.append(0x22)
    }
    bytes.append(0x2C)
    if world.plan.counters == .absent {
      bytes += Self.null
    } else {
      bytes.append(0x22)
      cursors.appendCounts(event.counts, to: &bytes)
      bytes.append(0x22)
    }
  }

  private static let null = Array("NULL".utf8)

  private func appendField(_ cell: Cell, _ content: CellContent, to bytes: inout [UInt8]) {
    if cell == 0 {
      bytes += Self.null
      return
    }
    let start = bytes.count
    if world.writer.append(cell, content, as: form, to: &bytes) {
      bytes.insert(0x22, at: start)
      bytes.append(0x22)
    }
  }
}
