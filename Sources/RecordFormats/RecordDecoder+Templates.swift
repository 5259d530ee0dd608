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
  /// - Parameter start: outside of any string.
  /// - Returns: where the next record begins, or whatever else stands there.
  mutating func decodeByTemplates(
    _ window: UnsafeRawBufferPointer, from start: Int, into batch: inout ChangeBatch
  ) -> Int {
    guard templates.count > 0, let base = window.baseAddress else { return start }
    let flatTable = layout?.table.flatMap { tableIndexes[$0] } ?? -1
    var position = start
    var count = 0
    while let record = recordStart(window, from: position) {
      guard let found = findTemplate(base, at: record, limit: window.count, flatTable: flatTable)
      else { break }
      let form = templates.forms + found.form
      var change = form.pointee.change
      guard fill(&change, base, form, keys: &batch.keyBytes) else { break }
      form.pointee.hits += 1
      change.recordIndex = UInt32(truncatingIfNeeded: recordIndex + count)
      change.recordOffset = offset + UInt64(record)
      change.values = pack(change, form, base, limit: window.count, into: batch.values)
      batch.changes.append(change)
      count += 1
      position = found.end
    }
    recordIndex += count
    recordsOfFile += count
    batch.recordCount += count
    return position
  }

  /// Where a record begins behind white space, and a comma where the file is an array; nil where
  /// none does.
  @inline(__always)
  private mutating func recordStart(_ window: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var position = start
    while position < window.count {
      switch window[position] {
      case UInt8(ascii: "{"): return position
      case UInt8(ascii: ",") where resync.isArray: position &+= 1
      case let byte where JSONTokens.isSpace(byte): position &+= 1
      default: return nil
      }
    }
    return nil
  }

  /// Finds a template that matches the record at a place, and the record's form.
  ///
  /// - Returns: the form, and where the record ends.
  @inline(__always)
  private mutating func findTemplate(
    _ base: UnsafeRawPointer, at start: Int, limit: Int, flatTable: Int
  ) -> (form: Int, end: Int)? {
    guard
      let found = templates.group(base + start, limit: limit - start, flatTable: flatTable)
    else { return nil }
    let group = templates.groups[found]
    let first = start &+ group.prefixCount
    let slot =
      group.flatTable >= 0
      ? 0 : TemplateStore.slot(base.load(fromByteOffset: first, as: UInt8.self))
    let match = templates.match
    for place in 0..<group.alternatives.count(slot) {
      let candidate = group.alternatives.template(slot, place)
      match.numbers.update(repeating: 0, count: RecordTemplate.Number.total)
      let end = RecordTemplate.match(
        templates.templates[candidate].steps, base, from: first, limit: limit, into: match)
      guard end > 0, let form = templates.form(of: candidate) else { continue }
      group.alternatives.promote(slot, place)
      return (form, end)
    }
    return nil
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

  /// Appends a part of the key; false where it is NULL, has escapes, or differs before and after the
  /// change.
  @inline(__always)
  private mutating func appendKeyPart(
    _ base: UnsafeRawPointer, _ part: (new: Int32, old: Int32, isNumeric: Bool),
    isCompound: Bool, to bytes: inout [UInt8]
  ) -> Bool {
    if templates.memory.values[Int(part.new)].hasEscape { return false }
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
