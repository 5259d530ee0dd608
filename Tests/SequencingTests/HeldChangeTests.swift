import ChangeModel
import Sequencing
import Testing

/// Changes are held as their distance from others: whatever their numbers are, they come back.
@Suite struct HeldChangeTests {
  /// Numbers near the ends of what a distance can tell, and of what there is.
  private func word(_ random: inout SplitMix) -> UInt64 {
    let corner = [0, 1 << 31, 1 << 32, 1 << 47, 1 << 48, 1 << 63, .max as UInt64]
      .randomElement(using: &random)!
    return corner &+ UInt64.random(in: 0...2, using: &random) &- 1
  }

  private func time(_ random: inout SplitMix) -> Int64 {
    switch Int.random(in: 0..<4, using: &random) {
    case 0: .min
    case 1: Int64(bitPattern: word(&random))
    default: Int64.random(in: 0...3, using: &random)
    }
  }

  /// A batch of changes that seldom have much in common.
  private func batch(_ random: inout SplitMix) -> ChangeBatch {
    var batch = ChangeBatch()
    for index in 0..<40 {
      let operations: [ChangeModel.Operation] = [.insert, .update, .upsert, .delete]
      var change = Change(table: 0, operation: operations.randomElement(using: &random)!)
      change.position = Position(
        word(&random), word(&random), word(&random), word(&random))
      change.eventTime = time(&random)
      change.recordIndex = UInt32(index)
      change.recordOffset = word(&random) >> 16
      change.lineage = UInt32.random(in: 0...1, using: &random)
      change.shape = UInt32.random(in: 0...1, using: &random)
      change.values = ByteRange(
        offset: Int.random(in: 0...9, using: &random),
        count: Int.random(in: 0...9, using: &random))
      if Bool.random(using: &random) { change.flags.insert(.snapshot) }
      let key = Array("key \(index)".utf8)
      change.key = ByteRange(offset: batch.keyBytes.count, count: key.count)
      batch.keyBytes += key
      if Int.random(in: 0..<4, using: &random) == 0 {
        let old = Array(repeating: UInt8(index), count: Int.random(in: 0...300, using: &random))
        change.flags.insert(.keyMove)
        change.oldKey = ByteRange(offset: batch.keyBytes.count, count: old.count)
        batch.keyBytes += old
      }
      batch.changes.append(change)
    }
    return batch
  }

  // Prevents: a change that takes over its neighbor's place in the log, time, file or values.
  @Test(arguments: 1...200 as ClosedRange<UInt64>)
  func `a change comes back as it was admitted`(seed: UInt64) {
    var random = SplitMix(state: seed)
    var sequencer = Sequencer()
    var routes = [Sequencer.Route(collection: 0)]
    routes[0].shapes = [ColumnSet([0]), ColumnSet([0, 1])]
    var admitted:
      [(change: Change, key: [UInt8], oldKey: [UInt8], file: UInt32, values: ValuePlace)] =
        []
    for ordinal in 1...3 as ClosedRange<UInt64> {
      let file = sequencer.addFile(FileStamp(ordinal: ordinal, series: 9))
      let batch = batch(&random)
      let values = ValuePlace(
        decoder: UInt32.random(in: 0...3, using: &random),
        block: UInt32.random(in: 0...3, using: &random),
        offset: UInt64.random(in: 0..<ValuePlace.offsetEnd - 1 << 32, using: &random))
      _ = sequencer.admit(
        batch, from: file, values: values, routes: &routes, lineages: [5, .max])
      admitted += batch.changes.map {
        (
          $0, Array(batch.keyBytes[$0.key.indices]), Array(batch.keyBytes[$0.oldKey.indices]),
          file, values
        )
      }
    }
    let ordered = sequencer.release(collection: 0)
    #expect(ordered.queue.count == admitted.count)
    for (index, was) in admitted.enumerated() {
      let held = ordered.queue[index]
      let rank = ordered.rank(of: held)
      #expect(rank.position == was.change.position)
      #expect(rank.eventTime == was.change.eventTime)
      #expect(rank.phase == (was.change.flags.contains(.snapshot) ? 0 : 1))
      #expect(rank.lineage == [5, .max][Int(was.change.lineage)])
      #expect(held.operation == was.change.operation)
      #expect(held.recordIndex == was.change.recordIndex)
      #expect(held.recordOffset == was.change.recordOffset)
      var values = was.values
      values.offset += UInt64(was.change.values.offset)
      #expect(held.values == values)
      #expect(held.valueCount == was.change.values.count)
      #expect(held.file == was.file)
      #expect(held.isMove == was.change.flags.contains(.keyMove))
      #expect(Array(ordered.queue.key(of: held)) == was.key)
      #expect(Array(ordered.queue.oldKey(of: held)) == was.oldKey)
    }
  }

  // Prevents: what sorting on several cores loses, doubles or turns around at the borders of parts.
  @Test(arguments: [0, 1, 65_535, 131_072, 200_003])
  func `many changes are ordered as few are`(count: Int) {
    var random = SplitMix(state: UInt64(count) + 1)
    var batch = ChangeBatch()
    for index in 0..<count {
      var change = Change(table: 0, operation: .update)
      let key = Array("\(UInt32.random(in: 0..<90_000, using: &random))".utf8)
      change.key = ByteRange(offset: batch.keyBytes.count, count: key.count)
      batch.keyBytes += key
      change.recordIndex = UInt32(index)
      change.position = Position(UInt64.random(in: 1...3, using: &random))
      batch.changes.append(change)
    }
    var sequencer = Sequencer()
    let file = sequencer.addFile(FileStamp(ordinal: 1, series: 0))
    var routes = [Sequencer.Route(collection: 0)]
    routes[0].shapes = [ColumnSet([0])]
    _ = sequencer.admit(batch, from: file, routes: &routes, lineages: [0])
    let ordered = sequencer.release(collection: 0)
    let found = ordered.groups.flatMap { ordered.changes(of: $0).map(\.recordIndex) }
    let keys = batch.changes.map { Array(batch.keyBytes[$0.key.indices]) }
    let expected = batch.changes.indices.sorted { left, right in
      if keys[left] != keys[right] { return keys[left].lexicographicallyPrecedes(keys[right]) }
      let (first, second) = (batch.changes[left].position, batch.changes[right].position)
      return first != second ? first < second : left < right
    }
    #expect(found == expected.map(UInt32.init))
    #expect(ordered.groups.count == Set(keys).count)
  }
}
