import ChangeModel
import Scanning

/// CSV files: rows of plain fields in a snapshot; in the log a triplet for each column (new value,
/// old value, `exists`), then operation, cursor and counts.
extension RecordDecoder {
  /// Decodes the whole rows of a window; returns how many bytes they have.
  mutating func decodeCSV(
    _ window: UnsafeRawBufferPointer, isEnd: Bool, into batch: inout ChangeBatch
  ) -> Int {
    var start = 0
    if csvLayout == nil {
      guard let first = prepareCSV(window, isEnd: isEnd) else {
        if case .failed = endState { return window.count }
        return 0
      }
      start = first
    }
    while start < window.count {
      switch scanRow(window, from: start) {
      case .row(let end, let next, let isTerminated):
        guard isTerminated || isEnd else { return start }
        if isBlank(end - start) {
          start = next
          continue
        }
        guard isRow else {
          if isTerminated {
            start = quarantineRow(window, from: start, to: next, into: &batch)
            continue
          }
          guard let resumed = skipMalformedRow(window, from: start, isEnd: isEnd, into: &batch)
          else { return isEnd ? tornRow(window, from: start) : start }
          start = resumed
          continue
        }
        guard isTerminated || isProvablyComplete(window) else {
          return tornRow(window, from: start)
        }
        if !decodeRowByTemplates(window, from: start, to: end, into: &batch) {
          decodeRow(window, from: start, to: end, into: &batch)
        }
        start = next
      case .unclosed, .malformed:
        // An unclosed quote may be closed behind the window; a malformed row only ends where the
        // next one is seen.
        if let resumed = skipMalformedRow(window, from: start, isEnd: isEnd, into: &batch) {
          start = resumed
        } else {
          return isEnd ? tornRow(window, from: start) : start
        }
      }
    }
    return window.count
  }

  private mutating func tornRow(_ window: UnsafeRawBufferPointer, from start: Int) -> Int {
    endState = .torn(byteOffset: offset + UInt64(start), reason: "the last row is cut off")
    return start
  }

  private mutating func isBlank(_ count: Int) -> Bool {
    (count == 0
      || (texts.csv.fields.count == 1 && texts.csv.fields[0].count == 0
        && !texts.csv.fields[0].isQuoted))
      && csvColumns.count != 1
  }

  /// Scans a row with doubled quotes; where that gives no row of the table, with the escape.
  private mutating func scanRow(
    _ window: UnsafeRawBufferPointer, from start: Int
  ) -> CSVScanner.Outcome {
    let known = csvLayout?.dialect.escape
    let escape = known == texts.csv.quote ? nil : known
    texts.csvEscape = escape
    let first = texts.csv.scan(window, from: start, escape: escape)
    isRow = checkRow(window, first)
    if isRow || known != nil { return first }
    if case .row(_, _, false) = first, isTornRow(window) { return first }
    let backslash = UInt8(ascii: "\\")
    texts.csvEscape = backslash
    let second = texts.csv.scan(window, from: start, escape: backslash)
    isRow = checkRow(window, second)
    if isRow { return second }
    // A row that is cut off looks ended, or malformed, under the wrong escape.
    if isOpen(second) { return second }
    if case .row = first {
      texts.csvEscape = nil
      _ = texts.csv.scan(window, from: start, escape: nil)
    }
    return first
  }

  /// Whether the fields could be the beginning of a row.
  private mutating func isTornRow(_ window: UnsafeRawBufferPointer) -> Bool {
    texts.csv.fields.count < csvColumns.count * 3 + 3
  }

  /// Whether the last scan gave a row of the table: of its columns, or of its triplets and the
  /// three fields behind them.
  private mutating func checkRow(_ window: UnsafeRawBufferPointer, _ outcome: CSVScanner.Outcome)
    -> Bool
  {
    guard case .row = outcome else { return false }
    if texts.csv.fields.count == csvColumns.count { return true }
    guard texts.csv.fields.count == csvColumns.count * 3 + 3 else { return false }
    for column in csvColumns.indices {
      let exists = texts.csv.fields[column * 3 + 2]
      guard exists.count == 1, window[exists.start] &- 48 < 4 else { return false }
    }
    return true
  }

