import ChangeModel
import Glibc
import Hashing
import Scanning

/// The fast road: records that look like ones seen before.
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
      var end = 0
      guard let found = findTemplate(tokens, at: index, flatTable: flatTable, end: &end) else {
        break
      }
      let template = templates.templates + found
      var change = template.pointee.change
      guard fill(&change, tokens.base, template, keys: &batch.keyBytes) else { break }
      template.pointee.hits += 1
      if !template.pointee.isLeftOut {
        change.recordIndex = UInt32(truncatingIfNeeded: recordIndex + count)
        change.recordOffset = origin + UInt64(start)
        change.recordLength = UInt32(truncatingIfNeeded: end - start)
        batch.changes.append(change)
      }
      count += 1
      index += template.pointee.tokenCount
    }
    recordIndex += count
    recordsOfFile += count
    batch.recordCount += count
    return index
  }

  /// Finds a template that matches the record at a token.
  @inline(__always)
  private mutating func findTemplate(
    _ tokens: JSONTokens, at index: Int, flatTable: Int, end: inout Int
  ) -> Int? {
    let start = Int(tokens.offsets[index])
    guard
      let found = templates.group(
        tokens.base + start, limit: tokens.byteCount - start, flatTable: flatTable)
    else { return nil }
    let group = templates.groups[found]
    let first = start + group.prefixCount
    let slot =
      group.flatTable >= 0
      ? 0 : TemplateStore.slot(tokens.base.load(fromByteOffset: first, as: UInt8.self))
    let alternatives = group.alternatives + slot * TemplateStore.alternativesMax
    let match = RecordTemplate.Match(
      values: templates.memory.values, numbers: templates.memory.numbers)
    for place in 0..<templates.count(group, slot) {
      let candidate = Int(alternatives[place])
      let template = templates.templates + candidate
      guard template.pointee.tokenCount <= tokens.count - index else { continue }
      match.numbers.update(repeating: 0, count: RecordTemplate.Number.total)
      end = template.pointee.match(
        tokens.base, from: first, limit: tokens.byteCount, offsets: tokens.offsets + index,
        into: match)
      guard end > 0, hasGoodEscapes(tokens.base, template) else { continue }
      if place > 0 {
        alternatives[place] = alternatives[0]
        alternatives[0] = Int32(candidate)
      }
      return candidate
    }
    return nil
  }

  /// Whether all escapes in the values are valid, and none is in the key.
  @inline(__always)
  private func hasGoodEscapes(
    _ base: UnsafeRawPointer, _ template: UnsafePointer<RecordTemplate>
  ) -> Bool {
    let spanCount = template.pointee.spanCount
    if spanCount == 0 { return true }
    if isClean(base, template.pointee.spans.0),
      spanCount == 1 || isClean(base, template.pointee.spans.1)
    {
      return true
    }
    return checkEscapes(base, template)
  }

  @inline(__always)
  private func isClean(_ base: UnsafeRawPointer, _ span: (first: Int, last: Int)) -> Bool {
    let values = templates.memory.values
    let start = values[span.first].start
    let end = values[span.last].start + values[span.last].count
    return memchr(base + start, 0x5C, end - start) == nil
  }

  @inline(never)
  private func checkEscapes(
    _ base: UnsafeRawPointer, _ template: UnsafePointer<RecordTemplate>
  ) -> Bool {
    for part in 0..<template.pointee.keyCount {
      let key = template.pointee.keyParts[part]
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
  private func value(_ index: Int, _ base: UnsafeRawPointer) -> UnsafeRawBufferPointer {
    let value = templates.memory.values[index]
    return UnsafeRawBufferPointer(start: base + value.start, count: value.count)
  }

  /// Fills in the change of the record that was matched last; false where the general way must.
  @inline(__always)
  private func fill(
    _ change: inout Change, _ base: UnsafeRawPointer, _ template: UnsafePointer<RecordTemplate>,
    keys keyBytes: inout [UInt8]
  ) -> Bool {
    guard setOrder(template, &change) else { return false }
    if template.pointee.isLeftOut || template.pointee.keyCount == 0 { return true }
    let start = keyBytes.count
    if template.pointee.keyCount == 1 {
      guard appendKeyPart(base, template.pointee.keyParts[0], isCompound: false, to: &keyBytes)
      else { return false }
    } else {
      KeyEncoding.append(count: template.pointee.keyCount, to: &keyBytes)
      for part in 0..<template.pointee.keyCount {
        guard appendKeyPart(base, template.pointee.keyParts[part], isCompound: true, to: &keyBytes)
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
  private func appendKeyPart(
    _ base: UnsafeRawPointer, _ part: (new: Int32, old: Int32, isNumeric: Bool),
    isCompound: Bool, to bytes: inout [UInt8]
  ) -> Bool {
    let text = value(Int(part.new), base)
    if text.count == 4,
      base.loadUnaligned(
        fromByteOffset: templates.memory.values[Int(part.new)].start, as: UInt32.self)
        == 0x6C6C_756E
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
  private func appendNumericPart(
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
  private func setOrder(
    _ template: UnsafePointer<RecordTemplate>, _ change: inout Change
  ) -> Bool {
    let numbers = templates.memory.numbers
    if template.pointee.hasTimestamp {
      let (micros, overflow) = Int64(numbers[RecordTemplate.Number.timestamp])
        .multipliedReportingOverflow(by: 1000)
      guard !overflow else { return false }
      change.eventTime = micros
    }
    if template.pointee.hasCounter {
      let count = RecordTemplate.Number.count
      // Each has at most 18 digits.
      change.counter = Int64(
        numbers[count] + numbers[count + 1] + numbers[count + 2] + numbers[count + 3])
    }
    if !template.pointee.ignoresPosition {
      change.position = Position(numbers[0], numbers[1], numbers[2], numbers[3])
      if template.pointee.isCounterFirst {
        change.position.word0 = UInt64(max(0, change.counter))
        change.position.word3 = CursorReader.transaction(
          page: numbers[3], row: numbers[RecordTemplate.Number.transactionRow])
      }
    }
    return true
  }

  /// Reads a record's values by a template; nil when none matches.
  mutating func valuesByTemplates(
    _ bytes: UnsafeRawBufferPointer, layout: FileLayout, into buffer: inout CellBuffer
  ) -> UInt32? {
    guard templates.count > 0, indexer.index(bytes) == .indexed else { return nil }
    let tokens = indexer.tokens
    let flatTable =
      templates.hasFlatGroups ? layout.table.flatMap { tableIndexes[$0] } ?? -1 : -1
    var end = 0
    guard tokens.byte(0) == UInt8(ascii: "{"),
      let found = findTemplate(tokens, at: 0, flatTable: flatTable, end: &end)
    else { return nil }
    let template = UnsafePointer(templates.templates + found)
    let table = Int(template.pointee.change.table)
    guard template.pointee.tokenCount == tokens.count, end == bytes.count,
      schemas == nil || states[table].schemas === schemas
    else { return nil }
    for index in 0..<template.pointee.namedCount {
      let (column, place) = template.pointee.named[index]
      guard place >= 0 else {
        buffer.cells.append(Cell(null: UInt32(column)))
        continue
      }
      let text = value(Int(place), tokens.base)
      var raw = RawValue(kind: .text, text: text)
      if text.equals("null") {
        raw.kind = .null
      } else if JSONText.hasEscape(text) {
        raw.kind = .jsonEscaped
      }
      let type = states[table].types[Int(column)]
      buffer.cells.append(cell(Int(column), raw, type, &buffer.bytes))
    }
    return UInt32(table)
  }

  /// Adds a template if it gives back the change that it was learned from.
  mutating func adopt(
    _ template: RecordTemplate, tokens: JSONTokens, from index: Int, prefixCount: Int,
    flatTable: Int, slot: Int, change: Change, key: [UInt8], before: ColumnSet, all: ColumnSet
  ) {
    let start = tokens.offset(index)
    let match = RecordTemplate.Match(
      values: templates.memory.values, numbers: templates.memory.numbers)
    for place in 0..<RecordTemplate.Number.total { match.numbers[place] = 0 }
    let end = template.match(
      tokens.base, from: start + prefixCount, limit: tokens.byteCount,
      offsets: tokens.offsets + index, into: match)
    guard end == start + Int(change.recordLength) else { return }
    var bytes: [UInt8] = []
    var made = template.change
    let isMade = withUnsafePointer(to: template) { template in
      fill(&made, tokens.base, template, keys: &bytes)
    }
    guard isMade, made.position == change.position, made.counter == change.counter,
      made.eventTime == change.eventTime, bytes == key, made.lineage == change.lineage
    else { return }
    templates.add(
      template, prefix: UnsafeRawBufferPointer(start: tokens.base + start, count: prefixCount),
      flatTable: flatTable, slot: slot, before: before, all: all)
  }
}
