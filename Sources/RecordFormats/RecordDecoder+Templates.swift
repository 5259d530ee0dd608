import ChangeModel
import Glibc
import Hashing
import Scanning

/// The fast road: records that look like ones seen before.
///
/// All of it is `mutating`: to call anything else the compiler would copy the whole decoder.
extension RecordDecoder {
  /// Decodes records for as long as templates match them.
  ///
  /// - Returns: the first token that was not consumed.
  mutating func decodeByTemplates(
    _ tokens: JSONTokens, from index: Int, chunk: Int, into batch: inout ChangeBatch
  ) -> Int {
    guard templates.count > 0 else { return index }
    let flatTable = layout?.table.flatMap { tableIndexes[$0] } ?? -1
    let origin = offset + UInt64(chunk)
    var index = index
    var count = 0
    while index < tokens.count, tokens.byte(index) == UInt8(ascii: "{") {
      let start = Int(tokens.offsets[index])
      guard let found = findTemplate(tokens, at: index, flatTable: flatTable) else { break }
      let form = templates.forms + found.form
      var change = form.pointee.change
      guard fill(&change, tokens.base, form, keys: &batch.keyBytes) else { break }
      form.pointee.hits += 1
      change.recordIndex = UInt32(truncatingIfNeeded: recordIndex + count)
      change.recordOffset = origin + UInt64(start)
      change.values = pack(
        change, form, tokens.base, limit: tokens.byteCount, hasEscapes: found.hasEscapes,
        into: batch.values)
      batch.changes.append(change)
      count += 1
      index += templates.templates[found.template].tokenCount
    }
    recordIndex += count
    recordsOfFile += count
    batch.recordCount += count
    return index
  }

  /// A template that matches a record, the record's form, and whether its values may have escapes.
  private struct Found {
    var template: Int
    var form: Int
    var hasEscapes: Bool
  }

  /// Finds a template that matches the record at a token.
  @inline(__always)
  private mutating func findTemplate(
    _ tokens: JSONTokens, at index: Int, flatTable: Int
  ) -> Found? {
    let start = Int(tokens.offsets[index])
    guard
      let found = templates.group(
        tokens.base + start, limit: tokens.byteCount - start, flatTable: flatTable)
    else { return nil }
    let group = templates.groups[found]
    let first = start &+ group.prefixCount
    let slot =
      group.flatTable >= 0
      ? 0 : TemplateStore.slot(tokens.base.load(fromByteOffset: first, as: UInt8.self))
    let match = templates.match
    for place in 0..<group.alternatives.count(slot) {
      let candidate = group.alternatives.template(slot, place)
      let template = templates.templates + candidate
      guard template.pointee.tokenCount <= tokens.count - index else { continue }
      match.numbers.update(repeating: 0, count: RecordTemplate.Number.total)
      let end = RecordTemplate.match(
        template.pointee.steps, tokens.base, from: first, limit: tokens.byteCount,
        offsets: tokens.offsets + index, into: match)
      guard end > 0, let form = templates.form(of: candidate) else { continue }
      let hasEscapes = mayHaveEscapes(tokens.base, template)
      if hasEscapes, !hasGoodEscapes(tokens.base, template, templates.forms + form) { continue }
      group.alternatives.promote(slot, place)
      return Found(template: candidate, form: form, hasEscapes: hasEscapes)
    }
    return nil
  }

  /// Whether there is a backslash anywhere from the first to the last value of a run.
  @inline(__always)
  private mutating func mayHaveEscapes(
    _ base: UnsafeRawPointer, _ template: UnsafePointer<RecordTemplate>
  ) -> Bool {
    let spanCount = template.pointee.spanCount
    if spanCount == 0 { return false }
    if !isClean(base, template.pointee.spans.0) { return true }
    return spanCount == 2 && !isClean(base, template.pointee.spans.1)
  }

  @inline(__always)
  private mutating func isClean(_ base: UnsafeRawPointer, _ span: (first: Int, last: Int)) -> Bool {
    let values = templates.memory.values
    let start = values[span.first].start
    let end = values[span.last].start + values[span.last].count
    return memchr(base + start, 0x5C, end - start) == nil
  }

