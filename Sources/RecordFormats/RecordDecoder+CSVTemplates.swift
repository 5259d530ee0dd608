import ChangeModel
import Scanning

/// The fast road of CSV files: changes whose operation, cursor and counts are written as those of a
/// row that was seen before. Their templates begin at the operation, and are open.
///
/// All of it is `mutating`: to call anything else the compiler would copy the whole decoder.
extension RecordDecoder {
  /// Decodes the row that was scanned last; false where the general way must.
  mutating func decodeRowByTemplates(
    _ window: UnsafeRawBufferPointer, from start: Int, to end: Int, into batch: inout ChangeBatch
  ) -> Bool {
    guard texts.csv.fields.count == csvColumns.count * 3 + 3, let base = window.baseAddress,
      isUTF8(UnsafeRawBufferPointer(rebasing: window[start..<end])),
      let found = findRowForm(base, to: end)
    else { return false }
    let form = templates.forms + found
    var change = form.pointee.change
    guard placeKey(form, window), fill(&change, base, form, keys: &batch.keyBytes) else {
      return false
    }
    form.pointee.hits += 1
    change.recordIndex = UInt32(truncatingIfNeeded: recordIndex)
    change.recordOffset = offset + UInt64(start)
    change.values = pack(row: window, change, form, into: batch.values)
    batch.changes.append(change)
    countRecord(into: &batch)
    hasPlainRows = false
    return true
  }

  /// The form of the row that was scanned last; nil where no template matches it.
  @inline(__always)
  private mutating func findRowForm(_ base: UnsafeRawPointer, to end: Int) -> Int? {
    guard let group = rowGroup(), let presence = presence(base) else { return nil }
    let (first, slot) = operationPlace(base)
    for place in 0..<templates.rowGroups[group].alternatives.count(slot) {
      let template = templates.rowGroups[group].alternatives.template(slot, place)
      guard matches(templates.templates[template].steps, base, from: first, to: end, presence)
      else { continue }
      templates.rowGroups[group].alternatives.promote(slot, place)
      return templates.form(of: template)
    }
    return nil
  }

  private mutating func matches(
    _ steps: UnsafePointer<TemplateStep>, _ base: UnsafeRawPointer, from start: Int, to end: Int,
    _ presence: UInt64
  ) -> Bool {
    let match = templates.match
    match.numbers.update(repeating: 0, count: RecordTemplate.Number.total)
    let matched = RecordTemplate.match(steps, base, from: start, limit: end, into: match)
    match.presence.pointee = presence
    return matched == end
  }

  /// The group of rows like those of the current file; nil where none was learned.
  private mutating func rowGroup() -> Int? {
    if csvGroup == nil || csvGroupEscape != texts.csvEscape {
      csvGroup = templates.find(rowLayout)
      csvGroupEscape = texts.csvEscape
    }
    return csvGroup
  }

  private var rowLayout: TemplateStore.RowLayout {
    TemplateStore.RowLayout(
      table: csvTable, columns: csvColumns, delimiter: texts.csv.delimiter, quote: texts.csv.quote,
      escape: texts.csvEscape)
  }

  /// The digits of `exists` in the row that was scanned last; nil where they are too many.
  @inline(__always)
  private mutating func presence(_ base: UnsafeRawPointer) -> UInt64? {
    let count = csvColumns.count
    guard count <= RecordTemplate.presenceMax else { return nil }
    var presence = RecordTemplate.emptyPresence
    for place in 0..<count {
      let digit = base.load(fromByteOffset: texts.csv.fields[place * 3 + 2].start, as: UInt8.self)
      presence = presence << 2 | UInt64(digit & 3)
    }
    return presence
  }

  /// Where the operation of the row that was scanned last begins, and its slot.
  @inline(__always)
  private mutating func operationPlace(_ base: UnsafeRawPointer) -> (start: Int, slot: Int) {
    let field = texts.csv.fields[csvColumns.count * 3]
    let letter = base.load(fromByteOffset: field.start, as: UInt8.self)
    return (field.isQuoted ? field.start - 1 : field.start, TemplateStore.slot(letter))
  }

  /// Places the values of the key, for ``fill(_:_:_:keys:)``; false where the general way must read
  /// them: one is NULL, or has escapes.
  @inline(__always)
  private mutating func placeKey(
    _ form: UnsafePointer<RecordForm>, _ window: UnsafeRawBufferPointer
  ) -> Bool {
    for part in 0..<form.pointee.keyCount {
      let key = form.pointee.keyParts[part]
      guard placeValue(Int(key.new), window), key.old < 0 || placeValue(Int(key.old), window)
      else { return false }
    }
    return true
  }

  @inline(__always)
  private mutating func placeValue(_ index: Int, _ window: UnsafeRawBufferPointer) -> Bool {
    let field = texts.csv.fields[index]
    guard !field.hasEscape, !isNull(field, window) else { return false }
    templates.memory.values[index] = RecordTemplate.Value(
      start: field.start, count: field.count)
    return true
  }

  /// Learns the template and the form of the row that was scanned last and read the general way.
  mutating func learnRow(
    _ window: UnsafeRawBufferPointer, to end: Int, _ draft: Draft, _ change: Change,
    in batch: ChangeBatch
  ) {
    guard !draft.isFlat, isLearned(draft, change), templates.hasRoomForForm,
      let base = window.baseAddress, let presence = presence(base)
    else { return }
    let (start, slot) = operationPlace(base)
    let group = rowGroup()
    let alternatives = group.map { templates.rowGroups[$0].alternatives }
    let known = alternatives.map { templates.open($0, slot) } ?? []
    let template = known.first {
      matches(templates.templates[$0].steps, base, from: start, to: end, presence)
    }
    if let template, templates.form(of: template) != nil { return }
    guard template != nil || templates.hasRoom(in: alternatives, slot: slot) else { return }

    let last = csvColumns.count * 3
    var holes: [Hole] = []
    guard
      orderHoles(
        cursor: embedded(texts.csv.fields[last + 1], window),
        counts: embedded(texts.csv.fields[last + 2], window), draft, base, &holes)
    else { return }
    holes.sort { $0.start < $1.start }
    let places = csvColumns.enumerated().map { place, column in
      (column, (before: place * 3 + 1, after: place * 3))
    }
    let steps =
      template.map { templates.templates[$0].steps }
      ?? makeSteps(base, holes, from: start, to: end)
    guard let form = form(draft, change, Dictionary(places) { first, _ in first }, holes),
      matches(steps, base, from: start, to: end, presence),
      withUnsafePointer(to: form, { placeKey($0, window) }),
      gives(form, base, change, key: Array(batch.keyBytes[change.key.indices]))
    else { return }
    let learned =
      template
      ?? templates.add(
        RecordTemplate(steps: steps, table: change.table, form: -1),
        toRowGroup: group ?? templates.addGroup(rowLayout), slot: slot)
    adopt(form, of: learned, draft, isOpen: true)
  }

  /// A field that holds a JSON object.
  private func embedded(_ field: CSVField, _ window: UnsafeRawBufferPointer) -> EmbeddedText {
    let escape = texts.csvEscape ?? texts.csv.quote
    let quote = field.hasEscape ? [escape, UInt8(ascii: "\"")] : [UInt8(ascii: "\"")]
    return EmbeddedText(
      text: UnsafeRawBufferPointer(rebasing: window[field.start..<field.start + field.count]),
      quote: String(decoding: quote, as: UTF8.self))
  }
}
