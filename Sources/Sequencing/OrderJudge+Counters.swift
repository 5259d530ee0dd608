import ChangeModel

/// Counts that are missing between two that are there.
struct CounterHole {
  /// The sequence of counts it lies in.
  var sequence: UInt32
  /// The epoch of the change before it.
  var epoch: UInt32
  /// The missing counts.
  var counters: ClosedRange<UInt64>
  /// The places of the files that hold the counts before and after it.
  var before: Int
  var after: Int
}

extension OrderJudge {
  /// More stretches of counts than this, over all files, are no sequence.
  static var stretchBound: Int { 1_000_000 }

  /// Numbers the sequences of counts: one goes on over epochs while the counts do, and ends where
  /// they begin again.
  func placeSequences(of chains: FileChains, in verdict: inout OrderVerdict) {
    verdict.sequences = verdict.epochs.map { $0.map { _ in 0 } }
    let links = chains.links
    let epochCount = Int(links.map { epoch(of: $0, chains, verdict) }.max() ?? 0) + 1
    if epochCount == 1 || chains.stretchCount > Self.stretchBound { return }
    var stretches = [[ClosedRange<UInt64>]](repeating: [], count: epochCount)
    for link in links {
      stretches[Int(epoch(of: link, chains, verdict))] += chains.segment(link).counts.ranges
    }
    var sequence: UInt32 = 0
    var known = CounterSet()
    let sequences = stretches.map { ranges -> UInt32 in
      let counts = CounterSet(merging: ranges)
      if let first = counts.first, let start = known.first,
        first <= start || known.count(in: counts) > 0
      {
        sequence += 1
        known = counts
      } else {
        known.formUnion(counts)
      }
      return sequence
    }
    for index in verdict.epochs.indices {
      verdict.sequences[index] = verdict.epochs[index].map { sequences[Int($0)] }
    }
  }

  /// Says what the running counts are worth, as far as single files and pairs of them tell.
  ///
  /// - Returns: the holes in the counts, in order.
  func weighCounters(of chains: FileChains, in verdict: inout OrderVerdict) -> [CounterHole] {
    let stretches = chains.stretchCount
    var uncounted = 0
    var contradictory: Int?
    for place in chains.order.indices {
      let file = chains.file(at: place)
      uncounted += file.uncounted
      if file.isContradictory, contradictory == nil { contradictory = place }
    }
    if stretches == 0 { return [] }
    verdict.counters = .dense
    if let contradictory {
      verdict.counters = .demoted(
        "in \(name(contradictory, chains)) the counts do not rise with the positions")
    } else if uncounted > 0 {
      verdict.counters = .demoted("\(uncounted) changes of the log have no count, others have one")
    } else if stretches > Self.stretchBound {
      verdict.counters = .demoted("the counts skip inside too many files")
    } else if let pair = reversedPair(in: chains, verdict: verdict) {
      verdict.counters = .demoted(
        "\(name(pair.0, chains)) lies before \(name(pair.1, chains)) in the log, "
          + "but its counts are higher")
    }
    return verdict.counters == .dense ? holes(in: chains, verdict: verdict) : []
  }

  /// Two files that lie one way round in the log and the other way round in the counts.
  private func reversedPair(in chains: FileChains, verdict: OrderVerdict) -> (Int, Int)? {
    struct Entry {
      var group: UInt64
      var lowest: Position
      var highest: Position
      var counters: ClosedRange<UInt64>
      var place: Int
    }
    var entries: [Entry] = []
    for link in chains.links {
      let segment = chains.segment(link)
      guard !segment.isSnapshot, let counters = segment.counters else { continue }
      let epoch = epoch(of: link, chains, verdict)
      entries.append(
        Entry(
          group: UInt64(epoch) << 32 | UInt64(segment.lineage), lowest: segment.lowest,
          highest: segment.highest, counters: counters, place: link.place))
    }
    let starts = entries.sorted {
      ($0.group, $0.lowest, $0.place) < ($1.group, $1.lowest, $1.place)
    }
    let ends = entries.sorted {
      ($0.group, $0.highest, $0.place) < ($1.group, $1.highest, $1.place)
    }
    var ended = 0
    var top: Entry?
    for start in starts {
      if top?.group != start.group { top = nil }
      while ended < ends.count,
        ends[ended].group < start.group
          || ends[ended].group == start.group && ends[ended].highest < start.lowest
      {
        let end = ends[ended]
        ended += 1
        guard end.group == start.group else { continue }
        if let known = top, known.counters.lowerBound >= end.counters.lowerBound { continue }
        top = end
      }
      if let top, top.counters.lowerBound > start.counters.upperBound {
        return (top.place, start.place)
      }
    }
    return nil
  }

  /// What is missing in the counts of all files together.
  private func holes(in chains: FileChains, verdict: OrderVerdict) -> [CounterHole] {
    struct Stretch {
      var sequence: UInt32
      var epoch: UInt32
      var range: ClosedRange<UInt64>
      var place: Int
    }
    var stretches: [Stretch] = []
    for link in chains.links {
      let epoch = epoch(of: link, chains, verdict)
      let sequence = verdict.sequences[chains.order[link.place]][link.segment]
      for range in chains.segment(link).counts.ranges {
        stretches.append(
          Stretch(sequence: sequence, epoch: epoch, range: range, place: link.place))
      }
    }
    stretches.sort {
      ($0.sequence, $0.range.lowerBound, $0.range.upperBound, $0.place)
        < ($1.sequence, $1.range.lowerBound, $1.range.upperBound, $1.place)
    }
    var holes: [CounterHole] = []
    guard var reach = stretches.first else { return [] }
    for stretch in stretches.dropFirst() {
      if stretch.sequence == reach.sequence,
        stretch.range.lowerBound > reach.range.upperBound,
        stretch.range.lowerBound - reach.range.upperBound > 1
      {
        holes.append(
          CounterHole(
            sequence: reach.sequence, epoch: reach.epoch,
            counters: reach.range.upperBound + 1...stretch.range.lowerBound - 1,
            before: reach.place, after: stretch.place))
      }
      if stretch.sequence != reach.sequence || stretch.range.upperBound >= reach.range.upperBound {
        reach = stretch
      }
    }
    return holes
  }

  func epoch(of link: FileChains.Link, _ chains: FileChains, _ verdict: OrderVerdict) -> UInt32 {
    verdict.epochs[chains.order[link.place]][link.segment]
  }

  /// A file, for messages.
  func name(_ place: Int, _ chains: FileChains) -> String {
    guard let ordinal = chains.file(at: place).ordinal else { return "a file without a number" }
    return "file \(ordinal)"
  }
}