  /// Whether all escapes in the values are valid, and none is in the key.
  @inline(never)
  private mutating func hasGoodEscapes(
    _ base: UnsafeRawPointer, _ template: UnsafePointer<RecordTemplate>,
    _ form: UnsafePointer<RecordForm>
  ) -> Bool {
    for part in 0..<form.pointee.keyCount {
      let key = form.pointee.keyParts[part]
      if JSONText.hasEscape(value(Int(key.new), base)) { return false }
      if key.old >= 0, JSONText.hasEscape(value(Int(key.old), base)) { return false }
    }
    let last =
      template.pointee.spanCount == 1
      ? template.pointee.spans.0.last : template.pointee.spans.1.last
    for index in 0...last where JSONText.firstBadEscape(value(index, base)) != nil {
      return false
    }
    return true
  }

  @inline(__always)
  mutating func value(_ index: Int, _ base: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    let value = templates.memory.values[index]
    return UnsafeRawBufferPointer(start: base + value.start, count: value.count)
  }

  /// Fills in the change of the record that was matched last; false where the general way must.
  @inline(__always)
  mutating func fill(
    _ change: inout Change, _ base: UnsafeRawPointer, _ form: UnsafePointer<RecordForm>,
    keys keyBytes: inout [UInt8]
  ) -> Bool {
    guard setOrder(form, &change) else { return false }
    if form.pointee.keyCount == 0 { return true }
    let start = keyBytes.count
    if form.pointee.keyCount == 1 {
      guard appendKeyPart(base, form.pointee.keyParts[0], isCompound: false, to: &keyBytes)
      else { return false }
    } else {
      KeyEncoding.append(count: form.pointee.keyCount, to: &keyBytes)
      for part in 0..<form.pointee.keyCount {
        guard appendKeyPart(base, form.pointee.keyParts[part], isCompound: true, to: &keyBytes)
        else {
          keyBytes.removeSubrange(start...)
          return false
        }
      }
    }
    change.key = ByteRange(offset: start, count: keyBytes.count - start)
    return true
  }

  /// Appends a part of the key; false where it is NULL or differs before and after the change.
  @inline(__always)
  private mutating func appendKeyPart(
    _ base: UnsafeRawPointer, _ part: (new: Int32, old: Int32, isNumeric: Bool),
    isCompound: Bool, to bytes: inout [UInt8]
  ) -> Bool {
    let text = value(Int(part.new), base)
    if text.count == 4,
      base.loadUnaligned(
        fromByteOffset: templates.memory.values[Int(part.new)].start, as: UInt32.self)
        == Self.nullText
    {
      return false
    }
    if part.old >= 0 {
      let old = value(Int(part.old), base)
      guard old.count == text.count, let left = text.baseAddress, let right = old.baseAddress,
        memcmp(left, right, text.count) == 0
      else { return false }
    }
    if part.isNumeric { return appendNumericPart(text, isCompound: isCompound, to: &bytes) }
    if isCompound { KeyEncoding.append(count: text.count, to: &bytes) }
    bytes.append(contentsOf: text)
    return true
  }

  @inline(never)
  private mutating func appendNumericPart(
    _ text: UnsafeRawBufferPointer, isCompound: Bool, to bytes: inout [UInt8]
  ) -> Bool {
    var canonical: [UInt8] = []
    if !isCompound, NumberText.canonicalInteger(text) != nil {
      bytes.append(contentsOf: text)
      return true
    }
    if !NumberText.appendCanonical(text, to: &canonical) { canonical = Array(text) }
    if isCompound { KeyEncoding.append(count: canonical.count, to: &bytes) }
    bytes.append(contentsOf: canonical)
    return true
  }

  /// Fills position, time and counter from the numbers that were matched last; false where they do
  /// not fit.
  @inline(__always)
  private mutating func setOrder(
    _ form: UnsafePointer<RecordForm>, _ change: inout Change
  ) -> Bool {
    let numbers = templates.memory.numbers
    if form.pointee.hasTimestamp {
      let (micros, overflow) = Int64(numbers[RecordTemplate.Number.timestamp])
        .multipliedReportingOverflow(by: 1000)
      guard !overflow else { return false }
      change.eventTime = micros
    }
    if form.pointee.hasCounter {
      let count = RecordTemplate.Number.count
      // Each has at most 18 digits.
      change.counter = Int64(
        numbers[count] + numbers[count + 1] + numbers[count + 2] + numbers[count + 3])
    }
    if !form.pointee.ignoresPosition {
      change.position = Position(numbers[0], numbers[1], numbers[2], numbers[3])
      if form.pointee.isCounterFirst {
        change.position.word0 = UInt64(max(0, change.counter))
        change.position.word3 = CursorReader.transaction(
          page: numbers[3], row: numbers[RecordTemplate.Number.transactionRow])
      }
    }
    return true
  }
}
