import ChangeModel
import Hashing
import Scanning

/// From a draft and its slots to a change: presence, shape, key.
extension RecordDecoder {
  /// Makes the change of a draft.
  ///
  /// - Returns: nil when the change's lineage is not taken.
  mutating func assemble(
    _ draft: Draft, into batch: inout ChangeBatch
  ) throws(RecordFault) -> Change? {
    let shape = try resolvePresence(draft)
    let table = draft.table
    var change = Change(table: UInt32(table), operation: try operation(of: draft, shape))
    takeEvidence(draft, shape)
    if let wanted = states[table].plan.lineage, draft.cursor.state != .none,
      !Self.isLineage(draft.cursor.lineage, wanted)
    {
      return nil
    }
    let keyCount = batch.keyBytes.count
    do {
      try makeKey(draft, &change, into: &batch.keyBytes)
    } catch {
      batch.keyBytes.removeSubrange(keyCount...)
      throw error
    }
    change.shape = states[table].shape(shape, in: &tables[table])
    switch draft.cursor.state {
    case .none: change.flags.insert(.snapshot)
    case .unreadable: change.flags.insert(.unreadableCursor)
    case .readable: break
    }
    change.lineage = index(ofLineage: draft.cursor.lineage)
    change.position = draft.cursor.position
    change.eventTime = draft.cursor.eventTime
    change.counter = draft.counter
    change.recordIndex = UInt32(truncatingIfNeeded: recordIndex)
    change.recordOffset = offset + UInt64(draft.start)
    change.values = pack(change, draft, shape, into: batch.values)
    return change
  }

  private mutating func pack(
    _ change: Change, _ draft: Draft, _ shape: ColumnSet, into block: ValueBlock
  ) -> ByteRange {
    guard isPacked(draft.table) else { return ByteRange() }
    if case .append? = states[draft.table].key, !change.operation.begins {
      return packRecord(draft.bytes, into: block)
    }
    return pack(change, shape, into: block)
  }

  /// Whether a lineage is the configured one, with or without its kind in front.
  static func isLineage(_ lineage: String, _ wanted: String) -> Bool {
    lineage == wanted || lineage.hasSuffix(":" + wanted)
  }

  private func operation(
    of draft: Draft, _ shape: ColumnSet
  ) throws(RecordFault) -> Operation {
    switch draft.operation {
    case .insert: return .insert
    case .update: return .update
    case .delete: return .delete
    case .other:
      guard !shape.isEmpty else {
        throw RecordFault(reason: "an unknown operation without an after-image")
      }
      return .upsert
    }
  }

  /// Finds the value that the change gives each column, and returns the set of those columns. A
  /// delete gives none.
  mutating func resolvePresence(_ draft: Draft) throws(RecordFault) -> ColumnSet {
    var shape = ColumnSet()
    guard draft.hasExists else {
      if draft.operation == .delete { return shape }
      guard draft.hasAfter else {
        throw RecordFault(reason: "the record has no after-image")
      }
      for column in touched where !slots[column].after.isAbsent {
        slots[column].named = slots[column].after
        shape.insert(column)
      }
      return shape
    }
    for column in touched {
      let value: RawValue
      switch slots[column].exists {
      case 0: continue
      case 1: value = slots[column].after
      case 2: value = slots[column].before
      case 3: value = draft.operation == .delete ? slots[column].before : slots[column].after
      default:
        throw RecordFault(reason: "\"exists\" lacks column \(name(column, of: draft.table))")
      }
      guard !value.isAbsent else {
        throw RecordFault(
          reason: "the image lacks column \(name(column, of: draft.table)), which \"exists\" names")
      }
      if draft.operation == .delete { continue }
      slots[column].named = value
      shape.insert(column)
    }
    return shape
  }

  /// A column's value before the change; absent where the record does not tell.
  private func old(_ column: Int, _ draft: Draft) -> RawValue {
    if draft.hasExists, slots[column].exists != 2, slots[column].exists != 3 { return .absent }
    return slots[column].before
  }

