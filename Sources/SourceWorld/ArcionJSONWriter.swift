/// Writes records as Arcion's JSON, byte for byte like the published samples.
struct ArcionJSONWriter {
  /// What of a table's records never changes.
  private struct Template {
    /// From the opening brace to the operation's letter.
    let head: [UInt8]
    /// The columns in the order of Java's `HashMap`, before and after one was added.
    let orders: [[Int]]
    /// `"name":"` of each column.
    let names: [[UInt8]]
    /// `"name":` of each column.
    let bareNames: [[UInt8]]
  }

  private let world: World
  private let format: BatchFormat
  private let cursorForm: CursorForm
  private let hasCounts: Bool
  private let cursors: CursorWriter
  private let textCursors: CursorWriter
  private let templates: [Template]

  init(world: World, plan: BucketPlan) {
    self.world = world
    format = plan.format
    cursorForm = plan.format == .native ? .object : plan.cursorForm
    hasCounts = world.plan.counters != .absent && plan.format != .native
    cursors = CursorWriter(
      source: world.plan.source, logBreak: world.plan.logBreak,
      quote: cursorForm == .text ? "\\\"" : "\"")
    textCursors = CursorWriter(
      source: world.plan.source, logBreak: world.plan.logBreak, quote: "\\\"")
    templates = world.tables.map(Self.template)
  }

  private static func template(_ table: WorldTable) -> Template {
    func quoteOrNull(_ text: String?) -> String {
      text.map { String(decoding: JSONText.quote($0), as: UTF8.self) } ?? "null"
    }
    let head =
      "{\"tableName\":{\"namespace\":{\"catalog\":\(quoteOrNull(table.catalog)),\"schema\":"
      + "\(quoteOrNull(table.schema)),\"hash\":\(table.namespaceHash)},\"name\":"
      + "\(quoteOrNull(table.name)),\"hash\":\(table.hash)},\"opType\":\""
    let names = table.columns.map { JSONText.quote($0.name) }
    return Template(
      head: Array(head.utf8),
      orders: [table.initialColumnCount, table.columns.count].map { count in
        JavaHash.mapOrder(table.columns.prefix(count).map(\.name))
      },
      names: names.map { $0 + [0x3A, 0x22] }, bareNames: names.map { $0 + [0x3A] })
  }

  /// Appends a record on one line, without the newline.
  func append(_ event: LogEvent, to bytes: inout [UInt8]) {
    let template = templates[event.table]
    let order = template.orders[event.exists.count == template.orders[0].count ? 0 : 1]
    if event.isFlat {
      bytes.append(0x7B)
      appendColumns(event, event.after, order, template, mask: 1, to: &bytes)
      bytes.append(0x7D)
      return
    }
    bytes += template.head
    bytes.append(event.operation.letter)
    appendCursor(event, to: &bytes)
    appendImage(Self.before, event, event.before, order, template, mask: 2, to: &bytes)
    appendImage(Self.after, event, event.after, order, template, mask: 1, to: &bytes)
    if format != .native { appendExists(event, order, template, to: &bytes) }
    if hasCounts {
      bytes += Self.operationCount
      textCursors.appendCounts(event.counts, to: &bytes)
      bytes.append(0x22)
    }
    bytes.append(0x7D)
  }

  private static let cursorText = Array("\",\"cursor\":\"".utf8)
  private static let cursorObject = Array("\",\"cursor\":".utf8)
  private static let cursorNull = Array("\",\"cursor\":null".utf8)
  private static let before = Array(",\"before\":".utf8)
  private static let after = Array(",\"after\":".utf8)
  private static let exists = Array(",\"exists\":{".utf8)
  private static let operationCount = Array(",\"operationcount\":\"".utf8)
  private static let null = Array("null".utf8)

  private func appendCursor(_ event: LogEvent, to bytes: inout [UInt8]) {
    if event.isSnapshot {
      // Absent in some, null in others.
      if event.index & 1 == 0 { bytes += Self.cursorNull } else { bytes.append(0x22) }
      return
    }
    bytes += cursorForm == .text ? Self.cursorText : Self.cursorObject
    cursors.appendCursor(of: event, to: &bytes)
    if cursorForm == .text { bytes.append(0x22) }
  }

  private func appendImage(
    _ name: [UInt8], _ event: LogEvent, _ cells: [Cell], _ order: [Int], _ template: Template,
    mask: UInt8, to bytes: inout [UInt8]
  ) {
    bytes += name
    if format == .native && event.operation == (mask == 1 ? .delete : .insert) {
      bytes += Self.null
      return
    }
    bytes.append(0x7B)
    appendColumns(event, cells, order, template, mask: mask, to: &bytes)
    bytes.append(0x7D)
  }

  private func appendColumns(
    _ event: LogEvent, _ cells: [Cell], _ order: [Int], _ template: Template, mask: UInt8,
    to bytes: inout [UInt8]
  ) {
    let columns = world.tables[event.table].columns
    var isFirst = true
    for column in order {
      // NATIVE has no `exists`, so there absent columns are absent, and NULL is JSON's.
      if format == .native && event.exists[column] & mask == 0 { continue }
      if !isFirst { bytes.append(0x2C) }
      isFirst = false
      let cell = cells[column]
      if cell == 0 && format == .native {
        bytes += template.bareNames[column]
        bytes += Self.null
        continue
      }
      bytes += template.names[column]
      if cell == 0 {
        bytes += Self.null
      } else {
        world.writer.append(cell, columns[column].content, as: .json, to: &bytes)
      }
      bytes.append(0x22)
    }
  }

  private func appendExists(
    _ event: LogEvent, _ order: [Int], _ template: Template, to bytes: inout [UInt8]
  ) {
    bytes += Self.exists
    for (place, column) in order.enumerated() {
      if place > 0 { bytes.append(0x2C) }
      bytes += template.names[column]
      bytes.append(0x30 + event.exists[column])
      bytes.append(0x22)
    }
    bytes.append(0x7D)
  }

  /// Writes a record of one line over several, indented.
  static func indent(_ record: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var depth = 0
    var isInString = false
    var isEscaped = false
    for byte in record {
      if isInString {
        bytes.append(byte)
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
        }
        continue
      }
      if byte == 0x7D || byte == 0x5D {
        depth -= 1
        breakLine(depth, &bytes)
      }
      bytes.append(byte)
      if byte == 0x22 { isInString = true }
      if byte == 0x3A { bytes.append(0x20) }
      if byte == 0x7B || byte == 0x5B { depth += 1 }
      if byte == 0x7B || byte == 0x5B || byte == 0x2C { breakLine(depth, &bytes) }
    }
    return bytes
  }

  private static func breakLine(_ depth: Int, _ bytes: inout [UInt8]) {
    bytes.append(0x0A)
    for _ in 0..<depth * 2 { bytes.append(0x20) }
  }
}
