import ChangeModel
import Sequencing
import Synchronization
import Testing

/// Queues that left memory as runs.
@Suite struct RunMergeTests {
  /// Some changes, of so few keys that runs share many.
  private func batch(_ random: inout SplitMix, firstRecord: Int) -> ChangeBatch {
    var batch = ChangeBatch()
    batch.lineages = [""]
    for record in 0..<Int.random(in: 0...300, using: &random) {
      var change = Change(table: 0, operation: .update)
      let key = Array("k\0\(Int.random(in: 0..<400, using: &random))".utf8)
      change.key = ByteRange(offset: batch.keyBytes.count, count: key.count)
      batch.keyBytes += key
      change.recordIndex = UInt32(firstRecord + record)
      change.values = ByteRange(
        offset: firstRecord + record, count: Int.random(in: 0...20, using: &random))
      change.position = Position(UInt64.random(in: 0...9, using: &random), 0, 0, 0)
      batch.changes.append(change)
    }
    return batch
  }

  private struct Fact: Equatable {
    var key: [UInt8]
    var record: UInt32
    var values: [UInt8]
  }

  /// - Parameter values: the bytes at a place.
  private func facts(
    _ ordered: OrderedChanges, values: (ValuePlace, Int) -> [UInt8]
  ) -> [Fact] {
    ordered.groups.flatMap { group in
      ordered.changes(of: group).map {
        Fact(
          key: Array(ordered.key(of: group)), record: $0.recordIndex,
          values: $0.valueCount == 0 ? [] : values($0.values, Int($0.valueCount)))
      }
    }
  }

  // Prevents: a change that is lost, doubled or out of order because a call was too large for memory,
  // or that comes back with the values of another.
  @Test(arguments: 1...100 as ClosedRange<UInt64>)
  func `changes come back as if they had never left memory`(seed: UInt64) {
    var random = SplitMix(state: seed)
    var kept = Sequencer()
    var relieved = Sequencer()
    var runs: [[RunBlock]] = []
    let bytes = Mutex<[Int: [UInt8]]>([:])
    let texts = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 1)
    defer { texts.deallocate() }
    for index in texts.indices { texts[index] = UInt8.random(in: 0...255, using: &random) }
    let text = UnsafeRawBufferPointer(texts)
    nonisolated(unsafe) let held = text
    func setAside() {
      runs.append(
        relieved.setAside(collection: 0, cores: Int(seed % 3) + 1, runCount: runs.count) {
          place, count in
          // What is in the others stays there.
          place.block % 2 == 0
            ? nil : UnsafeRawBufferPointer(rebasing: held[Int(place.offset)...].prefix(count))
        } put: { core, more in
          bytes.withLock {
            $0[core, default: []] += more
            return UInt64($0[core, default: []].count - more.count)
          }
        })
    }
    let file = kept.addFile(FileStamp(ordinal: 1, series: 0))
    _ = relieved.addFile(FileStamp(ordinal: 1, series: 0))
    var routes = [Sequencer.Route(collection: 0)]
    routes[0].shapes = [ColumnSet(first: 3)]
    var others = routes
    var records = 0
    for step in 0..<Int.random(in: 1...12, using: &random) {
      let batch = batch(&random, firstRecord: records)
      records += batch.changes.count
      let place = ValuePlace(decoder: UInt32(step % 3), block: UInt32(step))
      _ = kept.admit(batch, from: file, values: place, routes: &routes, lineages: [0])
      _ = relieved.admit(batch, from: file, values: place, routes: &others, lineages: [0])
      if step % 2 == 1 { setAside() }
    }
    setAside()
    #expect(relieved.count(collection: 0) == 0)

    var merge = RunMerge(runs, of: relieved.model(of: 0))
    var found: [Fact] = []
    let wanted = Int.random(in: 1...500, using: &random)
    func read(_ block: RunBlock, _ memory: UnsafeMutableRawBufferPointer) {
      memory.copyBytes(
        from: bytes.withLock { $0[block.part, default: []][Int(block.headOffset)...] }
          .prefix(memory.count))
    }
    let carriedBlock: UInt32 = 1000
    var carried: [UInt8] = []
    func values(_ place: ValuePlace, _ count: Int) -> [UInt8] {
      let start = Int(place.offset)
      return place.block == carriedBlock
        ? Array(carried[start..<start + count]) : Array(text[start..<start + count])
    }
    while var part = merge.next(
      RunMerge.Wanted(changes: wanted, valueBytes: 4 * wanted), read: read,
      putValues: { block, range in
        carried += bytes.withLock { $0[block.part, default: []][Int(block.offset)...] }
          .dropFirst(range.lowerBound).prefix(range.count)
        return UInt64(carried.count - range.count)
      })
    {
      part.carriedBlock = carriedBlock
      #expect(part.shapes == [ColumnSet(first: 3)])
      let facts = facts(relieved.order(part), values: values)
      // No key is in two parts.
      #expect(found.last?.key != facts.first?.key)
      found += facts
      carried = []
    }
    #expect(found == facts(kept.release(collection: 0), values: values))
  }

  // Prevents: parts that are too large for memory, or so small that each costs more than its rows.
  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `parts have about as many changes as are wanted`(seed: UInt64) {
    var random = SplitMix(state: seed)
    var sequencer = Sequencer()
    let file = sequencer.addFile(FileStamp(ordinal: 1, series: 0))
    var routes = [Sequencer.Route(collection: 0)]
    routes[0].shapes = [ColumnSet(first: 3)]
    let bytes = Mutex<[UInt8]>([])
    let runs = (0..<12).map { run in
      var batch = ChangeBatch()
      batch.lineages = [""]
      for record in 0..<10_000 {
        var change = Change(table: 0, operation: .insert)
        let key = Array("k\0\(UInt32.random(in: 0 ... .max, using: &random))".utf8)
        change.key = ByteRange(offset: batch.keyBytes.count, count: key.count)
        batch.keyBytes += key
        change.recordIndex = UInt32(run * 10_000 + record)
        batch.changes.append(change)
      }
      _ = sequencer.admit(batch, from: file, values: ValuePlace(), routes: &routes, lineages: [0])
      return sequencer.setAside(collection: 0, cores: 1, runCount: run) { _, _ in
        nil
      } put: { _, more in
        bytes.withLock {
          $0 += more
          return UInt64($0.count - more.count)
        }
      }
    }
    var merge = RunMerge(runs, of: sequencer.model(of: 0))
    var counts: [Int] = []
    while let part = merge.next(
      RunMerge.Wanted(changes: 20_000, valueBytes: .max),
      read: { block, memory in
        memory.copyBytes(
          from: bytes.withLock { $0[Int(block.headOffset)...] }.prefix(memory.count))
      }, putValues: nil)
    {
      counts.append(part.count)
    }
    #expect(counts.reduce(0, +) == 120_000)
    #expect(counts.dropLast().allSatisfy { (15_000...25_000).contains($0) }, "\(counts)")
  }
}
