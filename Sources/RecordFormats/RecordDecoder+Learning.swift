import ChangeModel
import Scanning

/// How templates are made: from a record that was read the general way.
extension RecordDecoder {
  /// What varies between records of one template.
  private struct Hole {
    var start: Int
    var end: Int
    var hole: TemplateStep.Hole
    var target: Int
    var token: Int
  }

  /// Learns a template from a record, unless its table needs the general way or there are enough.
  mutating func learn(
    _ tokens: JSONTokens, from index: Int, to next: Int, _ found: Members, _ draft: Draft,
    _ change: Change, in batch: ChangeBatch
  ) {
    let state = states[draft.table]
    guard !state.needsKeyEvidence, change.flags.isDisjoint(with: [.keyMove, .unreadableCursor])
    else { return }
    if case .wholeRow? = state.key, !state.plan.isSkipped { return }
    if case .fields = state.plan.order { return }
    let start = tokens.offset(index)
    let prefixCount: Int
    if draft.isFlat {
      prefixCount = flatPrefix(tokens, at: index)
    } else {
      guard found.opType >= 0, tokens.value(at: found.opType).text.count == 1 else { return }
      prefixCount = tokens.offset(found.opType) + 1 - start
    }
    let flatTable = draft.isFlat ? draft.table : -1
    let prefix = UnsafeRawBufferPointer(start: tokens.base + start, count: prefixCount)
    let slot =
      draft.isFlat
      ? 0
      : TemplateStore.slot(tokens.base.load(fromByteOffset: start + prefixCount, as: UInt8.self))
    guard templates.hasRoom(prefix: prefix, flatTable: flatTable, slot: slot) else { return }

    var holes: [Hole] = []
    var columns: [Int: (before: Int, after: Int)] = [:]
    guard valueHoles(tokens, from: index, draft, &holes, &columns),
      draft.isFlat || orderHoles(tokens, found, draft, &holes)
    else { return }
    holes.sort { $0.start < $1.start }
    if let first = holes.first, first.start < start + prefixCount { return }
    renumber(&holes, &columns)
    guard let spans = spans(holes), let keyParts = keyParts(draft, columns) else { return }

    let end = tokens.offset(next - 1) + 1
    let steps = makeSteps(tokens, holes, from: start + prefixCount, to: end)
    let named = touched.filter { !slots[$0].named.isAbsent }.map { column in
      (column: Int32(column), value: Int32(namedValue(column, columns)))
    }
    let namedMemory = templates.memory.allocate((column: Int32, value: Int32).self, named.count)
    for (place, entry) in named.enumerated() { namedMemory[place] = entry }
    let keyMemory = templates.memory.allocate(
      (new: Int32, old: Int32, isNumeric: Bool).self, keyParts.count)
    for (place, part) in keyParts.enumerated() { keyMemory[place] = part }
    var common = change
    common.key = ByteRange()
    let template = RecordTemplate(
      steps: steps.pointer, stepCount: steps.count, tokenCount: next - index, change: common,
      hasTimestamp: holes.contains {
        $0.hole == .number && $0.target == RecordTemplate.Number.timestamp
      },
      hasCounter: change.counter >= 0, isCounterFirst: draft.cursor.kind == .ase,
      ignoresPosition: state.plan.order == .files, isLeftOut: false, keyParts: keyMemory,
      keyCount: keyParts.count, named: namedMemory, namedCount: named.count,
      spans: (spans.first ?? (0, 0), spans.last ?? (0, 0)), spanCount: spans.count, hits: 0)
    var before = ColumnSet()
    for column in touched {
      let isBefore =
        draft.hasExists ? slots[column].exists >= 2 : !slots[column].before.isAbsent
      if isBefore { before.insert(column) }
    }
    adopt(
      template, tokens: tokens, from: index, prefixCount: prefixCount, flatTable: flatTable,
      slot: slot, change: change, key: Array(batch.keyBytes[change.key.indices]), before: before,
      all: ColumnSet(touched))
  }

  /// A flat record's bytes up to the first value.
  private func flatPrefix(_ tokens: JSONTokens, at index: Int) -> Int {
    let start = tokens.offset(index)
    guard index + 3 < tokens.count, tokens.byte(index + 3) == UInt8(ascii: "\"") else { return 1 }
    return tokens.offset(index + 3) + 1 - start
  }

  /// Where a named column's value stands among the values; -1 where it is a constant NULL.
  private func namedValue(_ column: Int, _ columns: [Int: (before: Int, after: Int)]) -> Int {
    let places = columns[column] ?? (-1, -1)
    return slots[column].exists == 2 ? places.before : places.after
  }

