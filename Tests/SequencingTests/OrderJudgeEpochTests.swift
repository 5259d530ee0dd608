import ChangeModel
import Sequencing
import Testing

/// Where a new epoch begins, and where what looks like one is only disorder.
@Suite struct OrderJudgeEpochTests {
  typealias Record = EvidenceBench.Record

  // Prevents positions of a new source from being compared with those of the old one.
  @Test func `a lineage that follows another is an epoch`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10, log: 900)
    bench.counted(2, 11...20, log: 3, lineage: EvidenceBench.renamed)
    #expect(bench.epochs == [[0], [1]])
    #expect(bench.verdict.suspicions == [])
    #expect(bench.verdict.counters == .dense)
  }

  // Prevents the order of lineages from depending on their names, or on arrival.
  @Test func `lineages follow each other by their lowest number`() {
    var bench = EvidenceBench()
    bench.plain(9, 1...10, lineage: EvidenceBench.mysql)
    bench.plain(2, 1...10, lineage: EvidenceBench.renamed)
    #expect(bench.epochs == [[1], [0]])
  }

  // Prevents a switch back to the old source from being taken for order without a word.
  @Test func `a lineage that comes back keeps its place and is suspected`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.plain(2, 1...10, lineage: EvidenceBench.renamed)
    bench.plain(3, 11...20)
    #expect(bench.epochs == [[0], [1], [0]])
    #expect(bench.verdict.suspicions.count == 1)
    #expect(bench.verdict.suspicions.first?.contains("mysql:log-bin comes back in file 3") == true)
  }

  // Prevents the same inside one file.
  @Test func `lineages that take turns in a file are suspected`() {
    var bench = EvidenceBench()
    bench.add(
      1,
      [
        Record(offset: 1), Record(lineage: EvidenceBench.renamed, offset: 1), Record(offset: 2),
      ])
    #expect(bench.epochs == [[0, 1]])
    #expect(bench.verdict.suspicions.count == 1)
  }

  // Prevents nodes that go on beside each other from being put one after the other.
  @Test func `parallel lineages make no epochs`() {
    var bench = EvidenceBench()
    for ordinal in 1...4 {
      bench.plain(
        UInt64(ordinal), [ordinal],
        lineage: ordinal % 2 == 0 ? EvidenceBench.nodeA : EvidenceBench.nodeB)
    }
    #expect(bench.epochs == [[0], [0], [0], [0]])
    #expect(bench.verdict.suspicions == [])
  }

  // Prevents the changes after a reset of the log from ranking before those of the old one.
  @Test func `a log numbered anew whose counts go on is an epoch`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10, log: 41)
    bench.counted(2, 11...20, log: 42)
    bench.counted(3, 21...30, log: 1)
    bench.counted(4, 31...40, log: 2)
    #expect(bench.epochs == [[0], [0], [1], [1]])
    #expect(bench.verdict.sequences == [[0], [0], [0], [0]])
    #expect(bench.verdict.suspicions == [])
    #expect(bench.gaps == [])
  }

  // Prevents counts that begin again from hiding a lost file, or from proving one.
  @Test func `a log numbered anew whose counts begin again is an epoch and a new sequence`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10, log: 41)
    bench.counted(2, 11...20, log: 42)
    bench.counted(3, 1...10, log: 1, key: 7)
    bench.counted(5, 21...30, log: 2, key: 7)
    #expect(bench.epochs == [[0], [0], [1], [1]])
    #expect(bench.verdict.sequences == [[0], [0], [1], [1]])
    #expect(bench.gaps == ["proven 1: 4-4 (11-20)"])
  }

  // Prevents a new log from being taken for a late part of the old one, and ranking below it, when
  // its counts are just those that are missing there.
  @Test func `a log numbered anew whose counts happen to fill a hole is an epoch`() {
    for (log, epochs, suspicions) in [(1, [0, 0, 1], 0), (2, [0, 0, 0], 1)] {
      var bench = EvidenceBench()
      bench.counted(1, 1...9, log: 10)
      bench.counted(3, 19...23, log: 10)
      bench.counted(6, 10...18, log: UInt64(log))
      #expect(bench.epochs == epochs.map { [UInt32($0)] })
      #expect(bench.verdict.suspicions.count == suspicions)
    }
    // Where the numbers of the log agree with the counts it only came late.
    var late = EvidenceBench()
    late.counted(1, 1...9, log: 10)
    late.counted(3, 19...23, log: 30)
    late.counted(6, 10...18, log: 20)
    #expect(late.epochs == [[0], [0], [0]])
    #expect(late.verdict.suspicions == [])
  }

  // Prevents files with each other's numbers from passing for a row of new logs.
  @Test func `files numbered at random are one log, as their counts and positions say`() {
    for numbers in [[3, 2, 1, 4], [4, 3, 2, 1], [2, 4, 1, 3], [4, 1, 3, 2]] {
      var bench = EvidenceBench()
      for (index, number) in numbers.enumerated() {
        let first = index * 10 + 1
        bench.counted(UInt64(number), first...first + 9, log: UInt64(index + 1))
      }
      #expect(bench.epochs.allSatisfy { $0 == [0] }, "\(numbers)")
      #expect(bench.verdict.suspicions == [], "\(numbers)")
    }
  }

  // Prevents two files with each other's numbers from passing for a new log without a word: the
  // beginning of a new log looks the same, so a person must say.
  @Test func `a new log whose counts and numbers go on where it fell from is in doubt`() {
    var swapped = EvidenceBench()
    swapped.counted(1, 11...20, log: 2)
    swapped.counted(2, 1...10, log: 1)
    swapped.counted(3, 21...30, log: 2)
    #expect(swapped.epochs == [[0], [1], [1]])
    #expect(swapped.verdict.suspicions.count == 1)
    #expect(
      swapped.verdict.suspicions.first?.contains(
        "fall from number 2 to 1 in file 2, which was taken for a new log, but its counts go on")
        == true)
    // The numbers of different logs are apart, even where the counts happen to meet.
    var anew = EvidenceBench()
    anew.counted(2, 11...20, log: 42)
    anew.counted(3, 1...10, log: 1)
    #expect(anew.epochs == [[0], [1]])
    #expect(anew.verdict.suspicions == [])
    // What the old log held before makes it certain.
    var known = EvidenceBench()
    known.counted(1, 1...10, log: 1)
    known.counted(2, 11...20, log: 2)
    known.counted(3, 1...10, log: 1, key: 7)
    #expect(known.epochs == [[0], [0], [1]])
    #expect(known.verdict.suspicions == [])
  }

  // Prevents the same inside a file.
  @Test func `a log numbered anew inside a file divides it`() {
    var bench = EvidenceBench()
    bench.add(
      1,
      (1...4).map { Record(log: 7, offset: UInt64($0), counter: Int64($0)) }
        + (5...8).map { Record(log: 1, offset: UInt64($0), counter: Int64($0)) })
    #expect(bench.epochs == [[0, 1]])
  }

  // Prevents the same where nothing is counted.
  @Test func `without counts a log that begins below all numbers is an epoch`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10, log: 41)
    bench.plain(2, 11...20, log: 42)
    bench.plain(3, 1...10, log: 1)
    #expect(bench.epochs == [[0], [0], [1]])
    #expect(bench.verdict.suspicions == [])
  }

  // Prevents an epoch from being invented, and a real one from going unmentioned.
  @Test func `a fall of which nothing tells is the same epoch and suspected`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10, log: 5)
    bench.plain(2, 11...20, log: 42)
    bench.plain(3, 1...10, log: 20)
    bench.plain(4, 1...10, log: 21)
    #expect(bench.epochs == [[0], [0], [0], [0]])
    #expect(bench.verdict.suspicions.count == 1)
    #expect(
      bench.verdict.suspicions.first?.hasPrefix(
        "the log files of lineage mysql:log-bin fall from number 42 to 20 in file 3") == true)
  }

  // Prevents a straggler from splitting the log.
  @Test func `numbers that return to where they fell from are one epoch`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10, log: 41)
    bench.plain(2, 1...10, log: 3)
    bench.plain(3, 11...20, log: 42)
    #expect(bench.epochs == [[0], [0], [0]])
    #expect(bench.verdict.suspicions == [])
  }

  // Prevents a quiet table's new log from being forgotten once it passes the old numbers.
  @Test func `a log numbered anew stays an epoch when it passes the old numbers`() {
    var bench = EvidenceBench()
    bench.plain(1, [1], log: 100)
    bench.plain(2, [1], log: 110)
    for ordinal in 0...12 { bench.plain(UInt64(3 + ordinal), [1], log: UInt64(1 + ordinal * 10)) }
    #expect(bench.epochs == [[0], [0]] + Array(repeating: [1], count: 13))
  }

  // Prevents a resume that repeats the last records from ranking them as new.
  @Test func `a resume that repeats records across a rotation is one epoch`() {
    for hasCounts in [true, false] {
      var bench = EvidenceBench()
      func records(_ range: ClosedRange<Int>, _ log: UInt64) -> [Record] {
        range.map {
          Record(log: log, offset: UInt64($0), counter: hasCounts ? Int64($0) : -1, key: UInt64($0))
        }
      }
      bench.add(1, records(1...500, 1))
      bench.add(2, records(501...1000, 2) + records(1001...1010, 3))
      bench.add(3, records(991...1000, 2) + records(1001...1300, 3))
      #expect(bench.epochs == [[0], [0], [0]])
      #expect(bench.verdict.suspicions == [])
      #expect(bench.gaps == [])
    }
  }

  // Prevents a run that was written again from doubling the log.
  @Test func `a run that repeats everything is one epoch`() {
    for hasCounts in [true, false] {
      var bench = EvidenceBench()
      for ordinal in 0..<20 {
        let start = ordinal % 10 * 100
        bench.add(
          UInt64(ordinal),
          (start..<start + 100).map {
            Record(
              log: UInt64(ordinal % 10 + 1), offset: UInt64($0),
              counter: hasCounts ? Int64($0) : -1, key: UInt64($0 % 7))
          })
      }
      #expect(bench.epochs == Array(repeating: [0], count: 20))
      #expect(bench.verdict.suspicions == [])
    }
  }

  // Prevents the disorder of two writers around a rotation from looking like a new log.
  @Test func `writers out of step at a rotation are one epoch`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 3, 5], log: 9, series: 1)
    bench.counted(2, [7, 9, 11], log: 10, series: 1)
    bench.counted(1, [2, 4, 6, 8], log: 9, series: 2)
    bench.counted(2, [10, 12], log: 10, series: 2)
    #expect(bench.epochs == [[0], [0], [0], [0]])
    var merged = EvidenceBench()
    merged.counted(1, [1, 2, 3, 5], log: 9)
    merged.counted(2, [6, 8], log: 10)
    merged.counted(3, [4, 7], log: 9)
    merged.counted(4, [9, 10], log: 10)
    #expect(merged.epochs == [[0], [0], [0], [0]])
    #expect(merged.verdict.suspicions == [])
  }

  // Prevents a new log from being seen in one writer's files and not in the other's.
  @Test func `a log numbered anew is the same epoch for every writer`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 3, 5], log: 41, series: 1)
    bench.counted(2, [7, 9, 11], log: 1, series: 1)
    bench.counted(1, [2, 4, 6], log: 41, series: 2)
    bench.counted(2, [8, 10, 12], log: 1, series: 2)
    bench.counted(5, [13], log: 1, series: 3)
    #expect(bench.epochs == [[0], [1], [0], [1], [1]])
    #expect(bench.verdict.suspicions == [])
  }

  // Prevents a new snapshot's rows from losing against the changes before it.
  @Test func `a snapshot after changes begins an epoch`() {
    var bench = EvidenceBench()
    bench.snapshot(1, rows: 0..<10)
    bench.plain(2, 1...10)
    bench.snapshot(3, rows: 0..<5)
    bench.snapshot(4, rows: 5..<10)
    bench.plain(5, 21...30)
    #expect(bench.epochs == [[0], [0], [1], [1], [1]])
    #expect(bench.verdict.resnapshots.map(\.epoch) == [1])
    #expect(bench.verdict.resnapshots.map(\.isComplete) == [false])
  }

  // Prevents the other writers' changes from landing on the wrong side of it.
  @Test func `other series join the new epoch where they lie behind the snapshot`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.snapshot(2, rows: 0..<5)
    bench.plain(3, 21...30)
    bench.plain(1, 5...9, series: 2)
    bench.plain(2, 9...15, series: 2)
    bench.plain(3, 11...15, series: 2)
    #expect(bench.epochs == [[0], [1], [1], [0], [0], [1]])
  }

  // Prevents a fail-over that begins with a snapshot from being two epochs.
  @Test func `a new lineage after a new snapshot is one epoch with it`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.snapshot(2, rows: 0..<5)
    bench.plain(3, 1...10, lineage: EvidenceBench.renamed)
    #expect(bench.epochs == [[0], [1], [1]])
  }

  // Prevents rows that the snapshot does not have from being dropped, or kept for ever.
  @Test func `counts that begin behind the rows of a snapshot prove it complete`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...20)
    bench.snapshot(2, rows: 0..<5)
    bench.counted(3, 6...9, offset: 100)
    #expect(bench.verdict.resnapshots.map(\.epoch) == [1])
    #expect(bench.verdict.resnapshots.map(\.isComplete) == [true])
    bench.files.removeLast()
    bench.counted(3, 7...9, offset: 100)
    #expect(bench.verdict.resnapshots.map(\.epoch) == [1])
    #expect(bench.verdict.resnapshots.map(\.isComplete) == [false])
  }
}
