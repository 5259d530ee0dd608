import ChangeModel

/// What some changes of one file have in common, and the numbers that theirs are told from: what is
/// near in a file differs little.
struct ChangeOrigin: Sendable {
  let file: UInt32
  let lineage: UInt32
  let phase: UInt32
  /// Of where the values are; see ``ValuePlace``.
  let decoder: UInt32
  let valueBlock: UInt32
  /// A multiple of 65,536.
  let shape: UInt32
  let recordOffset: UInt64
  /// The first word is told as it is.
  let position: Position
  let counter: Int64

  /// Makes the origin of a change and of those like it: their numbers may go down and up.
  init(of change: SequencedChange) {
    file = change.file
    lineage = change.lineage
    phase = change.phase
    decoder = change.values.decoder
    valueBlock = change.values.block
    shape = change.shape & ~0xFFFF
    recordOffset = change.recordOffset
    let half: UInt64 = 1 << 31
    position = Position(
      0, change.position.word1 &- half, change.position.word2 &- half,
      change.position.word3 &- half)
    counter = change.counter &- Int64(half)
  }
}