  /// Makes a hole of every value that varies; false when one is not a string.
  private func valueHoles(
    _ tokens: JSONTokens, from index: Int, _ draft: Draft, _ holes: inout [Hole],
    _ columns: inout [Int: (before: Int, after: Int)]
  ) -> Bool {
    for column in touched {
      let slot = slots[column]
      columns[column] = (-1, -1)
      for isBefore in [true, false] {
        let value = isBefore ? slot.before : slot.after
        if value.isAbsent { continue }
        guard let address = value.text.baseAddress else { return false }
        let start = address - tokens.base
        let isString = tokens.base.load(fromByteOffset: start - 1, as: UInt8.self) == 0x22
        switch value.kind {
        case .null where !isString: continue
        case .null:
          // What `exists` says is not there stays "null" in every record of its kind.
          let isThere = isBefore ? slot.exists & 2 != 0 : slot.exists & 1 != 0
          if draft.hasExists, !isThere { continue }
        case .text, .jsonEscaped: break
        default: return false
        }
        let token = tokens.firstToken(atOrAfter: start - 1)
        guard token < tokens.count, tokens.offset(token) == start - 1,
          holes.count < TemplateStore.valuesMax
        else { return false }
        if isBefore {
          columns[column]?.before = holes.count
        } else {
          columns[column]?.after = holes.count
        }
        holes.append(
          Hole(
            start: start, end: start + value.text.count, hole: .value, target: holes.count,
            token: token + 1 - index))
      }
    }
    return true
  }

  /// Numbers the values in the order in which they stand.
  private func renumber(
    _ holes: inout [Hole], _ columns: inout [Int: (before: Int, after: Int)]
  ) {
    var places: [Int: Int] = [-1: -1]
    for index in holes.indices where holes[index].hole == .value {
      let place = places.count - 1
      places[holes[index].target] = place
      holes[index].target = place
    }
    columns = columns.mapValues { (places[$0.before] ?? -1, places[$0.after] ?? -1) }
  }

  /// The runs of values without a number between them; nil for more than two.
  private func spans(_ holes: [Hole]) -> [(first: Int, last: Int)]? {
    var spans: [(first: Int, last: Int)] = []
    var isOpen = false
    for hole in holes {
      guard hole.hole == .value else {
        isOpen = false
        continue
      }
      if isOpen {
        spans[spans.count - 1].last = hole.target
      } else {
        spans.append((hole.target, hole.target))
        isOpen = true
      }
    }
    return spans.count > 2 ? nil : spans
  }

  /// Where the key's parts stand among the values; nil when that is not the same in every record.
  private func keyParts(
    _ draft: Draft, _ columns: [Int: (before: Int, after: Int)]
  ) -> [(new: Int32, old: Int32, isNumeric: Bool)]? {
    let state = states[draft.table]
    guard !state.plan.isSkipped, case .columns? = state.key else { return [] }
    var parts: [(new: Int32, old: Int32, isNumeric: Bool)] = []
    for column in state.keyColumns {
      guard column >= 0, let places = columns[column] else { return nil }
      let exists = draft.hasExists ? slots[column].exists : 3
      var new = exists & 1 != 0 ? places.after : -1
      var old = exists & 2 != 0 ? places.before : -1
      // The key of a delete is the old one; without it, the other image's.
      if draft.operation == .delete, old >= 0 { swap(&new, &old) }
      if new < 0 { swap(&new, &old) }
      guard new >= 0 else { return nil }
      if draft.operation == .delete || draft.operation == .insert { old = -1 }
      parts.append((Int32(new), Int32(old), state.isNumeric[column]))
    }
    return parts
  }

  /// Makes holes of the cursor's and the counts' numbers; false when one is not found.
  private func orderHoles(
    _ tokens: JSONTokens, _ found: Members, _ draft: Draft, _ holes: inout [Hole]
  ) -> Bool {
    let word = RecordTemplate.Number.word
    let ignored = RecordTemplate.Number.ignored
    if found.cursor >= 0, draft.cursor.state != .none {
      var fields: [(StaticString, Int)] = [
        ("timestamp", RecordTemplate.Number.timestamp), ("extractionTimestamp", ignored),
      ]
      switch draft.cursor.kind {
      case .unknown: return false
      case .mysql: fields += [("position", word + 1), ("logSeqNum", word + 2)]
      case .cassandra: fields += [("dscId", word), ("mutId", word + 1), ("partNum", word + 2)]
      case .mongodb: fields += [("resumeToken", word), ("seqNum", word + 1)]
      case .ase:
        fields += [
          ("operationLogPageNumber", word + 1), ("operationLogRowNumber", word + 2),
          ("transactionLogPageNumber", word + 3),
          ("transactionLogRowNumber", RecordTemplate.Number.transactionRow),
        ]
      case .informix:
        fields += [
          ("seqNum", word), ("transactionNum", word + 3),
          ("startSeqNumForOldestUncommitedTxn", ignored),
        ]
      }
      let text = tokens.value(at: found.cursor).text
      for (name, target) in fields {
        guard
          numberHole(name, target, in: text, tokens.base, among: cursorMembers, &holes)
        else { return false }
      }
      if draft.cursor.kind == .mysql, !logHole(in: text, tokens.base, &holes) { return false }
    }
    guard found.count >= 0, draft.counter >= 0 else { return true }
    let text = tokens.value(at: found.count).text
    let counts: [StaticString] = ["insertCount", "updateCount", "deleteCount", "replaceCount"]
    for (place, name) in counts.enumerated() {
      guard
        numberHole(
          name, RecordTemplate.Number.count + place, in: text, tokens.base, among: countMembers,
          &holes)
      else { return false }
    }
    return true
  }