  /// A column's value after the change; absent where the record does not tell.
  private func new(_ column: Int, _ draft: Draft) -> RawValue {
    if !draft.hasExists {
      return slots[column].after.isAbsent ? slots[column].before : slots[column].after
    }
    switch slots[column].exists {
    case 1, 3: return slots[column].after
    case 2: return slots[column].before
    default: return .absent
    }
  }

  // MARK: Keys

  private mutating func makeKey(
    _ draft: Draft, _ change: inout Change, into bytes: inout [UInt8]
  ) throws(RecordFault) {
    guard !states[draft.table].plan.isSkipped else { return }
    switch states[draft.table].key {
    case nil, .append?: return
    case .columns?:
      let isDelete = draft.operation == .delete
      change.key = try appendKey(draft, isOld: isDelete, to: &bytes)
      guard !isDelete, draft.operation != .insert else { return }
      let old = try appendKey(draft, isOld: true, to: &bytes)
      keepMove(old, &change, in: &bytes)
    case .wholeRow?:
      if draft.operation == .delete {
        change.key = try appendRow(draft, isOld: true, to: &bytes)
        return
      }
      change.key = try appendRow(draft, isOld: false, to: &bytes)
      guard draft.operation == .update else { return }
      let old = try appendRow(draft, isOld: true, to: &bytes)
      keepMove(old, &change, in: &bytes)
    }
  }

  /// Makes the change a key move if the keys differ; else drops the old one, which stands last.
  private func keepMove(_ old: ByteRange, _ change: inout Change, in bytes: inout [UInt8]) {
    if bytes[old.indices].elementsEqual(bytes[change.key.indices]) {
      bytes.removeLast(Int(old.count))
    } else {
      change.flags.insert(.keyMove)
      change.oldKey = old
    }
  }

  /// Appends the key of the row before or after the change; a part that one side does not have is
  /// the other's.
  private mutating func appendKey(
    _ draft: Draft, isOld: Bool, to bytes: inout [UInt8]
  ) throws(RecordFault) -> ByteRange {
    let start = bytes.count
    let parts = states[draft.table].keyColumns
    let isCompound = parts.count > 1
    if isCompound { KeyEncoding.append(count: parts.count, to: &bytes) }
    for (part, column) in parts.enumerated() {
      guard column >= 0, column < slots.count, slots[column].isTouched else {
        throw keyFault("lacks", part, draft)
      }
      let first = isOld ? old(column, draft) : new(column, draft)
      let value = first.isAbsent ? (isOld ? new(column, draft) : old(column, draft)) : first
      if value.isAbsent { throw keyFault("lacks", part, draft) }
      if value.kind == .null { throw keyFault("has NULL in", part, draft) }
      let isNumeric = states[draft.table].isNumeric[column]
      if isCompound {
        keyScratch.removeAll(keepingCapacity: true)
        _ = texts.append(value, isNumeric: isNumeric, to: &keyScratch)
        keyScratch.withUnsafeBytes { KeyEncoding.append(part: $0, to: &bytes) }
      } else {
        _ = texts.append(value, isNumeric: isNumeric, to: &bytes)
      }
    }
    return ByteRange(offset: start, count: bytes.count - start)
  }

  private func keyFault(_ what: String, _ part: Int, _ draft: Draft) -> RecordFault {
    guard case .columns(let columns)? = states[draft.table].key else {
      return RecordFault(reason: "the record has no key")
    }
    return RecordFault(reason: "the record \(what) key column \(columns[part])")
  }

