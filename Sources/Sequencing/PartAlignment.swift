/// Which parts of several writers' series are of the same log.
struct PartAlignment {
  /// For each series and part, the number of the log.
  private(set) var numbers: [[Int]]
  /// Whether a part could as well be of another log.
  private(set) var isDoubtful = false

  init(_ series: [[LogParts.Part]]) {
    // Whoever saw the most logs saw all of them.
    let reference = series.max { left, right in
      (left.count, left.last?.members.upperBound ?? 0)
        < (right.count, right.last?.members.upperBound ?? 0)
    }
    let logs = reference ?? []
    numbers = series.map { Array($0.indices) }
    for (index, parts) in series.enumerated() where parts.count < logs.count {
      numbers[index] = place(parts, among: logs)
    }
  }

  private mutating func place(_ parts: [LogParts.Part], among logs: [LogParts.Part]) -> [Int] {
    var placed: [Int] = []
    var lowest = 0
    for (index, part) in parts.enumerated() {
      // Parts stay in their order, and leave room for those that follow.
      let choices = lowest...logs.count - (parts.count - index)
      let ranked = choices.map { (log: $0, distance: Self.distance(part, logs[$0])) }
        .sorted { $0.distance < $1.distance }
      let choice = ranked[0].log
      if ranked.count > 1, ranked[1].distance == ranked[0].distance { isDoubtful = true }
      placed.append(choice)
      lowest = choice + 1
    }
    return placed
  }

  /// How far a part is from a log: in numbers of log files; then in counts, of which writers of one
  /// log never share one.
  private static func distance(
    _ part: LogParts.Part, _ log: LogParts.Part
  ) -> (UInt64, UInt64, UInt64) {
    var counts: UInt64 = 0
    if let first = part.counts.first, let last = part.counts.last, let low = log.counts.first,
      let high = log.counts.last
    {
      counts = gap(first...last, low...high)
    }
    return (gap(part.numbers, log.numbers), log.counts.count(in: part.counts), counts)
  }

  private static func gap(_ left: ClosedRange<UInt64>, _ right: ClosedRange<UInt64>) -> UInt64 {
    if left.overlaps(right) { return 0 }
    return left.lowerBound > right.upperBound
      ? left.lowerBound - right.upperBound : right.lowerBound - left.upperBound
  }
}
