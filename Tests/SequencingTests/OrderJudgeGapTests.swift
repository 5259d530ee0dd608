import ChangeModel
import Sequencing
import Testing

/// What is missing, and how it is known.
@Suite struct OrderJudgeGapTests {
  // Prevents a lost file from going unnoticed, or a wrong one from being waited for.
  @Test func `a skip of the counts across a missing number is a proven gap`() {
    var bench = EvidenceBench()
    bench.counted(4, 1...10)
    bench.counted(5, 11...20)
    bench.counted(7, 31...40)
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == ["proven 1: 6-6 (21-30)"])
  }

  // Prevents waiting for what does not exist: numbers are skipped for other tables.
  @Test func `a missing number across which the counts go on is no gap`() {
    var bench = EvidenceBench()
    bench.counted(4, 1...10)
    bench.counted(6, 11...20)
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == [])
  }

  // Prevents one loss from being reported as many.
  @Test func `a skip across several missing numbers is one gap`() {
    var bench = EvidenceBench()
    for ordinal in 1...6 { bench.counted(UInt64(ordinal), ordinal * 10..<ordinal * 10 + 10) }
    bench.counted(10, 100...109)
    bench.other(8)
    #expect(bench.gaps == ["proven 1: 7-9 (70-99)"])
  }

  // Prevents a fresh start in the middle of a stream from waiting for expired files.
  @Test func `what lies before the first file is no gap`() {
    var bench = EvidenceBench()
    bench.counted(500, 90_001...90_010)
    bench.counted(501, 90_011...90_020)
    #expect(bench.gaps == [])
  }

  // Prevents a count of all tables from stalling each of them for ever.
  @Test func `a count that skips inside a file is demoted`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 2, 5, 6])
    bench.counted(2, [9, 10, 14])
    #expect(bench.demotion == "counts 3 to 4 are missing inside file 1")
    #expect(bench.gaps == [])
  }

  // Prevents the same, where a table's changes lie together within each file.
  @Test func `a count that skips between adjacent files is demoted`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(2, 21...30)
    #expect(bench.demotion?.contains("between file 1 and file 2") == true)
    #expect(bench.gaps == [])
  }

  // Prevents the same, where every file of the others has a number of its own in the series.
  @Test func `a count that skips with every number of another table is demoted`() {
    var bench = EvidenceBench()
    for file in 0..<12 {
      bench.counted(UInt64(file * 2), file * 20 + 1...file * 20 + 10)
      bench.other(UInt64(file * 2 + 1))
    }
    #expect(bench.demotion?.contains("no file is known to be missing") == true)
    #expect(bench.gaps == [])
  }

  // Prevents many losses from passing for none: where counts skip with every number, the files
  // between are missing, however many they are.
  @Test func `every subset of a dense log names what lies between its files`() {
    var random = SplitMix(state: 20_261_127)
    for _ in 0..<2000 {
      let files = 3 + Int(random.next() % 40)
      let share = 1 + random.next() % 99
      var bench = EvidenceBench()
      var missing: [UInt64] = []
      var present = 0
      for ordinal in 1...files {
        if random.next() % 100 < share {
          bench.counted(UInt64(ordinal), ordinal * 10..<ordinal * 10 + 10)
          present = missing.count
        } else if !bench.files.isEmpty {
          missing.append(UInt64(ordinal))
        }
      }
      if bench.files.isEmpty { continue }
      let verdict = bench.verdict
      #expect(verdict.counters == .dense)
      #expect(verdict.gaps.allSatisfy { $0.isProven })
      let named = verdict.gaps.compactMap(\.ordinals).flatMap { Array($0) }
      #expect(named == Array(missing.prefix(present)))
    }
  }

  // Prevents the first files to arrive from being applied as if nothing lay between them.
  @Test func `a skip is proven however few files have come`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(30, 291...300)
    #expect(bench.gaps == ["proven 1: 2-29 (11-290)"])
  }

  // Prevents lost snapshot files from going unnoticed, where no count covers them.
  @Test func `a missing number among a snapshot's files is suspected until counts prove it whole`()
  {
    var bench = EvidenceBench()
    bench.snapshot(1, rows: 0..<5)
    bench.snapshot(3, rows: 5..<10)
    bench.counted(4, 1...10)
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == ["suspected 1: 2-2"])
    bench.files.removeLast()
    bench.counted(4, 11...20)
    #expect(bench.gaps == [])
  }

  // Prevents a loss at the seam of two logs from going unnoticed: neither count covers it.
  @Test func `a missing number where the counts begin again is suspected`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(2, 11...20)
    bench.counted(4, 1...10, lineage: EvidenceBench.renamed)
    #expect(bench.gaps == ["suspected 1: 3-3"])
  }

  // Prevents a demoted count from hiding a missing number.
  @Test func `where the count is demoted a missing number is suspected`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 3])
    bench.counted(2, [5, 9])
    bench.counted(4, [11, 13])
    #expect(bench.demotion != nil)
    #expect(bench.gaps == ["suspected 1: 3-3"])
  }

  // Prevents the demotion from outliving its cause.
  @Test func `a late file restores a demoted count`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 3, 5])
    #expect(bench.demotion != nil)
    bench.counted(1, [2, 4, 6], series: 2)
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == [])
  }

  // Prevents a source without counts from being judged by them.
  @Test func `without counts a missing number is suspected`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.plain(2, 11...20)
    bench.plain(5, 31...40)
    #expect(bench.verdict.counters == .absent)
    #expect(bench.gaps == ["suspected 1: 3-4"])
  }

  // Prevents numbers that are shared with something else from being taken for losses.
  @Test func `numbers that cover less than half their range prove nothing`() {
    var bench = EvidenceBench()
    for ordinal in [1, 4, 8, 11] { bench.plain(UInt64(ordinal), [ordinal]) }
    #expect(bench.gaps == [])
    bench.other(2)
    bench.other(3)
    #expect(bench.gaps == ["suspected 1: 5-7", "suspected 1: 9-10"])
  }

  // Prevents the files of other tables in the same series from being taken for missing ones.
  @Test func `a number that another table's file has is not missing`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.plain(3, 11...20)
    bench.other(2)
    #expect(bench.gaps == [])
  }

  // Prevents a table from waiting for a series in which it has no changes.
  @Test func `a series without changes of the collection has no gaps`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.other(1, series: 2)
    bench.other(3, series: 2)
    bench.other(4, series: 2)
    #expect(bench.gaps == [])
  }

  // Prevents the rest of a torn file from being forgotten.
  @Test func `a skip behind a torn file names it`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(2, 11...15)
    bench.counted(3, 21...30)
    bench.tear(2)
    #expect(bench.gaps == ["proven 1: torn 2 (16-20)"])
  }

  // Prevents a file that was uploaded without its content from passing for one that had none.
  @Test func `a skip across a file without records names it`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.other(2)
    bench.counted(3, 21...30)
    #expect(bench.demotion != nil)
    bench.judge.series[1]?.empty.insert(2)
    #expect(bench.gaps == ["proven 1: torn 2 (11-20)"])
    bench.counted(5, 41...50)
    #expect(bench.gaps == ["proven 1: torn 2 (11-20)", "proven 1: 4-4 (31-40)"])
  }

  // Prevents an empty file from being suspected where counts go on, or where there are none.
  @Test func `a file without records is no gap by itself`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(3, 11...20)
    bench.plain(1, 1...10, series: 2)
    bench.plain(3, 11...20, series: 2)
    for series in [UInt32(1), 2] {
      bench.other(2, series: series)
      bench.judge.series[series]?.empty.insert(2)
    }
    #expect(bench.gaps == [])
  }

  // Prevents the same where nothing is counted, and a wait for the file that is still written.
  @Test func `a torn file without counts is suspected once something follows it`() {
    var bench = EvidenceBench()
    bench.plain(1, 1...10)
    bench.plain(2, 11...20)
    bench.tear(2)
    #expect(bench.gaps == [])
    bench.plain(3, 21...30)
    #expect(bench.gaps == ["suspected 1: torn 2"])
  }

  // Prevents a record that could not be read from looking like a lost file, or like a bad count.
  @Test func `quarantined records explain a skip of their size`() {
    var bench = EvidenceBench()
    let file = bench.counted(1, [1, 2, 3, 5, 6])
    bench.files[file].quarantined = 1
    bench.counted(2, 7...9)
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == [])
  }

  // Prevents one unreadable record from excusing everything.
  @Test func `a quarantined record explains one skip only`() {
    var bench = EvidenceBench()
    let file = bench.counted(1, [1, 2, 4, 5, 7])
    bench.files[file].quarantined = 1
    #expect(bench.demotion == "count 6 is missing inside file 1")
  }

  // Prevents writers that share one count from being demoted, or a lost file of one from it.
  @Test func `writers that take turns are dense together, and a lost file of one is proven`() {
    var bench = EvidenceBench()
    for ordinal in 1...3 {
      let start = Int(ordinal) * 6 - 5
      bench.counted(UInt64(ordinal), [start, start + 2, start + 4], series: 1)
      bench.counted(UInt64(ordinal), [start + 1, start + 3, start + 5], series: 2)
    }
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == [])
    bench.files.remove(at: 3)
    bench.judge.series[2]?.ordinals = CounterSet(merging: [1...1, 3...3])
    #expect(bench.verdict.counters == .dense)
    #expect(bench.gaps == ["proven 2: 2-2 (8-12)"])
  }

  // Prevents counts that go the other way from proving anything.
  @Test func `counts that fall where positions rise are demoted`() {
    var bench = EvidenceBench()
    bench.add(
      1, [EvidenceBench.Record(offset: 5, counter: 2), .init(offset: 6, counter: 1)])
    #expect(bench.demotion == "in file 1 the counts do not rise with the positions")
  }

  // Prevents the same between two files.
  @Test func `files in the opposite order of their counts demote them`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10, offset: 500)
    bench.counted(2, 11...20)
    #expect(
      bench.demotion == "file 2 lies before file 1 in the log, but its counts are higher")
  }

  // Prevents a format that counts only some changes from looking complete.
  @Test func `counts on only some changes are demoted`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.plain(2, 11...12)
    #expect(bench.demotion == "2 changes of the log have no count, others have one")
  }
}