  /// Whether a last row without a line end is known to be whole.
  ///
  /// A change's row is, when the quotes around its counts are closed behind their last brace: a cut
  /// between two doubled quotes seems to close them too. A snapshot's row ends in any text, so only
  /// the drop's metadata can tell, by counting it as the last.
  private func isProvablyComplete(_ window: UnsafeRawBufferPointer) -> Bool {
    if texts.csv.fields.count == csvColumns.count {
      return file.metadata?.rowCount(ofFile: file.name) == recordIndex + 1
        && (csvColumns.count < 3 ? hasPlainRows : !couldBeChange(window))
    }
    return isClosedChange(window)
  }

  /// Whether the fields are a change's with quotes around its counts, closed behind their last
  /// brace. Nothing inside another field's quotes looks so: a quote in there is doubled or escaped,
  /// so no field can begin with a lone one.
  private func isClosedChange(_ window: UnsafeRawBufferPointer) -> Bool {
    guard texts.csv.fields.count == csvColumns.count * 3 + 3, let counts = texts.csv.fields.last
    else { return false }
    return counts.isQuoted && counts.count > 0
      && window[counts.start + counts.count - 1] == UInt8(ascii: "}")
  }

  /// Whether the fields could be the first of a change's: every third is its `exists` digit, but
  /// the last may be cut off.
  private func couldBeChange(_ window: UnsafeRawBufferPointer) -> Bool {
    for place in stride(from: 2, to: texts.csv.fields.count, by: 3) {
      let field = texts.csv.fields[place]
      if field.count == 0, place == texts.csv.fields.count - 1 { continue }
      guard field.count == 1, window[field.start] &- 48 < 4 else { return false }
    }
    return true
  }

  /// Puts a row whose end cannot be told into quarantine, up to the first line end behind which a
  /// row of the table begins. Behind a row that is open, only a closed change is one: any text with
  /// enough commas looks like a row of a snapshot, also a line inside a longer text.
  ///
  /// - Returns: where that is; nil when it is not in the window.
  private mutating func skipMalformedRow(
    _ window: UnsafeRawBufferPointer, from start: Int, isEnd: Bool, into batch: inout ChangeBatch
  ) -> Int? {
    // A malformed row ends at the earliest with the line of its fault; one that is open may have
    // many more.
    let outcome = scanRow(window, from: start)
    let isOpen = isOpen(outcome)
    var newline = start
    if case .malformed(let fault) = outcome { newline = fault }
    var first: Int?
    while let found = window[newline...].firstIndex(of: 0x0A) {
      newline = found + 1
      if first == nil { first = newline }
      if newline == window.count {
        // Behind the window's last line end nothing can be seen.
        guard isEnd else { return nil }
        break
      }
      guard case .row(_, _, let isTerminated) = scanRow(window, from: newline), isRow,
        !isOpen || isClosedChange(window)
      else {
        continue
      }
      guard isTerminated || isEnd else { return nil }
      return quarantineRow(window, from: start, to: newline, into: &batch)
    }
    guard isEnd, window.last == 0x0A, first != nil, !isOpen else {
      return nil
    }
    return quarantineRow(window, from: start, to: window.count, into: &batch)
  }

  /// Whether a row goes on to the end of the window, inside or outside of quotes: it may be cut off
  /// there, and what look like rows may be lines of its texts.
  private func isOpen(_ outcome: CSVScanner.Outcome) -> Bool {
    switch outcome {
    case .unclosed, .row(_, _, isTerminated: false): true
    case .row, .malformed: false
    }
  }

  private mutating func quarantineRow(
    _ window: UnsafeRawBufferPointer, from start: Int, to next: Int, into batch: inout ChangeBatch
  ) -> Int {
    var end = next
    while end > start, window[end - 1] == 0x0A || window[end - 1] == 0x0D { end -= 1 }
    let count = csvColumns.count
    quarantine(
      UnsafeRawBufferPointer(rebasing: window[start..<end]), at: start, table: csvTable,
      reason: "not a row of \(count) fields, nor of \(count * 3 + 3) with three for each column",
      into: &batch)
    return next
  }

