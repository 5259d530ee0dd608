import ChangeModel
import Scanning

/// Arcion's JSON records, whatever their members' order and spacing.
extension RecordDecoder {
  /// The tokens of an Arcion record's members; -1 for those that it does not have.
  struct Members {
    var tableName = -1
    var opType = -1
    var cursor = -1
    var before = -1
    var after = -1
    var exists = -1
    var count = -1
    /// Whether `tableName` is an object; without it the record is a flat row.
    var isArcion = false
  }

  /// Decodes a record that was walked without a fault, and appends its change or puts it into
  /// quarantine.
  mutating func decodeRecord(
    _ tokens: JSONTokens, from index: Int, to next: Int, chunk: Int, into batch: inout ChangeBatch
  ) {
    let start = tokens.offset(index)
    let end = tokens.offset(next - 1) + 1
    var draft = Draft()
    draft.bytes = UnsafeRawBufferPointer(start: tokens.base + start, count: end - start)
    draft.start = chunk + start
    draft.table = -1
    defer { clearSlots() }
    do {
      let members = try readRecord(tokens, at: index, into: &draft)
      let change = try assemble(draft, into: &batch)
      guard let change else { return countRecord(into: &batch) }
      batch.changes.append(change)
      countRecord(into: &batch)
      learn(tokens, from: index, to: next, members, draft, change, in: batch)
    } catch {
      quarantine(
        draft.bytes, at: draft.start, table: draft.table < 0 ? nil : draft.table,
        reason: error.reason, into: &batch)
    }
  }

  /// Reads a record into the draft and the slots.
  mutating func readRecord(
    _ tokens: JSONTokens, at index: Int, into draft: inout Draft
  ) throws(RecordFault) -> Members {
    let found = findMembers(tokens, at: index)
    guard found.isArcion else {
      try readFlat(tokens, at: index, into: &draft)
      return found
    }
    draft.table = try table(tokens, at: found.tableName)
    draft.operation = try operation(tokens, at: found.opType)
    draft.hasExists = isObject(tokens, found.exists)
    draft.hasBefore = isObject(tokens, found.before)
    draft.hasAfter = isObject(tokens, found.after)
    if draft.hasBefore { try readImage(tokens, at: found.before, isBefore: true, of: draft.table) }
    if draft.hasAfter { try readImage(tokens, at: found.after, isBefore: false, of: draft.table) }
    if draft.hasExists { try readExists(tokens, at: found.exists, of: draft.table) }
    draft.counter = try counter(tokens, at: found.count)
    try readCursor(tokens, at: found.cursor, into: &draft)
    try applyOrderRule(tokens, at: index, to: &draft)
    return found
  }

  private func findMembers(_ tokens: JSONTokens, at index: Int) -> Members {
    var found = Members()
    var index = index + 1
    while index < tokens.count, tokens.byte(index) == UInt8(ascii: "\"") {
      let start = tokens.offset(index) + 1
      let name = UnsafeRawBufferPointer(
        start: tokens.base + start, count: tokens.end(ofToken: index) - start - 1)
      let value = index + 2
      switch name.count {
      case 9 where name.equals("tableName"): found.tableName = value
      case 6 where name.equals("opType"): found.opType = value
      case 6 where name.equals("cursor"): found.cursor = value
      case 6 where name.equals("before"): found.before = value
      case 5 where name.equals("after"): found.after = value
      case 6 where name.equals("exists"): found.exists = value
      case 14 where name.equals("operationcount"): found.count = value
      default: break
      }
      index = tokens.next(afterValue: value)
      guard index < tokens.count, tokens.byte(index) == UInt8(ascii: ",") else { break }
      index += 1
    }
    found.isArcion = isObject(tokens, found.tableName)
    return found
  }

  private func isObject(_ tokens: JSONTokens, _ index: Int) -> Bool {
    index >= 0 && tokens.byte(index) == UInt8(ascii: "{")
  }