  /// Appends a whole image as a key: of each column, by name, the name, then `1` and the value's
  /// text, or `0` for NULL.
  private mutating func appendRow(
    _ draft: Draft, isOld: Bool, to bytes: inout [UInt8]
  ) throws(RecordFault) -> ByteRange {
    let start = bytes.count
    let table = draft.table
    let columns = touched.filter { !(isOld ? old($0, draft) : new($0, draft)).isAbsent }
      .sorted { states[table].names[$0].lexicographicallyPrecedes(states[table].names[$1]) }
    guard !columns.isEmpty else {
      throw RecordFault(reason: "the record has no \(isOld ? "before" : "after")-image")
    }
    KeyEncoding.append(count: columns.count * 2, to: &bytes)
    for column in columns {
      let value = isOld ? old(column, draft) : new(column, draft)
      states[table].names[column].withUnsafeBytes { KeyEncoding.append(part: $0, to: &bytes) }
      keyScratch.removeAll(keepingCapacity: true)
      if value.kind == .null {
        keyScratch.append(UInt8(ascii: "0"))
      } else {
        keyScratch.append(UInt8(ascii: "1"))
        _ = texts.append(value, isNumeric: states[table].isNumeric[column], to: &keyScratch)
      }
      keyScratch.withUnsafeBytes { KeyEncoding.append(part: $0, to: &bytes) }
    }
    return ByteRange(offset: start, count: bytes.count - start)
  }

  // MARK: Evidence

  private mutating func takeEvidence(_ draft: Draft, _ shape: ColumnSet) {
    let table = draft.table
    guard !draft.isFlat || states[table].needsKeyEvidence else { return }
    switch draft.operation {
    case .insert: states[table].evidence.insertCount += 1
    case .update: states[table].evidence.updateCount += 1
    case .delete: states[table].evidence.deleteCount += 1
    case .other: break
    }
    if draft.operation == .update || draft.operation == .delete {
      var set = ColumnSet()
      for column in touched where !old(column, draft).isAbsent { set.insert(column) }
      if draft.operation == .update {
        states[table].evidence.updateSets.insert(set)
      } else {
        states[table].evidence.deleteSets.insert(set)
      }
    }
    for column in touched { states[table].evidence.namedColumns.insert(column) }
    guard states[table].needsKeyEvidence else { return }
    states[table].beginRow(at: place(of: draft))
    for column in touched { takeEvidence(draft, column) }
    if draft.operation == .insert || draft.operation == .delete {
      states[table].endRow(
        at: draft.cursor.position, isDelete: draft.operation == .delete)
    }
  }

  /// The record's place in the log; without one, that in its file.
  private func place(of draft: Draft) -> [UInt64] {
    let position = draft.cursor.position
    if position == .zero, draft.counter < 0 { return [UInt64(recordIndex)] }
    return [
      position.word0, position.word1, position.word2, position.word3,
      UInt64(bitPattern: draft.counter),
    ]
  }

  private mutating func takeEvidence(_ draft: Draft, _ column: Int) {
    let value = draft.operation == .delete ? old(column, draft) : new(column, draft)
    if value.isAbsent { return }
    if value.kind == .null {
      if draft.operation != .delete {
        states[draft.table].evidence[column].nullCount += 1
      }
      return
    }
    keyScratch.removeAll(keepingCapacity: true)
    _ = texts.append(value, isNumeric: false, to: &keyScratch)
    if draft.operation == .insert || draft.operation == .delete {
      let hash = keyScratch.withUnsafeBytes { StableHash.hash64($0) }
      states[draft.table].addToRow(hash, column)
      if draft.operation == .insert {
        states[draft.table].evidence[column].valueCount += 1
      }
    } else if draft.operation == .update {
      let old = old(column, draft)
      guard !old.isAbsent else {
        if slots[column].exists == 1 {
          states[draft.table].evidence[column].changeCount += 1
        }
        return
      }
      textScratch.removeAll(keepingCapacity: true)
      _ = texts.append(old, isNumeric: false, to: &textScratch)
      if old.kind == .null || textScratch != keyScratch {
        states[draft.table].evidence[column].changeCount += 1
      }
    }
  }
}
