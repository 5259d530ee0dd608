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
