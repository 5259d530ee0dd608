import ChangeModel
import Sequencing

/// Makes the evidence of files from a few words about their records.
struct EvidenceBench {
  var judge = OrderJudge()
  var files: [FileEvidence] = []

  static let mysql: UInt32 = 100
  static let renamed: UInt32 = 101
  static let nodeA: UInt32 = 200
  static let nodeB: UInt32 = 201

  init() {
    judge.lineages = [
      Self.mysql: .init(name: "mysql:log-bin"), Self.renamed: .init(name: "mysql:replica-bin"),
      Self.nodeA: .init(name: "cassandra:a"), Self.nodeB: .init(name: "cassandra:b"),
    ]
  }

  /// One record.
  struct Record {
    var lineage = EvidenceBench.mysql
    var log: UInt64 = 1
    var offset: UInt64
    var counter: Int64 = -1
    var isSnapshot = false
    var key: UInt64 = 0
  }

  /// A file of the log whose counts are these; the positions go with them, in log file `log`.
  @discardableResult
  mutating func counted(
    _ ordinal: UInt64, _ counts: some Sequence<Int>, log: UInt64 = 1, series: UInt32 = 1,
    lineage: UInt32 = Self.mysql, offset: Int = 0, key: UInt64 = 0
  ) -> Int {
    add(
      ordinal, series: series,
      counts.map {
        Record(
          lineage: lineage, log: log, offset: UInt64($0 + offset), counter: Int64($0), key: key)
      })
  }

  /// A file of the log without counts, at these offsets of log file `log`.
  @discardableResult
  mutating func plain(
    _ ordinal: UInt64, _ offsets: some Sequence<Int>, log: UInt64 = 1, series: UInt32 = 1,
    lineage: UInt32 = Self.mysql, key: UInt64 = 0
  ) -> Int {
    add(
      ordinal, series: series,
      offsets.map { Record(lineage: lineage, log: log, offset: UInt64($0), key: key) })
  }

  /// A file of snapshot rows.
  @discardableResult
  mutating func snapshot(_ ordinal: UInt64, rows: Range<Int>, series: UInt32 = 1) -> Int {
    add(
      ordinal, series: series,
      rows.map { Record(lineage: 0, log: 0, offset: 0, isSnapshot: true, key: UInt64($0)) })
  }

  /// A file of these records.
  @discardableResult
  mutating func add(_ ordinal: UInt64?, series: UInt32 = 1, _ records: [Record]) -> Int {
    var evidence = FileEvidence(ordinal: ordinal, series: series)
    for (index, record) in records.enumerated() {
      evidence.add(
        Self.change(record, index: index), lineage: record.lineage,
        keyHash: record.key &* 0x9E37_79B9)
    }
    files.append(evidence)
    if let ordinal { judge.series[series, default: .init()].ordinals.insert(ordinal) }
    return files.count - 1
  }

  static func change(_ record: Record, index: Int) -> Change {
    var change = Change(table: 0, operation: .update)
    change.position = record.isSnapshot ? .zero : Position(record.log, record.offset)
    change.counter = record.counter
    change.recordIndex = UInt32(index)
    if record.isSnapshot { change.flags.insert(.snapshot) }
    return change
  }

  /// Says that a file is there that could not be read to its end.
  mutating func tear(_ ordinal: UInt64, series: UInt32 = 1) {
    var numbers = CounterSet()
    let known = judge.series[series]?.ordinals ?? CounterSet()
    for range in known.ranges {
      for number in range where number != ordinal { numbers.insert(number) }
    }
    judge.series[series, default: .init()].ordinals = numbers
    judge.series[series, default: .init()].incomplete.insert(ordinal)
  }

  /// Says that a file of another table is there.
  mutating func other(_ ordinal: UInt64, series: UInt32 = 1) {
    judge.series[series, default: .init()].ordinals.insert(ordinal)
  }

  var verdict: OrderVerdict { judge.judge(files) }

  /// The epochs of each file's segments.
  var epochs: [[UInt32]] { verdict.epochs }

  /// The gaps in short: `proven 1: 5-6 (51-60)`.
  var gaps: [String] { verdict.gaps.map(Self.text) }

  static func text(_ gap: OrderVerdict.Gap) -> String {
    var text = gap.isProven ? "proven" : "suspected"
    text += " \(gap.series):"
    if let ordinals = gap.ordinals { text += " \(ordinals.lowerBound)-\(ordinals.upperBound)" }
    if let file = gap.incompleteFile { text += " torn \(file)" }
    if let counts = gap.counters { text += " (\(counts.lowerBound)-\(counts.upperBound))" }
    return text
  }

  /// The reason for which the counts are not believed; nil when they are, or there are none.
  var demotion: String? {
    guard case .demoted(let reason) = verdict.counters else { return nil }
    return reason
  }
}
