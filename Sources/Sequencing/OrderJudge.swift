import ChangeModel

/// Judges the evidence of all files of one collection.
package struct OrderJudge: Sendable {
  /// How the positions of one source behave.
  package struct LineageKind: Sendable, Hashable {
    /// The lineage's name, for messages.
    package var name: String
    /// Whether another lineage of this kind follows it (a fail-over, a renamed log), rather than
    /// going on beside it (a node, a shard).
    package var isSuccessive: Bool
    /// Whether a position's first word is the number of a log file, which a new log begins anew.
    package var hasLogNumber: Bool

    /// The kind of a lineage, by its name.
    package init(name: String) {
      self.name = name
      isSuccessive = !(name.hasPrefix("cassandra:") || name.hasPrefix("mongodb:"))
      hasLogNumber = name.hasPrefix("mysql:")
    }
  }

  /// The numbers that are there of one series' files, whatever tables they hold.
  package struct Series: Sendable, Hashable {
    /// The numbers of files that were read whole.
    package var ordinals = CounterSet()
    /// The numbers of files that could not be read, or not to their end.
    package var incomplete = CounterSet()
    /// The numbers among the first that are of files without a record: what counts lack may be what
    /// they were to hold.
    package var empty = CounterSet()

    /// Makes a series without files.
    package init() {}
  }

  /// The kinds of lineages, by the hash of their names.
  package var lineages: [UInt32: LineageKind] = [:]
  /// The files of each series, by its hash.
  package var series: [UInt32: Series] = [:]

  /// Makes a judge who knows no lineage and no series.
  package init() {}

  /// Judges.
  ///
  /// - Parameter files: the evidence of every file that holds changes of the collection, in any
  ///   order; the verdict names files by their index here, and depends on the set alone.
  package func judge(_ files: [FileEvidence]) -> OrderVerdict {
    let originals = Self.originals(of: files)
    if originals.count == files.count { return judge(originals: files) }
    // Copies go where their originals are, and say nothing of their own.
    var verdict = judge(originals: originals.files.map { files[$0] })
    let (epochs, sequences) = (verdict.epochs, verdict.sequences)
    verdict.epochs = originals.places.map { epochs[$0] }
    verdict.sequences = originals.places.map { sequences[$0] }
    return verdict
  }

  /// The files that are no copies of others, and for each file the place of its original there.
  private static func originals(
    of files: [FileEvidence]
  ) -> (files: [Int], places: [Int], count: Int) {
    var best: [UInt64: Int] = [:]
    for (index, file) in files.enumerated() where file.content != 0 {
      if let known = best[file.content], !file.isBefore(files[known]) { continue }
      best[file.content] = index
    }
    let kept = files.indices.filter { best[files[$0].content, default: $0] == $0 }
    let places = Dictionary(uniqueKeysWithValues: zip(kept, 0...))
    return (
      kept, files.indices.map { places[best[files[$0].content, default: $0]] ?? 0 }, kept.count
    )
  }

  private func judge(originals files: [FileEvidence]) -> OrderVerdict {
    let chains = FileChains(files)
    var verdict = OrderVerdict()
    placeEpochs(of: chains, in: &verdict)
    placeSequences(of: chains, in: &verdict)
    let holes = weighCounters(of: chains, in: &verdict)
    findGaps(in: chains, holes: holes, verdict: &verdict)
    verdict.resnapshots = resnapshots(in: chains, verdict: verdict)
    verdict.closed = closedWatermark(of: chains, verdict: verdict)
    return verdict
  }

  /// How a lineage behaves; of an unknown one only that others follow it.
  func kind(of lineage: UInt32) -> LineageKind {
    lineages[lineage] ?? LineageKind(name: "")
  }

  /// The ordinals of a series' files, and those of them that are not whole.
  func ordinals(of chain: FileChains.Chain, in chains: FileChains) -> Series {
    var known = series[chain.series] ?? Series()
    for place in chain.places {
      guard let ordinal = chains.file(at: place).ordinal, !known.ordinals.contains(ordinal),
        !known.incomplete.contains(ordinal)
      else { continue }
      known.ordinals.insert(ordinal)
    }
    return known
  }
}

extension FileEvidence {
  /// Which of two copies counts: the one with the lower number.
  fileprivate func isBefore(_ other: FileEvidence) -> Bool {
    (ordinal ?? 0, series) < (other.ordinal ?? 0, other.series)
  }
}
