import ChangeModel
import Sequencing
import Testing

/// Changes put back at their place: by key, and for each key by rank, whatever the order in which
/// they were admitted.
@Suite struct OrderedChangesTests {
  // Prevents the file's arrival from deciding: what came last must not be what is newest.
  @Test func `changes of a key are ordered by position, not by admission`() {
    var bench = SequencerBench()
    bench.admit(ordinal: 3, [("a", .update, 30)])
    bench.admit(ordinal: 1, [("a", .insert, 10), ("b", .insert, 11)])
    bench.admit(ordinal: 2, [("a", .update, 20)])
    #expect(bench.release() == ["a": [10, 20, 30], "b": [11]])
  }

  // Prevents keys that share their first eight bytes from being taken for one.
  @Test func `keys are told apart behind their common beginning`() {
    var bench = SequencerBench()
    bench.admit(
      ordinal: 1,
      [("customer-2", .insert, 1), ("customer-1", .insert, 2), ("customer", .insert, 3)])
    #expect(bench.keys() == ["customer", "customer-1", "customer-2"])
  }

  // Prevents an empty key and a short one from sorting behind a longer one.
  @Test func `keys are ordered as their bytes are`() {
    var bench = SequencerBench()
    bench.admit(
      ordinal: 1, [("b", .insert, 1), ("aa", .insert, 2), ("a", .insert, 3), ("ab", .insert, 4)])
    #expect(bench.keys() == ["a", "aa", "ab", "b"])
  }

  // Prevents the numbers that keys are sorted by from ordering otherwise than the keys' bytes do.
  @Test func `keys of any length, zero bytes in them, are ordered as their bytes are`() {
    let tails = ["", "\0", "a", "é"].flatMap { first in
      ["", "\0", "a", "é"].map { first + $0 }
    }
    for shared in ["", "user-", "customer-number-"] {
      var keys: Set<String> = []
      // Behind their common beginning many of these are equal for eight bytes, and for many more.
      let long = [1, 7, 8, 9, 16, 55, 56, 57, 90].map { String(repeating: "7", count: $0) }
      for middle in ["", "1", "1234567", "12345678", "123456789"] + long {
        for tail in tails { keys.insert(shared + middle + tail) }
      }
      var bench = SequencerBench()
      let changes = (Array(keys) + Array(keys)).enumerated().map { place, key in
        (key: key, operation: ChangeModel.Operation.update, position: UInt64(place + 1))
      }
      bench.admit(ordinal: 1, changes)
      #expect(bench.keys() == keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    }
  }

  // Prevents a few long keys from asking for as much memory as if all changes that may be held had
  // such.
  @Test func `room is made for long keys within what may be held`() {
    var bench = SequencerBench()
    let keys = (10..<50).map { String(repeating: "k", count: 100_000) + "\($0)" }
    bench.admit(ordinal: 1, keys.map { (key: $0, operation: .insert, position: 1) })
    bench.reserve(byteCount: 40 << 20)
    #expect(bench.keys() == keys)
  }

  // Prevents keys from being taken for one whose first bytes differ in more bits than there is room
  // for beside the change's index; those of many changes are sorted on all cores.
  @Test func `keys that differ in every bit are ordered as their bytes are`() {
    var state: UInt64 = 1
    func next(_ limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    let letters = (1...127).map { String(UnicodeScalar(UInt8($0))) } + ["é", "ÿ", "\u{7FF}", "中"]
    func text(_ count: Int) -> String {
      (0..<count).map { _ in letters[next(letters.count)] }.joined()
    }
    let heads = (0..<2000).map { _ in text(6) }
    for count in [100, 200_000] {
      let changes = (0..<count).map { place in
        let key = heads[next(count < 1000 ? 3 : heads.count)] + text(next(3))
        return (key: key, operation: ChangeModel.Operation.update, position: UInt64(place + 1))
      }
      let positions = Dictionary(grouping: changes, by: \.key).mapValues { $0.map(\.position) }
      var bench = SequencerBench()
      bench.admit(ordinal: 1, changes)
      #expect(
        bench.keys() == positions.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
      #expect(bench.release() == positions)
    }
  }

  // Prevents a circle: by position within a lineage, by time between two, each of these three is
  // newer than the next. All are ordered by time, in whatever order they were admitted.
  @Test func `changes of a key in two lineages are ordered by time`() {
    let files: [(lineage: UInt32, position: UInt64, time: Int64)] = [
      (1, 1, 300), (1, 2, 100), (2, 7, 200),
    ]
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
      var bench = SequencerBench()
      for index in order {
        let file = files[index]
        bench.admit(
          ordinal: UInt64(index), [("a", .update, file.position)], lineage: file.lineage,
          time: file.time)
        bench.admit(
          ordinal: UInt64(index), [("b\(file.lineage)", .update, file.position)],
          lineage: file.lineage, time: file.time)
      }
      #expect(bench.release() == ["a": [2, 7, 1], "b1": [1, 2], "b2": [7]])
      #expect(bench.fold("a").order == .time)
      #expect(bench.fold("b1").order == .logWithFallingTimes)
      #expect(bench.fold("b2").order == .log)
    }
  }

  // Prevents a tie of positions from being broken by chance: the file's number breaks it.
  @Test func `changes of one position are ordered by the number of their file`() {
    var bench = SequencerBench()
    bench.admit(ordinal: 9, [("a", .update, 5)])
    bench.admit(ordinal: 2, [("a", .delete, 5)])
    #expect(bench.operations(of: "a") == [.delete, .update])
  }
}

/// What is left of a key's changes.
@Suite struct KeyFoldTests {
  // Prevents values from being looked at that nothing shows of.
  @Test func `a full image hides everything before it`() {
    var bench = SequencerBench()
    bench.admit(
      ordinal: 1, [("a", .insert, 1), ("a", .update, 2), ("a", .update, 3)])
    let fold = bench.fold("a")
    #expect(fold.needed.count == 1)
    #expect(fold.floor?.operation == .insert)
  }