  /// Makes a hole of a member's number; false when the member is there and its digits are not
  /// found, or are more than can be read at once.
  private func numberHole(
    _ name: StaticString, _ target: Int, in text: UnsafeRawBufferPointer,
    _ base: UnsafeRawPointer, among members: [JSONMember], _ holes: inout [Hole]
  ) -> Bool {
    let count = members.count { $0.name.equals(name) }
    if count == 0 { return true }
    guard count == 1, let start = place(of: name, followedBy: ":", in: text) else { return false }
    let digits = NumberText.digits(text, from: start)
    guard digits > 0, digits <= 18, let address = text.baseAddress else { return false }
    let first = address - base + start
    holes.append(
      Hole(start: first, end: first + digits, hole: .number, target: target, token: 0))
    return true
  }

  /// Makes a hole of the log file's number.
  private func logHole(
    in text: UnsafeRawBufferPointer, _ base: UnsafeRawPointer, _ holes: inout [Hole]
  ) -> Bool {
    let quote = text.contains(0x5C) ? "\\\"" : "\""
    guard let start = place(of: "log", followedBy: ":" + quote, in: text),
      let address = text.baseAddress
    else { return false }
    var end = start
    while end < text.count, text[end] != 0x22, text[end] != 0x5C { end += 1 }
    guard let dot = text[start..<end].lastIndex(of: UInt8(ascii: ".")) else { return false }
    let digits = NumberText.digits(text, from: dot + 1)
    guard digits > 0, digits <= 18, dot + 1 + digits == end else { return false }
    let first = address - base + dot + 1
    holes.append(
      Hole(
        start: first, end: first + digits, hole: .padded, target: RecordTemplate.Number.word,
        token: 0))
    return true
  }

  /// Where the text stands that follows a member's name; nil unless that is at exactly one place.
  private func place(
    of name: StaticString, followedBy tail: String, in text: UnsafeRawBufferPointer
  ) -> Int? {
    let quote = text.contains(0x5C) ? "\\\"" : "\""
    let pattern = Array((quote + "\(name)" + quote + tail).utf8)
    var found: Int?
    var offset = 0
    while offset + pattern.count <= text.count {
      // A name stands behind the opening bracket or a comma.
      let isAfterComma =
        offset > 0 && (text[offset - 1] == UInt8(ascii: ",") || text[offset - 1] == 0x7B)
      if isAfterComma,
        text[offset..<offset + pattern.count].elementsEqual(pattern)
      {
        guard found == nil else { return nil }
        found = offset + pattern.count
      }
      offset += 1
    }
    return found
  }

  private func makeSteps(
    _ tokens: JSONTokens, _ holes: [Hole], from start: Int, to end: Int
  ) -> (pointer: UnsafeMutablePointer<TemplateStep>, count: Int) {
    let literals = templates.memory.allocate(UInt8.self, end - start)
    UnsafeMutableRawPointer(literals).copyMemory(
      from: tokens.base + start, byteCount: end - start)
    let steps = templates.memory.allocate(TemplateStep.self, holes.count + 1)
    var position = start
    for (place, hole) in holes.enumerated() {
      (steps + place).initialize(
        to: TemplateStep(
          literal: UnsafeRawPointer(literals + (position - start)),
          literalCount: Int32(hole.start - position), token: Int32(hole.token), hole: hole.hole,
          target: Int32(hole.target)))
      position = hole.end
    }
    (steps + holes.count).initialize(
      to: TemplateStep(
        literal: UnsafeRawPointer(literals + (position - start)),
        literalCount: Int32(end - position), token: 0, hole: .end, target: 0))
    return (steps, holes.count + 1)
  }
}
