import ChangeModel

/// What the segments of one epoch say of its completeness.
private struct EpochSummary {
  /// Rows of snapshots without a count, and with one.
  var rows: UInt64 = 0
  var uncountedRows: UInt64 = 0
  var rowCounts: [ClosedRange<UInt64>] = []
  var logCounts: [ClosedRange<UInt64>] = []
  var lineages: Set<UInt32> = []
  var sequence: UInt32 = 0
  var hasSnapshot = false
  /// Whether two stretches of the snapshot look the same.
  var hasRepeatedRows = false
  var sketches: Set<RecordSketch> = []
}

extension OrderJudge {
  private func summaries(of chains: FileChains, _ verdict: OrderVerdict) -> [EpochSummary] {
    let count = (verdict.epochs.lazy.joined().max() ?? 0) + 1
    var summaries = [EpochSummary](repeating: EpochSummary(), count: Int(count))
    for link in chains.links {
      let epoch = Int(epoch(of: link, chains, verdict))
      let segment = chains.segment(link)
      summaries[epoch].sequence = verdict.sequences[chains.order[link.place]][link.segment]
      if !segment.isSnapshot {
        summaries[epoch].logCounts += segment.counts.ranges
        summaries[epoch].lineages.insert(segment.lineage)
        continue
      }
      summaries[epoch].hasSnapshot = true
      summaries[epoch].rows += UInt64(segment.count)
      summaries[epoch].rowCounts += segment.counts.ranges
      if segment.counts.isEmpty { summaries[epoch].uncountedRows += UInt64(segment.count) }
      if !summaries[epoch].sketches.insert(segment.sketch).inserted {
        summaries[epoch].hasRepeatedRows = true
      }
    }
    return summaries
  }

  /// The epochs that begin with a snapshot, apart from the first.
  ///
  /// A snapshot is known to be complete where the counts prove it: its rows are counted without a
  /// hole, from one or from the change before them to the change behind them; or they have no
  /// counts, and the log behind them begins to count at one more than there are rows.
  func resnapshots(in chains: FileChains, verdict: OrderVerdict) -> [OrderVerdict.Resnapshot] {
    if !verdict.epochs.contains(where: { $0.contains { $0 > 0 } }) { return [] }
    let summaries = summaries(of: chains, verdict)
    return summaries.indices.dropFirst().compactMap { epoch in
      guard summaries[epoch].hasSnapshot else { return nil }
      return OrderVerdict.Resnapshot(
        epoch: UInt32(epoch),
        isComplete: verdict.counters == .dense && Self.isComplete(epoch, summaries))
    }
  }

  private static func isComplete(_ epoch: Int, _ summaries: [EpochSummary]) -> Bool {
    let summary = summaries[epoch]
    let log = CounterSet(merging: summary.logCounts)
    let earlier = summaries[..<epoch].filter { $0.sequence == summary.sequence }
    if summary.hasRepeatedRows { return false }
    if summary.rowCounts.isEmpty {
      return earlier.isEmpty && log.first == summary.rows + 1
    }
    let rows = CounterSet(merging: summary.rowCounts)
    guard summary.uncountedRows == 0, rows.ranges.count == 1, rows.count == summary.rows,
      let first = rows.first, let last = rows.last, last < .max, log.contains(last + 1)
    else { return false }
    if first == 1 { return true }
    return earlier.contains { $0.logCounts.contains { $0.contains(first - 1) } }
  }

  /// Whether the first snapshot has as many rows as the log's counts leave room for.
  func hasWholeSnapshot(_ chains: FileChains, _ verdict: OrderVerdict) -> Bool {
    guard let first = summaries(of: chains, verdict).first, first.uncountedRows > 0,
      !first.hasRepeatedRows, let count = first.logCounts.map(\.lowerBound).min()
    else { return false }
    return count == first.uncountedRows + 1
  }

  /// Up to where nothing can be missing; see ``OrderVerdict/Closed``.
  func closedWatermark(of chains: FileChains, verdict: OrderVerdict) -> OrderVerdict.Closed? {
    guard verdict.counters == .dense, verdict.suspicions.isEmpty,
      !verdict.gaps.contains(where: { !$0.isProven }),
      !chains.files.contains(where: { $0.quarantined > 0 })
    else { return nil }
    let summaries = summaries(of: chains, verdict)
    guard summaries.allSatisfy({ $0.lineages.count <= 1 && $0.sequence == 0 }) else { return nil }
    let counts = CounterSet(
      merging: summaries.flatMap { $0.logCounts + $0.rowCounts })
    guard let covered = counts.ranges.first, !summaries[0].hasRepeatedRows,
      covered.lowerBound == summaries[0].uncountedRows + 1
    else { return nil }
    return lastCovered(covered, in: chains, summaries: summaries, verdict: verdict)
  }

  /// The last end of a segment below which every change has a count in the covered stretch.
  private func lastCovered(
    _ covered: ClosedRange<UInt64>, in chains: FileChains, summaries: [EpochSummary],
    verdict: OrderVerdict
  ) -> OrderVerdict.Closed? {
    // Rows that nobody counts may be missing: nothing behind them is closed.
    let open = summaries.indices.first { epoch in
      epoch > 0 && summaries[epoch].hasSnapshot
        && !verdict.resnapshots.contains { $0.epoch == epoch && $0.isComplete }
    }
    var uncovered: [UInt32: Position] = [:]
    let links = chains.links
    for link in links {
      let segment = chains.segment(link)
      let isProvenByNumber = segment.isSnapshot && segment.counts.isEmpty
      if isProvenByNumber || Self.isInside(covered, segment) { continue }
      let epoch = epoch(of: link, chains, verdict)
      uncovered[epoch] = min(uncovered[epoch] ?? segment.lowest, segment.lowest)
    }
    let end = min(uncovered.keys.min() ?? .max, open.map { UInt32($0) - 1 } ?? .max)
    var closed: OrderVerdict.Closed?
    for link in links {
      let segment = chains.segment(link)
      let epoch = epoch(of: link, chains, verdict)
      guard epoch <= end, !segment.isSnapshot, Self.isInside(covered, segment),
        let counter = segment.counterAtHighest,
        uncovered[epoch].map({ segment.highest < $0 }) ?? true
      else { continue }
      if let closed, (closed.epoch, closed.position) >= (epoch, segment.highest) { continue }
      closed = OrderVerdict.Closed(
        epoch: epoch, lineage: segment.lineage, position: segment.highest, counter: counter)
    }
    return closed
  }

  private static func isInside(
    _ covered: ClosedRange<UInt64>, _ segment: FileEvidence.Segment
  ) -> Bool {
    guard let counters = segment.counters else { return false }
    return covered.contains(counters.lowerBound) && covered.contains(counters.upperBound)
  }
}