  /// The table that a `tableName` object names; the last one's bytes are compared first.
  private mutating func table(
    _ tokens: JSONTokens, at index: Int
  ) throws(RecordFault) -> Int {
    let bytes = tokens.value(at: index).text
    if lastTable >= 0, bytes.count == lastTableBytes.count, bytes.elementsEqual(lastTableBytes) {
      adoptSchema(of: lastTable)
      return lastTable
    }
    members.removeAll(keepingCapacity: true)
    tokens.appendMembers(ofObject: index, to: &members)
    guard let name = try text(named: "name", in: members), !name.isEmpty else {
      throw RecordFault(reason: "\"tableName\" has no \"name\"")
    }
    var table = SourceTable(name: name)
    if let namespace = members.last(where: { $0.name.equals("namespace") }),
      namespace.value.kind == .json, namespace.value.text.first == UInt8(ascii: "{")
    {
      members.removeAll(keepingCapacity: true)
      tokens.appendMembers(ofObject: namespace.token, to: &members)
      table.catalog = try text(named: "catalog", in: members)
      table.schema = try text(named: "schema", in: members)
    }
    lastTable = self.index(of: table)
    lastTableBytes = Array(bytes)
    return lastTable
  }

  private mutating func text(
    named name: StaticString, in members: [JSONMember]
  ) throws(RecordFault) -> String? {
    guard let value = members.last(where: { $0.name.equals(name) })?.value, value.kind != .null
    else { return nil }
    guard value.kind == .text || value.kind == .jsonEscaped else {
      throw RecordFault(reason: "\"tableName\" holds a \"\(name)\" that is no text")
    }
    textScratch.removeAll(keepingCapacity: true)
    _ = JSONText.unescape(value.text, into: &textScratch)
    return String(decoding: textScratch, as: UTF8.self)
  }

  private func operation(
    _ tokens: JSONTokens, at index: Int
  ) throws(RecordFault) -> Draft.Operation {
    guard index >= 0 else { throw RecordFault(reason: "the record has no \"opType\"") }
    return Self.operation(tokens.value(at: index).text)
  }

  /// What an op letter means.
  static func operation(_ letter: UnsafeRawBufferPointer) -> Draft.Operation {
    guard letter.count == 1 else { return .other }
    switch letter[0] | 0x20 {
    case UInt8(ascii: "i"): return .insert
    case UInt8(ascii: "u"): return .update
    case UInt8(ascii: "d"): return .delete
    default: return .other
    }
  }

  /// Reads an image into the slots. The text `null` is how Arcion writes SQL NULL.
  private mutating func readImage(
    _ tokens: JSONTokens, at index: Int, isBefore: Bool, of table: Int
  ) throws(RecordFault) {
    var index = index + 1
    var place = 0
    while index < tokens.count, tokens.byte(index) == UInt8(ascii: "\"") {
      let column = try column(tokens, named: index, at: place, of: table)
      var value = tokens.value(at: index + 2)
      if value.kind == .text, value.text.equals("null") { value.kind = .null }
      guard slots[column].take(value, isBefore: isBefore) else {
        throw RecordFault(reason: "an image names column \(name(column, of: table)) twice")
      }
      place += 1
      index = tokens.next(afterValue: index + 2)
      guard index < tokens.count, tokens.byte(index) == UInt8(ascii: ",") else { break }
      index += 1
    }
  }

  private mutating func readExists(
    _ tokens: JSONTokens, at index: Int, of table: Int
  ) throws(RecordFault) {
    var index = index + 1
    var place = 0
    while index < tokens.count, tokens.byte(index) == UInt8(ascii: "\"") {
      let column = try column(tokens, named: index, at: place, of: table)
      let value = tokens.value(at: index + 2)
      guard value.text.count == 1, value.text[0] &- 48 < 4 else {
        throw RecordFault(
          reason: "\"exists\" is not 0 to 3 for column \(name(column, of: table))")
      }
      guard slots[column].exists == 255 else {
        throw RecordFault(reason: "\"exists\" names column \(name(column, of: table)) twice")
      }
      slots[column].exists = value.text[0] - 48
      place += 1
      index = tokens.next(afterValue: index + 2)
      guard index < tokens.count, tokens.byte(index) == UInt8(ascii: ",") else { break }
      index += 1
    }
  }

