import ChangeModel
import Sequencing
import Testing

/// What must hold in every world.
@Suite struct OrderJudgePropertyTests {
  /// A dense log cut into files, some of them lost; some numbers belong to other tables.
  private struct World {
    var bench = EvidenceBench()
    /// The numbers of the files that are lost and held changes.
    var lost: [UInt64] = []
    /// The evidence of the lost files.
    var evidence: [FileEvidence] = []

    init(_ random: inout SplitMix) {
      var count = 1 + Int(random.next() % 50)
      var log: UInt64 = 1 + random.next() % 5
      let files = 2 + random.next() % 30
      for ordinal in 1...files {
        let size = Int(random.next() % 12)
        if random.next() % 3 == 0 { log += random.next() % 3 }
        if size == 0 {
          bench.other(ordinal)
          continue
        }
        var whole = EvidenceBench()
        whole.counted(ordinal, count..<count + size, log: log)
        count += size
        if random.next() % 4 == 0, lost.count * 3 < ordinal {
          lost.append(ordinal)
          evidence.append(whole.files[0])
        } else {
          bench.files.append(whole.files[0])
          bench.other(ordinal)
        }
      }
      let present = bench.files.compactMap(\.ordinal)
      let inside = (present.first ?? 0)..<(present.last ?? 0)
      lost = lost.filter(inside.contains)
    }
  }

  // Prevents a lost file from being missed, a present one from being waited for, and an epoch from
  // being seen in a log that has none.
  @Test func `exactly the lost files that hold changes are proven gaps`() {
    var random = SplitMix(state: 20_261_121)
    for _ in 0..<3000 {
      let world = World(&random)
      let verdict = world.bench.verdict
      var named: [UInt64] = []
      for gap in verdict.gaps {
        #expect(gap.isProven)
        if let ordinals = gap.ordinals { named += Array(ordinals) }
      }
      let numbers = world.bench.judge.series[1]?.ordinals ?? CounterSet()
      #expect(named.filter { !numbers.contains($0) }.sorted() == world.lost)
      #expect(verdict.epochs.joined().allSatisfy { $0 == 0 })
      #expect(verdict.suspicions == [])
    }
  }

  // Prevents the order of arrival from deciding anything.
  @Test func `the verdict on a set does not depend on its order`() {
    var random = SplitMix(state: 3)
    for _ in 0..<500 {
      let bench = disorderly(&random)
      let verdict = bench.verdict
      var order = Array(bench.files.indices)
      order.shuffle(using: &random)
      let shuffled = bench.judge.judge(order.map { bench.files[$0] })
      #expect(shuffled.epochs == order.map { verdict.epochs[$0] })
      #expect(shuffled.sequences == order.map { verdict.sequences[$0] })
      #expect(shuffled.gaps == verdict.gaps)
      #expect(shuffled.counters == verdict.counters)
      #expect(shuffled.closed == verdict.closed)
      #expect(shuffled.suspicions == verdict.suspicions)
      #expect(shuffled.resnapshots == verdict.resnapshots)
    }
  }

  /// Files of several writers, lineages and logs, with snapshots, repeats and versions.
  private func disorderly(_ random: inout SplitMix) -> EvidenceBench {
    var bench = EvidenceBench()
    var count = 1
    for _ in 0..<2 + random.next() % 12 {
      let ordinal = 1 + random.next() % 12
      let series = UInt32(1 + random.next() % 2)
      let log = 1 + random.next() % 4
      let lineages = [EvidenceBench.mysql, EvidenceBench.renamed, EvidenceBench.nodeA]
      let lineage = lineages[Int(max(2, random.next() % 5) - 2)]
      switch random.next() % 6 {
      case 0: bench.snapshot(ordinal, rows: 0..<Int(1 + random.next() % 5), series: series)
      case 1: bench.plain(ordinal, 1...5, log: log, series: series, lineage: lineage)
      case 2: count = 1
      default: break
      }
      bench.counted(ordinal, count..<count + 5, log: log, series: series, lineage: lineage)
      if random.next() % 4 > 0 { count += 5 + Int(random.next() % 2) * 3 }
      if random.next() % 5 == 0 { bench.files[bench.files.count - 1].quarantined = 2 }
      if random.next() % 5 == 0 { bench.tear(ordinal, series: series) }
    }
    return bench
  }

  // Prevents files that come late from leaving a trace of their lateness.
  @Test func `lost files that come back in any order leave the verdict on the whole`() {
    var random = SplitMix(state: 9)
    for _ in 0..<300 {
      let world = World(&random)
      var whole = world.bench
      whole.files += world.evidence
      for file in world.evidence { whole.other(file.ordinal ?? 0) }
      #expect(whole.gaps == [])
      var returning = world.bench
      for file in world.evidence.shuffled(using: &random) {
        returning.files.insert(file, at: 0)
        returning.other(file.ordinal ?? 0)
        // Each step is judged, and none is remembered.
        _ = returning.verdict
      }
      #expect(returning.verdict.gaps == whole.verdict.gaps)
      #expect(returning.verdict.counters == whole.verdict.counters)
      #expect(returning.verdict.closed == whole.verdict.closed)
      #expect(returning.verdict.epochs.joined().allSatisfy { $0 == 0 })
    }
  }

  // Prevents the judge from becoming slow in a large drop: every call of `sync` runs it.
  @Test(.timeLimit(.minutes(1))) func `a hundred thousand files are judged`() {
    var bench = EvidenceBench()
    var numbers = CounterSet()
    for ordinal in 0..<100_000 {
      var evidence = FileEvidence(ordinal: UInt64(ordinal), series: 1)
      for offset in 0..<4 {
        let count = ordinal * 4 + offset + 1
        let record = EvidenceBench.Record(
          log: UInt64(1 + ordinal % 50_000 / 100), offset: UInt64(count), counter: Int64(count))
        evidence.add(
          EvidenceBench.change(record, index: offset), lineage: record.lineage,
          keyHash: UInt64(count))
      }
      bench.files.append(evidence)
      numbers.insert(UInt64(ordinal))
    }
    bench.judge.series[1, default: .init()].ordinals = numbers
    let verdict = bench.verdict
    #expect(verdict.gaps == [])
    #expect(verdict.epochs.last == [1])
    #expect(verdict.closed?.counter == 400_000)
  }
}
