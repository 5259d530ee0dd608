import ChangeModel
import Sequencing
import Testing

/// What is kept of a file's records.
@Suite struct FileEvidenceTests {
  typealias Record = EvidenceBench.Record

  private func evidence(_ records: [Record], ordinal: UInt64? = 1) -> FileEvidence {
    var bench = EvidenceBench()
    bench.add(ordinal, records)
    return bench.files[0]
  }

  /// A file with everything in it: snapshot rows, two lineages, a new log, counts with holes.
  private var varied: FileEvidence {
    var records = (0..<100).map { Record(lineage: 0, log: 0, offset: 0, isSnapshot: true, key: $0) }
    records += (1...500).map { Record(log: 7, offset: $0, counter: Int64($0 * 3 / 2), key: $0) }
    records += (1...40).map { Record(lineage: EvidenceBench.renamed, offset: $0, key: $0) }
    records += (1...9).map { Record(log: 2, offset: $0, counter: .max - Int64($0), key: $0) }
    var evidence = evidence(records, ordinal: .max)
    evidence.quarantined = 3
    return evidence
  }

  // Prevents a log that begins anew inside a file from being one stretch.
  @Test func `a file is divided where the log's number falls, and at snapshots and lineages`() {
    #expect(varied.segments.map(\.count) == [100, 500, 40, 9])
    #expect(varied.segments.map(\.isSnapshot) == [true, false, false, false])
    #expect(varied.segment(ofRecord: 99, lineage: 0) == 0)
    #expect(varied.segment(ofRecord: 100, lineage: EvidenceBench.mysql) == 1)
    #expect(varied.segment(ofRecord: 640, lineage: EvidenceBench.mysql) == 3)
    #expect(varied.uncounted == 40)
    #expect(varied.changes == 649)
  }

  // Prevents nodes that take turns from cutting a file into a segment a record.
  @Test func `lineages that take turns have one segment each`() {
    let records = (0..<100).map {
      Record(
        lineage: $0 % 2 == 0 ? EvidenceBench.nodeA : EvidenceBench.nodeB, offset: UInt64($0))
    }
    #expect(evidence(records).segments.map(\.count) == [50, 50])
  }

  // Prevents a hostile file from filling the memory, and from looking ordered.
  @Test func `disorder keeps no more than a bounded number of segments and stretches`() {
    let falling = (0..<10_000).map { Record(log: UInt64(10_000 - $0), offset: 1) }
    #expect(evidence(falling).segments.count == FileEvidence.segmentLimit)
    let nodes = (0..<10_000).map { Record(lineage: 1000 + UInt32($0), offset: 1) }
    #expect(evidence(nodes).segments.count == FileEvidence.segmentBound)
    #expect(evidence(nodes).isContradictory)
    let holes = evidence(
      (0..<10_000).map { Record(offset: UInt64($0), counter: Int64($0) * 2) })
    #expect(holes.counters.ranges.count == FileEvidence.stretchLimit)
    #expect(holes.counters.last == 19_998)
    #expect(holes.isContradictory)
  }

  // Prevents a verdict that changes when the evidence has been stored.
  @Test func `evidence is read as it was written`() {
    for evidence in [varied, FileEvidence(ordinal: nil, series: 0)] {
      let bytes = evidence.encoded
      #expect(bytes.withUnsafeBytes { FileEvidence(decoding: $0) } == evidence)
    }
  }

  // Prevents a damaged manifest from crashing the program.
  @Test func `bytes cut short or changed are refused or read, never a crash`() {
    let bytes = varied.encoded
    for count in 0..<bytes.count {
      #expect(bytes[..<count].withUnsafeBytes { FileEvidence(decoding: $0) } == nil)
    }
    var random = SplitMix(state: 11)
    for _ in 0..<20_000 {
      var damaged = bytes
      for _ in 0...random.next() % 3 {
        damaged[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
      }
      if let read = damaged.withUnsafeBytes({ FileEvidence(decoding: $0) }) {
        _ = OrderJudge().judge([read, varied])
      }
      let noise = (0..<random.next() % 64).map { _ in UInt8(truncatingIfNeeded: random.next() % 12)
      }
      if let read = noise.withUnsafeBytes({ FileEvidence(decoding: $0) }) {
        _ = OrderJudge().judge([read, read])
      }
    }
  }

  private func sketch(_ range: Range<UInt64>) -> RecordSketch {
    evidence(range.map { Record(offset: $0, key: $0 &* 31) }).segments[0].sketch
  }

  // Prevents a re-emission from being overlooked, and a new log from being taken for one.
  @Test func `sketches show common records at the ends and in large parts, and no others`() {
    let long = sketch(0..<5000)
    #expect(long.shares(with: sketch(4990..<9000)))
    #expect(sketch(4990..<9000).shares(with: long))
    #expect(sketch(4995..<5010).shares(with: long))
    #expect(long.shares(with: sketch(4995..<5010)))
    #expect(long.shares(with: sketch(2000..<7000)))
    #expect(sketch(0..<20).shares(with: sketch(19..<40)))
    #expect(!sketch(0..<20).shares(with: sketch(20..<40)))
    #expect(!long.shares(with: sketch(5000..<10_000)))
    #expect(!RecordSketch().shares(with: RecordSketch()))
  }
}

/// Sets of counts.
@Suite struct CounterSetTests {
  // Prevents the stretches from depending on the order of insertion.
  @Test func `a set is the same in whatever order it is filled`() {
    var random = SplitMix(state: 5)
    for _ in 0..<2000 {
      let numbers = (0..<20).map { _ in random.next() % 40 }
      var set = CounterSet()
      for number in numbers { set.insert(number) }
      let known = Set(numbers).sorted()
      #expect(set.ranges.flatMap(Array.init) == known)
      #expect(set == CounterSet(merging: numbers.map { $0...$0 }))
      let low = random.next() % 40
      let high = low + random.next() % 10
      let inside = known.filter { (low...high).contains($0) }
      #expect(set.count(in: low...high) == UInt64(inside.count))
      #expect(set.first(in: low..<high + 1) == inside.first)
    }
  }

  // Prevents arithmetic at the ends of the number range from trapping.
  @Test func `the greatest numbers are numbers like others`() {
    var set = CounterSet(.max - 1 ... .max)
    set.insert(0)
    set.insert(.max)
    #expect(set.holes == [1...(.max - 2)])
    set.insert(1...(.max - 2))
    #expect(set.ranges == [0...(.max)])
  }
}

/// A seeded generator of random numbers.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