  private mutating func decodeRow(
    _ window: UnsafeRawBufferPointer, from start: Int, to end: Int, into batch: inout ChangeBatch
  ) {
    defer { clearSlots() }
    let row = UnsafeRawBufferPointer(rebasing: window[start..<end])
    guard isUTF8(row) else {
      return quarantine(
        row, at: start, table: csvTable, reason: "the text is not valid UTF-8", into: &batch)
    }
    var draft = Draft()
    draft.bytes = row
    draft.start = start
    do {
      try readRow(window, into: &draft)
      hasPlainRows = draft.isFlat
      let change = try assemble(draft, into: &batch)
      if let change { batch.changes.append(change) }
      countRecord(into: &batch)
      if let change { learnRow(window, to: end, draft, change, in: batch) }
    } catch {
      quarantine(row, at: start, table: csvTable, reason: error.reason, into: &batch)
    }
  }

  /// Reads the fields of the last scan into the draft and the slots.
  private mutating func readRow(
    _ window: UnsafeRawBufferPointer, into draft: inout Draft
  ) throws(RecordFault) {
    draft.table = csvTable
    draft.hasAfter = true
    let isPlain = texts.csv.fields.count == csvColumns.count
    for (place, column) in csvColumns.enumerated() {
      while slots.count <= column { slots.append(ColumnSlot()) }
      if !slots[column].isTouched {
        slots[column].isTouched = true
        touched.append(column)
      }
      if isPlain {
        slots[column].after = value(texts.csv.fields[place], window)
      } else {
        slots[column].after = value(texts.csv.fields[place * 3], window)
        slots[column].before = value(texts.csv.fields[place * 3 + 1], window)
        slots[column].exists = window[texts.csv.fields[place * 3 + 2].start] - 48
      }
    }
    draft.isFlat = isPlain
    guard !isPlain else { return }
    draft.hasExists = true
    draft.hasBefore = true
    let last = csvColumns.count * 3
    draft.operation = Self.operation(content(texts.csv.fields[last], window))
    countMembers.removeAll(keepingCapacity: true)
    cursorMembers.removeAll(keepingCapacity: true)
    if try readEmbedded(texts.csv.fields[last + 2], window, isCursor: false) {
      draft.counter = try CursorReader.counter(countMembers)
    }
    if try readEmbedded(texts.csv.fields[last + 1], window, isCursor: true) {
      draft.cursor = try CursorReader.read(cursorMembers, counter: draft.counter)
    }
    try applyOrderRule(to: &draft)
  }

  private mutating func readEmbedded(
    _ field: CSVField, _ window: UnsafeRawBufferPointer, isCursor: Bool
  ) throws(RecordFault) -> Bool {
    let value = value(field, window)
    textScratch.removeAll(keepingCapacity: true)
    guard texts.append(value, isNumeric: false, to: &textScratch) else { return false }
    return try readEmbeddedText(isCursor: isCursor)
  }

  mutating func content(
    _ field: CSVField, _ window: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: window[field.start..<field.start + field.count])
  }

  /// A field's value. The NULL marker counts only without quotes.
  mutating func value(_ field: CSVField, _ window: UnsafeRawBufferPointer) -> RawValue {
    let content = content(field, window)
    if isNull(field, window) { return RawValue(kind: .null, text: content) }
    return RawValue(kind: field.hasEscape ? .csvEscaped : .text, text: content)
  }

  /// Whether a field is the NULL marker.
  @inline(__always)
  mutating func isNull(_ field: CSVField, _ window: UnsafeRawBufferPointer) -> Bool {
    guard !field.isQuoted, field.count == csvNull.count else { return false }
    return csvNull.withUnsafeBytes { null in
      guard let null = null.baseAddress, let base = window.baseAddress else { return true }
      return RecordTemplate.isEqual(base + field.start, null, field.count)
    }
  }
}
