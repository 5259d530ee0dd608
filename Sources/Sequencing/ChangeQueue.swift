package import ChangeModel

/// The changes of one collection that were admitted and not yet released.
package struct ChangeQueue: Sendable {
  /// The changes, in the order in which they were admitted.
  package internal(set) var changes: [SequencedChange] = []
  /// The bytes of their keys.
  package internal(set) var keys: [UInt8] = []
  /// The distinct sets of columns that changes name, by the collection's column indexes.
  package internal(set) var shapes: [ColumnSet] = []
  /// Whether some change moves a row from one key to another.
  package internal(set) var hasMoves = false

  /// Makes an empty queue.
  package init() {}

  /// The change's key: canonical bytes.
  package func key(of change: SequencedChange) -> ArraySlice<UInt8> {
    keys[change.keyOffset..<change.keyOffset + Int(change.keyCount)]
  }

  /// The key that the row had before the change moved it; empty where it did not.
  package func oldKey(of change: SequencedChange) -> ArraySlice<UInt8> {
    let start = change.keyOffset + Int(change.keyCount)
    return keys[start..<start + Int(change.oldKeyCount)]
  }

  mutating func append(
    _ change: Change, keyBytes: UnsafeBufferPointer<UInt8>, values: UInt64, file: UInt32,
    lineage: UInt32, shape: UInt32
  ) {
    let offset = keys.count
    let key = UnsafeBufferPointer(rebasing: keyBytes[change.key.indices])
    keys.append(contentsOf: key)
    if !change.oldKey.isEmpty {
      keys.append(contentsOf: UnsafeBufferPointer(rebasing: keyBytes[change.oldKey.indices]))
    }
    let isMove = change.flags.contains(.keyMove)
    hasMoves = hasMoves || isMove
    changes.append(
      SequencedChange(
        position: change.position, eventTime: change.eventTime, counter: change.counter,
        recordOffset: change.recordOffset,
        valueOffset: values + UInt64(change.values.offset), keyOffset: offset,
        keyCount: change.key.count, oldKeyCount: change.oldKey.count,
        valueCount: change.values.count, recordIndex: change.recordIndex, file: file,
        phase: change.flags.contains(.snapshot) ? 0 : 1, lineage: lineage, shape: shape,
        operation: change.operation, isMove: isMove))
  }
}
