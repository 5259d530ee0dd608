import ChangeModel
import Scanning

/// What templates of JSON records and of CSV rows have in common: how they are made, and what
/// their matches mean.
extension RecordDecoder {
  /// Whether records like one that was read are to be learned; their table may need the general way.
  func isLearned(_ draft: Draft, _ change: Change) -> Bool {
    let state = states[draft.table]
    guard !state.needsKeyEvidence, change.flags.isDisjoint(with: [.keyMove, .unreadableCursor])
    else { return false }
    switch state.key {
    case .wholeRow? where !state.plan.isSkipped: return false
    // Its record is put aside as it is.
    case .append? where !change.operation.begins: return false
    default: break
    }
    if case .fields = state.plan.order { return false }
    return true
  }

  /// The form of a record that was read.
  ///
  /// - Parameter columns: where each column's values stand among those of the template; -1 for
  ///   nowhere.
  /// - Returns: nil where the key does not stand at the same place in all such records.
  func form(
    _ draft: Draft, _ change: Change, _ columns: [Int: (before: Int, after: Int)], _ holes: [Hole]
  ) -> RecordForm? {
    guard let keyParts = keyParts(draft, columns) else { return nil }
    let named = isPacked(draft.table) ? touched.filter { !slots[$0].named.isAbsent }.sorted() : []
    let namedMemory = templates.memory.allocate((value: Int32, kind: UInt8).self, named.count)
    for (place, column) in named.enumerated() {
      namedMemory[place] = (
        value: Int32(namedValue(column, columns)),
        kind: PackedValues.Kind(states[draft.table].types[column]).rawValue
      )
    }
    let keyMemory = templates.memory.allocate(
      (new: Int32, old: Int32, isNumeric: Bool).self, keyParts.count)
    for (place, part) in keyParts.enumerated() { keyMemory[place] = part }
    var common = change
    common.key = ByteRange()
    return RecordForm(
      change: common,
      hasTimestamp: holes.contains {
        $0.hole == .number && $0.target == RecordTemplate.Number.timestamp
      },
      hasCounter: change.counter >= 0, isCounterFirst: draft.cursor.kind == .ase,
      ignoresPosition: states[draft.table].plan.order == .files, keyParts: keyMemory,
      keyCount: keyParts.count, named: namedMemory, namedCount: named.count)
  }

  /// Where a named column's value stands among the values; -1 where it is a constant NULL.
  private func namedValue(_ column: Int, _ columns: [Int: (before: Int, after: Int)]) -> Int {
    let places = columns[column] ?? (-1, -1)
    return slots[column].exists == 2 ? places.before : places.after
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

  /// Whether a form gives back the change that it was learned from, whose record was matched last.
  mutating func gives(
    _ form: RecordForm, _ base: UnsafeRawPointer, _ change: Change, key: [UInt8]
  ) -> Bool {
    var bytes: [UInt8] = []
    var made = form.change
    let isMade = withUnsafePointer(to: form) { form in fill(&made, base, form, keys: &bytes) }
    return isMade && made.position == change.position && made.counter == change.counter
      && made.eventTime == change.eventTime && bytes == key && made.lineage == change.lineage
  }

  /// Adds the form of the record that a template matched last.
  mutating func adopt(_ form: RecordForm, of template: Int, _ draft: Draft, isOpen: Bool) {
    var before = ColumnSet()
    for column in touched {
      let isBefore =
        draft.hasExists ? slots[column].exists >= 2 : !slots[column].before.isAbsent
      if isBefore { before.insert(column) }
    }
    templates.add(form, of: template, isOpen: isOpen, before: before, all: ColumnSet(touched))
  }

  /// The steps of a template.
  ///
  /// - Parameter holes: what varies between two places of the text, in order.
  func makeSteps(
    _ base: UnsafeRawPointer, _ holes: [Hole], from start: Int, to end: Int
  ) -> UnsafeMutablePointer<TemplateStep> {
    let literals = templates.memory.allocate(UInt8.self, end - start)
    UnsafeMutableRawPointer(literals).copyMemory(from: base + start, byteCount: end - start)
    let steps = templates.memory.allocate(TemplateStep.self, holes.count + 1)
    var position = start
    for (place, hole) in holes.enumerated() {
      (steps + place).initialize(
        to: TemplateStep(
          literal: UnsafeRawPointer(literals + (position - start)),
          literalCount: Int32(hole.start - position), hole: hole.hole,
          target: Int32(hole.target)))
      position = hole.end
    }
    (steps + holes.count).initialize(
      to: TemplateStep(
        literal: UnsafeRawPointer(literals + (position - start)),
        literalCount: Int32(end - position), hole: .end, target: 0))
    return steps
  }
}
