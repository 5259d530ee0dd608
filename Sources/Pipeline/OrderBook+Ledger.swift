import BatchSource
import ChangeModel
import CollectionStore
import Sequencing

extension OrderBook.Ledger {
  /// What those of the files say together whose changes are in rows.
  func appliedVerdict(by book: OrderBook) -> OrderVerdict {
    appliedCount == files.count ? verdict : book.judge(Array(evidence.prefix(appliedCount)))
  }

  /// The gaps that are waited for.
  var awaited: [OrderVerdict.Gap] {
    zip(verdict.gaps, gaps).filter { !$1.isWaived }.map(\.0)
  }

  /// What the verdict means for the changes of a call's files.
  func placement(of files: [RunFile]) -> Placement {
    let gaps = zip(verdict.gaps, gaps)
    return Placement(
      verdict: verdict, evidence: evidence, indexes: files.map { indexes[$0.record.id] },
      awaited: gaps.filter { !$1.isWaived }.map(\.0), waived: gaps.filter { $1.isWaived }.map(\.0),
      open: open)
  }

  /// Up to where nothing can be missing, and so many changes have come since; nil where that is not
  /// known. A resume may repeat what is newer.
  func closedRank(behind lag: UInt64) -> Rank? {
    guard let closed = verdict.closed, closed.counter > lag,
      !counts.contains(where: { $1.waiting > 0 })
    else { return nil }
    var highest: Position?
    for (file, evidence) in evidence.enumerated() {
      for (segment, epoch) in zip(evidence.segments, verdict.epochs[file]) {
        guard epoch == closed.epoch, segment.lineage == closed.lineage, !segment.isSnapshot,
          let counter = segment.counterAtHighest, counter <= closed.counter - lag,
          segment.highest <= closed.position
        else { continue }
        highest = max(highest ?? segment.highest, segment.highest)
      }
    }
    return highest.map { position in
      Rank(
        phase: 2 * closed.epoch + 1, lineage: closed.lineage, position: position, eventTime: .max,
        ordinal: .max, series: .max, recordIndex: .max)
    }
  }

  /// The files some of whose changes wait, and may go on now.
  func freed() -> Set<Int64> {
    let awaited = awaited
    return Set(
      counts.filter { file, counts in
        guard counts.waiting > 0, let index = indexes[file] else { return false }
        return evidence[index].segments.indices.contains { segment in
          let lowest = evidence[index].segments[segment].counters?.lowerBound
          return !awaited.contains { gap in
            verdict.isBehind(
              gap, evidence: evidence[index], file: index, segment: segment, counter: lowest)
          }
        }
      }.keys)
  }

  /// Forgets which changes were applied behind a gap: there is none any longer.
  mutating func forgetProvisional() {
    for (file, counts) in counts where counts.provisional > 0 { self.counts[file]?.provisional = 0 }
  }

  /// Counts for each gap that is waited for what waits behind it.
  mutating func countWaiting(_ awaited: [OrderVerdict.Gap]) {
    for place in gaps.indices where !gaps[place].isWaived {
      let gap = verdict.gaps[place]
      gaps[place].waiting = counts.reduce(0) { sum, entry in
        guard entry.value.waiting > 0, let index = indexes[entry.key] else { return sum }
        let isBehind = evidence[index].segments.indices.contains { segment in
          verdict.isBehind(
            gap, evidence: evidence[index], file: index, segment: segment,
            counter: evidence[index].segments[segment].counters?.upperBound)
        }
        return isBehind ? sum + entry.value.waiting : sum
      }
    }
  }
}
