import ChangeModel
import Scanning

/// How templates are made: from a JSON record that was read the general way.
extension RecordDecoder {
  /// What varies between records of one template.
  struct Hole {
    var start: Int
    var end: Int
    var hole: TemplateStep.Hole
    var target = 0
  }

  /// Where a record stands, and what its templates are found by.
  private struct Lesson {
    var start: Int
    var end: Int
    /// The bytes up to the operation's letter; of flat records up to the first value.
    var prefix: UnsafeRawBufferPointer
    var flatTable: Int
    var slot: Int
  }

  /// Learns a template from a record, or the form of a known one's records, unless its table needs
  /// the general way or there are enough.
  mutating func learn(
    _ tokens: JSONTokens, from index: Int, to next: Int, _ found: Members, _ draft: Draft,
    _ change: Change, in batch: ChangeBatch
  ) {
    guard isLearned(draft, change), templates.hasRoomForForm,
      let lesson = lesson(tokens, from: index, to: next, found, draft, change)
    else { return }
    let group = templates.find(lesson.prefix, flatTable: lesson.flatTable)
    let alternatives = group.map { templates.groups[$0].alternatives }
    let isOpen =
      draft.hasExists && touched.count <= RecordTemplate.presenceMax
      && (alternatives?.count(lesson.slot) ?? 0) >= TemplateStore.closedMax
    let open = isOpen ? alternatives.map { templates.open($0, lesson.slot) } ?? [] : []
    let known = open.first { matches(templates.templates[$0], tokens, lesson) }
    if let known, templates.form(of: known) != nil { return }
    guard known != nil || templates.hasRoom(in: alternatives, slot: lesson.slot) else { return }

    var columns: [Int: (before: Int, after: Int)] = [:]
    guard let holes = holes(tokens, lesson, found, draft, isOpen: isOpen, &columns),
      let form = form(draft, change, columns, holes)
    else { return }
    let key = Array(batch.keyBytes[change.key.indices])
    if let known {
      if gives(form, tokens.base, change, key: key) { adopt(form, of: known, draft, isOpen: true) }
      return
    }
    let template = RecordTemplate(
      steps: makeSteps(
        tokens.base, holes, from: lesson.start + lesson.prefix.count, to: lesson.end),
      table: change.table, form: -1)
    guard matches(template, tokens, lesson), gives(form, tokens.base, change, key: key) else {
      return
    }
    let place = group ?? templates.addGroup(lesson.prefix, flatTable: lesson.flatTable)
    let added = templates.add(template, toGroup: place, slot: lesson.slot)
    adopt(form, of: added, draft, isOpen: isOpen)
  }

  private func lesson(
    _ tokens: JSONTokens, from index: Int, to next: Int, _ found: Members, _ draft: Draft,
    _ change: Change
  ) -> Lesson? {
    let start = tokens.offset(index)
    let prefixCount: Int
    if draft.isFlat {
      prefixCount = flatPrefix(tokens, at: index)
    } else {
      guard found.opType >= 0, tokens.value(at: found.opType).text.count == 1 else { return nil }
      prefixCount = tokens.offset(found.opType) + 1 - start
    }
    let letter = tokens.base.load(fromByteOffset: start + prefixCount, as: UInt8.self)
    return Lesson(
      start: start, end: start + draft.bytes.count,
      prefix: UnsafeRawBufferPointer(start: tokens.base + start, count: prefixCount),
      flatTable: draft.isFlat ? draft.table : -1,
      slot: draft.isFlat ? 0 : TemplateStore.slot(letter))
  }

  private func matches(
    _ template: RecordTemplate, _ tokens: JSONTokens, _ lesson: Lesson
  ) -> Bool {
    let match = templates.match
    match.numbers.update(repeating: 0, count: RecordTemplate.Number.total)
    return lesson.end
      == RecordTemplate.match(
        template.steps, tokens.base, from: lesson.start + lesson.prefix.count,
        limit: tokens.byteCount, into: match)
  }

  /// What varies in a record, in the order in which it stands; nil where that cannot be told.
  ///
  /// - Parameter columns: where each column's values are among the holes that are values.
  private func holes(
    _ tokens: JSONTokens, _ lesson: Lesson, _ found: Members, _ draft: Draft, isOpen: Bool,
    _ columns: inout [Int: (before: Int, after: Int)]
  ) -> [Hole]? {
    var holes: [Hole] = []
    guard valueHoles(tokens, draft, isOpen: isOpen, &holes, &columns),
      !isOpen || presenceHoles(tokens, found, &holes),
      draft.isFlat || orderHoles(tokens, found, draft, &holes)
    else { return nil }
    holes.sort { $0.start < $1.start }
    if let first = holes.first, first.start < lesson.start + lesson.prefix.count { return nil }
    renumber(&holes, &columns)
    return holes
  }

  /// A flat record's bytes up to the first value.
  private func flatPrefix(_ tokens: JSONTokens, at index: Int) -> Int {
    let start = tokens.offset(index)
    guard index + 3 < tokens.count, tokens.byte(index + 3) == UInt8(ascii: "\"") else { return 1 }
    return tokens.offset(index + 3) + 1 - start
  }

  /// Makes a hole of every value that varies, and for an open template of those too that are not
  /// there; false when one is not a string.
  private func valueHoles(
    _ tokens: JSONTokens, _ draft: Draft, isOpen: Bool, _ holes: inout [Hole],
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
          if draft.hasExists, !isThere, !isOpen { continue }
        case .text, .jsonEscaped: break
        default: return false
        }
        guard isString, holes.count < TemplateStore.valuesMax else { return false }
        if isBefore {
          columns[column]?.before = holes.count
        } else {
          columns[column]?.after = holes.count
        }
        holes.append(
          Hole(
            start: start, end: start + value.text.count, hole: .value, target: holes.count))
      }
    }
    return true
  }

  /// Makes a hole of each digit of `exists`.
  private func presenceHoles(
    _ tokens: JSONTokens, _ found: Members, _ holes: inout [Hole]
  ) -> Bool {
    var members: [JSONMember] = []
    tokens.appendMembers(ofObject: found.exists, to: &members)
    for member in members {
      guard let address = member.value.text.baseAddress, member.value.text.count == 1 else {
        return false
      }
      let start = address - tokens.base
      holes.append(Hole(start: start, end: start + 1, hole: .presence))
    }
    return members.count <= RecordTemplate.presenceMax
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

  /// Makes holes of the cursor's and the counts' numbers; false when one is not found.
  private func orderHoles(
    _ tokens: JSONTokens, _ found: Members, _ draft: Draft, _ holes: inout [Hole]
  ) -> Bool {
    func embedded(_ token: Int) -> EmbeddedText? {
      guard token >= 0 else { return nil }
      let text = tokens.value(at: token).text
      return EmbeddedText(text: text, quote: text.contains(0x5C) ? "\\\"" : "\"")
    }
    return orderHoles(
      cursor: embedded(found.cursor), counts: embedded(found.count), draft, tokens.base, &holes)
  }
}