  // Prevents an older change from shining through a delete.
  @Test func `a delete leaves only what came after it`() {
    var bench = SequencerBench()
    bench.admit(ordinal: 1, [("a", .insert, 1), ("a", .delete, 2)])
    #expect(bench.fold("a").needed.isEmpty)
    #expect(bench.fold("a").floor?.operation == .delete)
  }

  // Prevents a column that only an older change named from being lost.
  @Test func `a change that names other columns stays beside a newer one`() {
    var bench = SequencerBench()
    bench.admit(ordinal: 1, [("a", .update, 1)], shape: [0])
    bench.admit(ordinal: 2, [("a", .update, 2)], shape: [1])
    bench.admit(ordinal: 3, [("a", .update, 3)], shape: [0])
    #expect(bench.fold("a").needed.count == 2)
  }

  // Prevents a re-emission after a restart from going unnoticed.
  @Test func `a repeat of a change is counted`() {
    var bench = SequencerBench()
    bench.admit(ordinal: 1, [("a", .insert, 1), ("a", .update, 2)])
    bench.admit(ordinal: 2, [("a", .update, 2)])
    #expect(bench.fold("a").repeats == 1)
    #expect(bench.fold("a").doubles.map { [$0.won.file, $0.lost.file] } == [[1, 0]])
  }
}

/// Changes of one table, admitted without a decoder.
struct SequencerBench {
  private var sequencer = Sequencer()
  private var ordered: OrderedChanges?

  mutating func admit(
    ordinal: UInt64, _ changes: [(key: String, operation: ChangeModel.Operation, position: UInt64)],
    shape: [Int] = [0, 1], lineage: UInt32 = 7, time: Int64 = .min
  ) {
    let file = sequencer.addFile(FileStamp(ordinal: ordinal, series: 1))
    var batch = ChangeBatch()
    for (index, entry) in changes.enumerated() {
      var change = Change(table: 0, operation: entry.operation)
      change.position = Position(entry.position)
      change.recordIndex = UInt32(index)
      change.eventTime = time
      change.key = ByteRange(offset: batch.keyBytes.count, count: entry.key.utf8.count)
      batch.keyBytes += entry.key.utf8
      batch.changes.append(change)
    }
    var route = Sequencer.Route(collection: 0)
    route.shapes = [ColumnSet(shape)]
    var routes = [route]
    _ = sequencer.admit(batch, from: file, routes: &routes, lineages: [lineage])
  }

  private mutating func released() -> OrderedChanges {
    if let ordered { return ordered }
    let released = sequencer.release(collection: 0)
    ordered = released
    return released
  }

  mutating func reserve(byteCount: Int) { sequencer.reserve(byteCount: byteCount) }

  mutating func keys() -> [String] {
    let ordered = released()
    return ordered.groups.map { String(decoding: ordered.key(of: $0), as: UTF8.self) }
  }

  mutating func release() -> [String: [UInt64]] {
    let ordered = released()
    var positions: [String: [UInt64]] = [:]
    for group in ordered.groups {
      positions[String(decoding: ordered.key(of: group), as: UTF8.self)] =
        ordered.changes(of: group).map { ordered.rank(of: $0).position.word0 }
    }
    return positions
  }

  mutating func operations(of key: String) -> [ChangeModel.Operation] {
    let ordered = released()
    return ordered.groups.filter { ordered.key(of: $0).elementsEqual(key.utf8) }
      .flatMap { ordered.changes(of: $0).map(\.operation) }
  }

  mutating func fold(_ key: String) -> KeyFold {
    let ordered = released()
    var fold = KeyFold()
    if let group = ordered.groups.first(where: { ordered.key(of: $0).elementsEqual(key.utf8) }) {
      fold.fold(group, of: ordered)
    }
    return fold
  }
}
