import ChangeModel

/// Files of a series that are missing between two that are there, and the counts they may hold.
private struct MissingFiles {
  var sequence: UInt32
  /// The counts that it may hold lie above this one and below that one.
  var above: UInt64
  var below: UInt64
  var series: UInt32
  var ordinals: ClosedRange<UInt64>?
  var incompleteFile: UInt64?

  func canHold(_ hole: CounterHole) -> Bool {
    sequence == hole.sequence && above < hole.counters.lowerBound
      && below > hole.counters.upperBound
  }
}

extension OrderJudge {
  /// Explains the holes in the counts by files that are missing, or takes the counts' word away;
  /// where counts cannot speak, the numbers of the files do.
  func findGaps(in chains: FileChains, holes: [CounterHole], verdict: inout OrderVerdict) {
    if verdict.counters == .dense {
      switch provenGaps(in: chains, holes: holes, verdict: verdict) {
      case .success(let gaps): verdict.gaps = gaps
      case .failure(let reason): verdict.counters = .demoted(reason.text)
      }
    }
    verdict.gaps += suspectedGaps(in: chains, verdict: verdict)
    verdict.gaps.sort { Self.key($0) < Self.key($1) }
  }

  private struct Unexplained: Error {
    var text: String
  }

  private static func key(
    _ gap: OrderVerdict.Gap
  ) -> (UInt32, UInt64, UInt32, UInt64) {
    (
      gap.sequence, gap.counters?.lowerBound ?? .max, gap.series,
      gap.ordinals?.lowerBound ?? gap.incompleteFile ?? 0
    )
  }

  private func provenGaps(
    in chains: FileChains, holes: [CounterHole], verdict: OrderVerdict
  ) -> Result<[OrderVerdict.Gap], Unexplained> {
    if holes.isEmpty { return .success([]) }
    let missing = chains.chains.map { missingFiles(of: $0, in: chains, verdict: verdict) }
    let widely = missing.indices.filter { !missing[$0].isEmpty }
    var quarantined = chains.order.map { chains.files[$0].quarantined }
    var gaps: [OrderVerdict.Gap] = []
    for hole in holes {
      if explain(hole, by: &quarantined, in: chains) { continue }
      let near = [chains.chainOfPlace[hole.before], chains.chainOfPlace[hole.after]]
      guard let cause = Self.holder(of: hole, near: near, elsewhere: widely, in: missing) else {
        return .failure(Unexplained(text: sentence(on: hole, chains)))
      }
      Self.append(hole, cause: cause, to: &gaps)
    }
    return .success(gaps)
  }

  /// Whether quarantined records of the files around a hole may be what is missing; they are then
  /// used up.
  private func explain(
    _ hole: CounterHole, by quarantined: inout [Int], in chains: FileChains
  ) -> Bool {
    var around = [hole.before, hole.after]
    if chains.chainOfPlace[hole.before] == chains.chainOfPlace[hole.after], hole.before < hole.after
    {
      around = Array((hole.before...hole.after).prefix(64))
    }
    if hole.before == hole.after { around = [hole.before] }
    let size = hole.counters.upperBound - hole.counters.lowerBound
    let available = around.reduce(0) { $0 + quarantined[$1] }
    guard available > 0, UInt64(available) > size else { return false }
    var needed = Int(size) + 1
    for place in around {
      let used = min(needed, quarantined[place])
      quarantined[place] -= used
      needed -= used
    }
    return true
  }

  /// The missing files that can hold what a hole lacks: in the series beside it first.
  private static func holder(
    of hole: CounterHole, near: [Int], elsewhere: [Int], in missing: [[MissingFiles]]
  ) -> MissingFiles? {
    // A bound, so that ten thousand series with a file each do not make this quadratic.
    for chain in near + elsewhere.prefix(64) {
      let candidates = missing[chain]
      // They ascend as far as the series does.
      var low = 0
      var high = candidates.count
      while low < high {
        let middle = (low + high) / 2
        let isBelow =
          (candidates[middle].sequence, candidates[middle].above)
          < (hole.sequence, hole.counters.lowerBound)
        if isBelow { low = middle + 1 } else { high = middle }
      }
      if low > 0, candidates[low - 1].canHold(hole) { return candidates[low - 1] }
    }
    return nil
  }

  /// Adds a gap; holes that the same files can fill are one.
  private static func append(
    _ hole: CounterHole, cause: MissingFiles, to gaps: inout [OrderVerdict.Gap]
  ) {
    if let last = gaps.lastIndex(where: { $0.sequence == hole.sequence }),
      let same = gaps[...last].suffix(8).lastIndex(where: {
        $0.sequence == hole.sequence && $0.series == cause.series && $0.ordinals == cause.ordinals
          && $0.incompleteFile == cause.incompleteFile
      }), let known = gaps[same].counters
    {
      gaps[same].counters = known.lowerBound...hole.counters.upperBound
      return
    }
    gaps.append(
      OrderVerdict.Gap(
        isProven: true, series: cause.series, ordinals: cause.ordinals,
        incompleteFile: cause.incompleteFile, counters: hole.counters, sequence: hole.sequence,
        epoch: hole.epoch))
  }

