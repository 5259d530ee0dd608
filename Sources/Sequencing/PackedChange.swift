import ChangeModel

/// A change as a queue holds it, and as it leaves memory: 64 bytes in place of more than a hundred.
///
/// Plain memory. Numbers that seldom differ much are told from those of a ``ChangeOrigin``.
struct PackedChange: Sendable {
  private let word0: (lower: UInt32, upper: UInt32)
  private let word1: UInt32
  private let word2: UInt32
  private let word3: UInt32
  private let eventTime: (lower: UInt32, upper: UInt32)
  private let counter: UInt32
  private let recordOffset: UInt32
  private let recordIndex: UInt32
  private var lowerValueOffset: UInt32
  /// How many bytes its values have; zero for none.
  let valueCount: UInt32
  /// How many bytes the key has.
  let keyCount: UInt32
  private var lowerKeyOffset: UInt32
  /// The index of its origin among the queue's.
  let origin: UInt32
  private let shape: UInt16
  private var upperKeyOffset: UInt8
  private var facts: Facts

  /// The operation is in the two lowest bits, the upper three of the values' offset in the highest.
  private struct Facts: OptionSet {
    let rawValue: UInt8
    static let move = Facts(rawValue: 4)
    static let counter = Facts(rawValue: 8)
    static let carried = Facts(rawValue: 16)
  }

  /// Packs a change; nil where its numbers are too far from its origin's, or that is another's.
  ///
  /// - Parameter number: the origin's index.
  @inline(__always)
  init?(_ change: SequencedChange, from origin: ChangeOrigin, number: Int) {
    guard
      change.file == origin.file, change.lineage == origin.lineage, change.phase == origin.phase,
      change.values.block == origin.valueBlock, change.values.decoder == origin.decoder,
      change.shape &- origin.shape <= 0xFFFF
    else { return nil }
    let word1 = change.position.word1 &- origin.position.word1
    let word2 = change.position.word2 &- origin.position.word2
    let word3 = change.position.word3 &- origin.position.word3
    let recordOffset = change.recordOffset &- origin.recordOffset
    let hasCounter = change.counter >= 0
    let counter = hasCounter ? UInt64(bitPattern: change.counter &- origin.counter) : 0
    guard (word1 | word2 | word3 | counter | recordOffset) >> 32 == 0 else { return nil }
    word0 = Self.halves(change.position.word0)
    self.word1 = UInt32(truncatingIfNeeded: word1)
    self.word2 = UInt32(truncatingIfNeeded: word2)
    self.word3 = UInt32(truncatingIfNeeded: word3)
    eventTime = Self.halves(UInt64(bitPattern: change.eventTime))
    self.counter = UInt32(truncatingIfNeeded: counter)
    self.recordOffset = UInt32(truncatingIfNeeded: recordOffset)
    recordIndex = change.recordIndex
    lowerValueOffset = UInt32(truncatingIfNeeded: change.values.offset)
    valueCount = change.valueCount
    keyCount = change.keyCount
    lowerKeyOffset = UInt32(truncatingIfNeeded: change.keyOffset)
    self.origin = UInt32(truncatingIfNeeded: number)
    shape = UInt16(truncatingIfNeeded: change.shape)
    upperKeyOffset = UInt8(truncatingIfNeeded: change.keyOffset >> 32)
    var facts = Facts(rawValue: change.operation.rawValue)
    if change.isMove { facts.insert(.move) }
    if hasCounter { facts.insert(.counter) }
    self.facts = facts
    valueOffset = change.values.offset
  }

  @inline(__always)
  private static func halves(_ number: UInt64) -> (lower: UInt32, upper: UInt32) {
    (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number >> 32))
  }

  /// The change.
  ///
  /// - Parameters:
  ///   - keys: the queue's keys: those of changes that move rows know more.
  ///   - carriedBlock: see ``ChangeQueue/carriedBlock``.
  @inline(__always)
  func change(
    from origin: ChangeOrigin, keys: UnsafeRawBufferPointer, carriedBlock: UInt32
  ) -> SequencedChange {
    SequencedChange(
      position: Position(
        UInt64(word0.lower) | UInt64(word0.upper) << 32,
        origin.position.word1 &+ UInt64(word1), origin.position.word2 &+ UInt64(word2),
        origin.position.word3 &+ UInt64(word3)),
      eventTime: Int64(
        bitPattern: UInt64(eventTime.lower) | UInt64(eventTime.upper) << 32),
      counter: facts.contains(.counter) ? origin.counter &+ Int64(counter) : -1,
      recordOffset: origin.recordOffset &+ UInt64(recordOffset),
      values: ValuePlace(
        decoder: origin.decoder, block: isCarried ? carriedBlock : origin.valueBlock,
        offset: valueOffset),
      keyOffset: keyOffset, keyCount: keyCount,
      oldKeyCount: isMove ? oldKeyCount(in: keys) : 0, valueCount: valueCount,
      recordIndex: recordIndex, file: origin.file, phase: origin.phase, lineage: origin.lineage,
      shape: origin.shape | UInt32(shape), operation: operation, isMove: isMove)
  }

  var operation: Operation {
    switch facts.rawValue & 3 {
    case 0: .insert
    case 1: .update
    case 2: .upsert
    default: .delete
    }
  }

  var isMove: Bool { facts.contains(.move) }

  /// Where the key begins in ``ChangeQueue/keys``. Of a change that moves a row, how many bytes the
  /// old key has (UInt32) and the old key follow.
  var keyOffset: Int {
    get { Int(lowerKeyOffset) | Int(upperKeyOffset) << 32 }
    set {
      lowerKeyOffset = UInt32(truncatingIfNeeded: newValue)
      upperKeyOffset = UInt8(truncatingIfNeeded: newValue >> 32)
    }
  }

  /// Whether its values left memory with it: then they are in one block with those of others.
  var isCarried: Bool { facts.contains(.carried) }

  /// Where in their block its values begin.
  var valueOffset: UInt64 {
    get { UInt64(lowerValueOffset) | UInt64(facts.rawValue >> 5) << 32 }
    set {
      precondition(newValue < ValuePlace.offsetEnd, "a block of values has grown too large")
      lowerValueOffset = UInt32(truncatingIfNeeded: newValue)
      facts = Facts(rawValue: facts.rawValue & 31 | UInt8(truncatingIfNeeded: newValue >> 32) << 5)
    }
  }

  /// Says that its values are with it, and where.
  mutating func carryValues(at offset: UInt64) {
    facts.insert(.carried)
    valueOffset = offset
  }

  /// How many bytes it has among the queue's keys.
  @inline(__always)
  func keyByteCount(in keys: UnsafeRawBufferPointer) -> Int {
    Int(keyCount) + (isMove ? Self.oldKeyHead + Int(oldKeyCount(in: keys)) : 0)
  }

  /// So many bytes stand between the two keys of a move.
  static let oldKeyHead = 4

  private func oldKeyCount(in keys: UnsafeRawBufferPointer) -> UInt32 {
    keys.loadUnaligned(fromByteOffset: keyOffset + Int(keyCount), as: UInt32.self)
  }
}