  /// The column of the name at a token, its slot marked as touched.
  private mutating func column(
    _ tokens: JSONTokens, named index: Int, at place: Int, of table: Int
  ) throws(RecordFault) -> Int {
    let start = tokens.offset(index) + 1
    var name = UnsafeRawBufferPointer(
      start: tokens.base + start, count: tokens.end(ofToken: index) - start - 1)
    guard JSONText.hasEscape(name) else { return try column(name, at: place, of: table) }
    textScratch.removeAll(keepingCapacity: true)
    _ = JSONText.unescape(name, into: &textScratch)
    let unescaped = textScratch
    let result: Result<Int, RecordFault> = unescaped.withUnsafeBytes { bytes in
      name = bytes
      do throws(RecordFault) {
        return .success(try column(name, at: place, of: table))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// The column of a name, its slot marked as touched.
  mutating func column(
    _ name: UnsafeRawBufferPointer, at place: Int, of table: Int
  ) throws(RecordFault) -> Int {
    guard let column = states[table].column(name, at: place, in: &tables[table]) else {
      throw RecordFault(reason: "the table would have more than \(TableState.columnsMax) columns")
    }
    while slots.count <= column { slots.append(ColumnSlot()) }
    if !slots[column].isTouched {
      slots[column].isTouched = true
      touched.append(column)
    }
    return column
  }

  func name(_ column: Int, of table: Int) -> String { tables[table].columns[column] }

  mutating func clearSlots() {
    for column in touched { slots[column] = ColumnSlot() }
    touched.removeAll(keepingCapacity: true)
  }

  /// A flat object of scalars: a row of a snapshot, of the table that the path names.
  private mutating func readFlat(
    _ tokens: JSONTokens, at index: Int, into draft: inout Draft
  ) throws(RecordFault) {
    members.removeAll(keepingCapacity: true)
    tokens.appendMembers(ofObject: index, to: &members)
    let isEnvelope = members.contains {
      ($0.name.equals("payload") || $0.name.equals("source")) && $0.value.kind == .json
    }
    if isEnvelope, members.contains(where: { $0.name.equals("op") || $0.name.equals("schema") }) {
      throw RecordFault(reason: "the record looks like Debezium's, not like Arcion's")
    }
    guard let table = layout?.table ?? file.tableByPath else {
      throw RecordFault(reason: "neither the record nor its file's path names a table")
    }
    draft.isFlat = true
    draft.hasAfter = true
    draft.table = self.index(of: table)
    try readImage(tokens, at: index, isBefore: false, of: draft.table)
  }

  private mutating func counter(
    _ tokens: JSONTokens, at index: Int
  ) throws(RecordFault) -> Int64 {
    countMembers.removeAll(keepingCapacity: true)
    guard index >= 0,
      try readEmbedded(tokens.value(at: index), token: index, tokens, isCursor: false)
    else { return -1 }
    return try CursorReader.counter(countMembers)
  }

  private mutating func readCursor(
    _ tokens: JSONTokens, at index: Int, into draft: inout Draft
  ) throws(RecordFault) {
    cursorMembers.removeAll(keepingCapacity: true)
    guard index >= 0,
      try readEmbedded(tokens.value(at: index), token: index, tokens, isCursor: true)
    else { return }
    draft.cursor = try CursorReader.read(cursorMembers, counter: draft.counter)
  }

  /// Reads the members of a cursor or of counts, an object or a string that holds one.
  ///
  /// - Returns: false when there is none.
  private mutating func readEmbedded(
    _ value: RawValue, token: Int, _ tokens: JSONTokens, isCursor: Bool
  ) throws(RecordFault) -> Bool {
    switch value.kind {
    case .json where value.text.first == UInt8(ascii: "{"):
      if isCursor {
        tokens.appendMembers(ofObject: token, to: &cursorMembers)
      } else {
        tokens.appendMembers(ofObject: token, to: &countMembers)
      }
      return true
    case .text, .jsonEscaped:
      textScratch.removeAll(keepingCapacity: true)
      _ = JSONText.unescape(value.text, into: &textScratch)
      return try readEmbeddedText(isCursor: isCursor)
    case .null: return false
    default: throw RecordFault(reason: Self.embeddedFault(isCursor))
    }
  }

  /// Reads the members of the JSON object in `textScratch`.
  ///
  /// - Returns: false when the text says that there is none.
  mutating func readEmbeddedText(isCursor: Bool) throws(RecordFault) -> Bool {
    if textScratch.isEmpty || textScratch.elementsEqual("null".utf8) { return false }
    let isGood =
      isCursor
      ? embedded.members(of: textScratch, into: &cursorMembers)
      : embeddedCount.members(of: textScratch, into: &countMembers)
    guard isGood else { throw RecordFault(reason: Self.embeddedFault(isCursor)) }
    return true
  }

  private static func embeddedFault(_ isCursor: Bool) -> String {
    "\"\(isCursor ? "cursor" : "operationcount")\" is not a JSON object"
  }
}