  /// The files that are missing in a series, each with the counts they lie between, ascending.
  private func missingFiles(
    of chain: FileChains.Chain, in chains: FileChains, verdict: OrderVerdict
  ) -> [MissingFiles] {
    let known = ordinals(of: chain, in: chains)
    let present = known.ordinals.union(known.incomplete)
    if present.ranges.count <= 1, known.incomplete.isEmpty, known.empty.isEmpty { return [] }
    var missing: [MissingFiles] = []
    var before: (ordinal: UInt64, sequence: UInt32, last: UInt64)?
    for place in chain.places {
      let file = chains.file(at: place)
      guard let ordinal = file.ordinal else { continue }
      for (segment, sequence) in zip(file.segments, verdict.sequences[chains.order[place]]) {
        guard let counters = segment.counters else { continue }
        if let before, before.ordinal < ordinal, before.sequence == sequence,
          before.last < counters.lowerBound
        {
          if var files = Self.between(
            before.ordinal, ordinal, present: present, known)
          {
            files.sequence = sequence
            files.series = chain.series
            files.above = before.last
            files.below = counters.lowerBound
            missing.append(files)
          }
        }
        before = (ordinal, sequence, counters.upperBound)
      }
    }
    if let before, known.incomplete.contains(before.ordinal) {
      missing.append(
        MissingFiles(
          sequence: before.sequence, above: before.last, below: .max, series: chain.series,
          incompleteFile: before.ordinal))
    }
    return missing.sorted { ($0.sequence, $0.above) < ($1.sequence, $1.above) }
  }

  /// What is missing between two files of a series that are there.
  private static func between(
    _ low: UInt64, _ high: UInt64, present: CounterSet, _ known: Series
  ) -> MissingFiles? {
    var files = MissingFiles(sequence: 0, above: 0, below: 0, series: 0)
    if let first = present.stretch(of: low)?.upperBound,
      let last = present.stretch(of: high)?.lowerBound, first < last
    {
      files.ordinals = first + 1...last - 1
      return files
    }
    files.incompleteFile =
      known.incomplete.first(in: low..<high) ?? known.empty.first(in: low..<high)
    return files.incompleteFile == nil ? nil : files
  }

  /// Whether so many numbers are missing that missing ones say nothing.
  private static func isSparse(_ ordinals: CounterSet) -> Bool {
    guard let first = ordinals.first, let last = ordinals.last else { return true }
    return ordinals.count < (last - first) / 2 + 1
  }

  private func sentence(on hole: CounterHole, _ chains: FileChains) -> String {
    let counts =
      hole.counters.lowerBound == hole.counters.upperBound
      ? "count \(hole.counters.lowerBound) is"
      : "counts \(hole.counters.lowerBound) to \(hole.counters.upperBound) are"
    if hole.before == hole.after {
      return "\(counts) missing inside \(name(hole.before, chains))"
    }
    return "\(counts) missing between \(name(hole.before, chains)) and "
      + "\(name(hole.after, chains)), and no file is known to be missing that could hold them"
  }
}

// MARK: - Suspected

extension OrderJudge {
  /// The missing numbers of files across which no counts go on.
  private func suspectedGaps(
    in chains: FileChains, verdict: OrderVerdict
  ) -> [OrderVerdict.Gap] {
    var gaps: [OrderVerdict.Gap] = []
    let hasWholeSnapshot = verdict.counters == .dense && hasWholeSnapshot(chains, verdict)
    let proven = Dictionary(grouping: verdict.gaps, by: \.series)
      .mapValues { CounterSet(merging: $0.compactMap(\.ordinals)) }
    for chain in chains.chains {
      let known = ordinals(of: chain, in: chains)
      let present = known.ordinals.union(known.incomplete)
      guard let last = present.last else { continue }
      let holders = chain.places.filter {
        !chains.file(at: $0).segments.isEmpty && chains.file(at: $0).ordinal != nil
      }
      if holders.isEmpty { continue }
      let named = proven[chain.series] ?? CounterSet()
      for hole in Self.isSparse(present) ? [] : present.holes
      where !isCovered(hole, by: holders, in: chains, verdict: verdict, hasWholeSnapshot)
        && named.count(in: hole) == 0
      {
        gaps.append(OrderVerdict.Gap(isProven: false, series: chain.series, ordinals: hole))
      }
      for stretch in known.incomplete.ranges {
        for ordinal in stretch where ordinal < last {
          if isCovered(
            ordinal...ordinal, by: holders, in: chains, verdict: verdict, hasWholeSnapshot)
          {
            continue
          }
          gaps.append(
            OrderVerdict.Gap(isProven: false, series: chain.series, incompleteFile: ordinal))
        }
      }
    }
    return gaps
  }

  /// Whether the counts say all there is to say of missing files.
  private func isCovered(
    _ missing: ClosedRange<UInt64>, by places: [Int], in chains: FileChains, verdict: OrderVerdict,
    _ hasWholeSnapshot: Bool
  ) -> Bool {
    guard verdict.counters == .dense else { return false }
    var low = 0
    var high = places.count
    while low < high {
      let middle = (low + high) / 2
      if chains.file(at: places[middle]).ordinal ?? 0 <= missing.upperBound {
        low = middle + 1
      } else {
        high = middle
      }
    }
    // Before the first change nothing can be known; behind the last nothing waits.
    guard low > 0, low < places.count else { return true }
    let before = chains.file(at: places[low - 1])
    let after = chains.file(at: places[low])
    func isWhole(_ segment: FileEvidence.Segment?, _ epoch: UInt32?) -> Bool {
      segment?.counters != nil || (hasWholeSnapshot && epoch == 0 && segment?.isSnapshot == true)
    }
    guard isWhole(before.segments.last, verdict.epochs[chains.order[places[low - 1]]].last),
      isWhole(after.segments.first, verdict.epochs[chains.order[places[low]]].first)
    else { return false }
    return verdict.sequences[chains.order[places[low - 1]]].last
      == verdict.sequences[chains.order[places[low]]].first
  }
}
