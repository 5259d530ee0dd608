import ChangeModel
import Sequencing
import Testing

/// Up to where nothing can be missing.
@Suite struct OrderJudgeClosedTests {
  private func bench() -> EvidenceBench {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(2, 11...20)
    return bench
  }

  // Prevents what only the known changes have to do from waiting for ever.
  @Test func `counts from one without a hole close up to the last change`() {
    let closed = bench().verdict.closed
    #expect(closed?.epoch == 0)
    #expect(closed?.lineage == EvidenceBench.mysql)
    #expect(closed?.position == Position(1, 20))
    #expect(closed?.counter == 20)
  }

  // Prevents anything behind a hole from counting as closed.
  @Test func `a gap ends what is closed`() {
    var bench = bench()
    bench.counted(4, 31...40)
    #expect(bench.verdict.closed?.counter == 20)
  }

  // Prevents the changes of expired files from being forgotten.
  @Test func `counts that do not begin at one close nothing`() {
    var bench = EvidenceBench()
    bench.counted(2, 11...20)
    #expect(bench.verdict.closed == nil)
  }

  // Prevents a snapshot that lacks rows from being closed.
  @Test func `a snapshot closes where the counts begin behind its rows`() {
    var bench = EvidenceBench()
    bench.snapshot(1, rows: 0..<10)
    bench.counted(2, 11...20)
    #expect(bench.verdict.closed?.counter == 20)
    bench.files[0] = FileEvidence(ordinal: 1, series: 1)
    bench.snapshot(1, rows: 0..<9)
    #expect(bench.verdict.closed == nil)
  }

  // Prevents a retried record from arriving below.
  @Test func `quarantine anywhere closes nothing`() {
    var bench = bench()
    bench.files[1].quarantined = 1
    #expect(bench.verdict.closed == nil)
  }

  // Prevents positions that do not compare from bounding each other.
  @Test func `parallel lineages close nothing`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10, lineage: EvidenceBench.nodeA)
    bench.counted(2, 11...20, lineage: EvidenceBench.nodeB)
    #expect(bench.verdict.closed == nil)
  }

  // Prevents counts that mean nothing from closing anything.
  @Test func `neither absent nor demoted nor restarted counts close anything`() {
    var absent = EvidenceBench()
    absent.plain(1, 1...10)
    #expect(absent.verdict.closed == nil)
    var demoted = bench()
    demoted.counted(3, 25...30)
    #expect(demoted.verdict.closed == nil)
    var restarted = bench()
    restarted.counted(3, 1...10, lineage: EvidenceBench.renamed)
    #expect(restarted.verdict.closed == nil)
  }

  // Prevents a doubt from being decided by forgetting.
  @Test func `a suspicion closes nothing`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10)
    bench.counted(2, 11...20, lineage: EvidenceBench.renamed)
    #expect(bench.verdict.closed?.epoch == 1)
    bench.counted(3, 21...30, offset: 10)
    #expect(bench.verdict.closed == nil)
  }

  // Prevents a writer's late change from lying below.
  @Test func `what is closed ends before the changes that another writer's hole leaves open`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 3, 5], series: 1)
    bench.counted(1, [2, 4, 6], series: 2)
    bench.counted(2, [7, 9, 11], series: 1)
    bench.counted(2, [8, 10, 12], series: 2)
    #expect(bench.verdict.closed?.counter == 12)
    bench.counted(4, [20, 22], series: 2)
    bench.counted(3, [13, 15, 17, 19, 21], series: 1)
    #expect(bench.gaps == ["proven 2: 3-3 (14-18)"])
    #expect(bench.verdict.closed?.position == Position(1, 12))
  }
}

/// Which changes lie behind a gap.
@Suite struct OrderVerdictTests {
  private func behind(_ bench: EvidenceBench) -> [[Bool]] {
    let verdict = bench.verdict
    guard let gap = verdict.gaps.first else { return [] }
    return bench.files.indices.map { file in
      bench.files[file].segments.indices.map { segment in
        verdict.isBehind(
          gap, evidence: bench.files[file], file: file, segment: segment,
          counter: bench.files[file].segments[segment].counterAtHighest)
      }
    }
  }

  // Prevents changes before a hole from waiting for it.
  @Test func `behind a proven gap are the higher counts and the later sequences`() {
    var bench = EvidenceBench()
    bench.counted(1, 1...10, log: 41)
    bench.counted(3, 21...30, log: 41)
    bench.snapshot(4, rows: 0..<5)
    bench.counted(5, 31...40, log: 41)
    bench.counted(6, 1...5, lineage: EvidenceBench.renamed)
    #expect(bench.gaps == ["proven 1: 2-2 (11-20)"])
    #expect(behind(bench) == [[false], [true], [true], [true], [true]])
  }

  // Prevents a writer's changes behind another's lost ones from going on.
  @Test func `behind a gap of one writer are the higher counts of the others`() {
    var bench = EvidenceBench()
    bench.counted(1, [1, 3], series: 1)
    bench.counted(1, [2, 4], series: 2)
    bench.counted(2, [5, 7], series: 1)
    bench.counted(3, [9, 11], series: 1)
    bench.counted(3, [10, 12], series: 2)
    #expect(bench.gaps == ["proven 2: 2-2 (6-8)"])
    #expect(behind(bench) == [[false], [false], [true], [true], [true]])
  }

  // Prevents the files of other series from waiting.
  @Test func `behind a suspected gap are the later files of its series`() {
    var bench = EvidenceBench()
    bench.plain(1, [1])
    bench.plain(3, [3])
    bench.plain(9, [2], series: 2)
    #expect(behind(bench) == [[false], [true], [false]])
    bench.other(2)
    bench.tear(1)
    #expect(bench.gaps == ["suspected 1: torn 1"])
    #expect(behind(bench) == [[false], [true], [false]])
  }
}
