import ChangeModel

/// Where a segment stands among the epochs, before these are numbered.
private struct EpochPlace: Hashable, Comparable {
  /// Which of the lineages that follow each other.
  var era = 0
  /// Which numbering of that lineage's log files.
  var part = 0
  /// How many snapshots came after changes.
  var generation = 0

  static func < (left: EpochPlace, right: EpochPlace) -> Bool {
    (left.era, left.part, left.generation) < (right.era, right.part, right.generation)
  }
}

extension OrderJudge {
  /// Gives every segment its epoch, and says what is in doubt.
  func placeEpochs(of chains: FileChains, in verdict: inout OrderVerdict) {
    verdict.epochs = chains.files.map { $0.segments.map { _ in 0 } }
    let links = chains.chains.map(chains.links)
    var places = links.map { $0.map { _ in EpochPlace() } }
    var suspicions: [String] = []
    placeEras(links, chains, &places, &suspicions)
    placeParts(links, chains, &places, &suspicions)
    placeGenerations(links, chains, &places)
    verdict.suspicions = suspicions
    let known = Set(places.joined()).sorted()
    if known.count <= 1 { return }
    let numbers = Dictionary(uniqueKeysWithValues: zip(known, UInt32(0)...))
    for (chain, links) in links.enumerated() {
      for (index, link) in links.enumerated() {
        verdict.epochs[chains.order[link.place]][link.segment] =
          numbers[places[chain][index]] ?? 0
      }
    }
  }

  // MARK: - Lineages that follow each other

  private func placeEras(
    _ links: [[FileChains.Link]], _ chains: FileChains, _ places: inout [[EpochPlace]],
    _ suspicions: inout [String]
  ) {
    var begins: [UInt32: (UInt64, UInt32)] = [:]
    for link in links.joined() {
      let segment = chains.segment(link)
      if segment.isSnapshot { continue }
      let start = (chains.file(at: link.place).ordinal ?? 0, segment.firstRecord)
      if let known = begins[segment.lineage], known <= start { continue }
      begins[segment.lineage] = start
    }
    let lineages = begins.filter { kind(of: $0.key).isSuccessive }
      .sorted {
        ($0.value.0, $0.value.1, $0.key) < ($1.value.0, $1.value.1, $1.key)
      }
    if lineages.count <= 1 { return }
    let eras = Dictionary(uniqueKeysWithValues: zip(lineages.map(\.key), 0...))
    for (chain, links) in links.enumerated() {
      // The lineage of the latest era yet, and its first segment in this chain.
      var latest: (era: Int, link: FileChains.Link, record: UInt32)?
      var hasReturned = false
      for (index, link) in links.enumerated() {
        let segment = chains.segment(link)
        guard !segment.isSnapshot, let era = eras[segment.lineage] else { continue }
        places[chain][index].era = era
        if let latest, era < latest.era, !hasReturned {
          hasReturned = true
          suspicions.append(returnSentence(lineages, era, latest.era, link, chains))
        }
        // Lineages that take turns in a file have a segment each.
        if let previous = index > 0 ? links[index - 1] : nil, previous.place == link.place,
          let other = eras[chains.segment(previous).lineage], other < era,
          !chains.segment(previous).isSnapshot,
          chains.segment(previous).lastRecord > segment.firstRecord, !hasReturned
        {
          hasReturned = true
          suspicions.append(returnSentence(lineages, other, era, link, chains))
        }
        if era > latest?.era ?? -1 { latest = (era, link, segment.firstRecord) }
      }
    }
  }

  private func returnSentence(
    _ lineages: [(key: UInt32, value: (UInt64, UInt32))], _ era: Int, _ later: Int,
    _ link: FileChains.Link, _ chains: FileChains
  ) -> String {
    "lineage \(kind(of: lineages[era].key).name) comes back in \(name(link.place, chains)), after "
      + "\(kind(of: lineages[later].key).name) began; its changes are ranked before those of the "
      + "latter: settle it with `order:` or `lineage:` in the configuration"
  }

  // MARK: - Log files numbered anew

  private func placeParts(
    _ links: [[FileChains.Link]], _ chains: FileChains, _ places: inout [[EpochPlace]],
    _ suspicions: inout [String]
  ) {
    var indexes: [UInt32: [[Int]]] = [:]
    for (chain, members) in links.enumerated() {
      for (index, link) in members.enumerated() {
        let segment = chains.segment(link)
        if segment.isSnapshot || !kind(of: segment.lineage).hasLogNumber { continue }
        indexes[segment.lineage, default: Array(repeating: [], count: links.count)][chain]
          .append(index)
      }
    }
    let isCoarse = chains.stretchCount > Self.stretchBound
    for (lineage, perChain) in indexes.sorted(by: { $0.key < $1.key }) {
      let segments = perChain.enumerated().map { chain, members in
        members.map { chains.segment(links[chain][$0]) }
      }
      if !segments.contains(where: LogParts.falls) { continue }
      let parts = segments.map { LogParts($0, isCoarse: isCoarse) }
      for (chain, part) in parts.enumerated() {
        guard let doubt = part.doubt else { continue }
        let link = links[chain][perChain[chain][doubt.segment]]
        let reason =
          doubt.isExactJoint
          ? "which was taken for a new log, but its counts go on where it fell from, as if files "
            + "had each other's numbers"
          : "and nothing says whether a new log began"
        suspicions.append(
          "the log files of lineage \(kind(of: lineage).name) fall from number \(doubt.from) to "
            + "\(doubt.to) in \(name(link.place, chains)), \(reason): settle it with `order:` or "
            + "`lineage:` in the configuration")
      }
      if parts.allSatisfy({ $0.parts.count <= 1 }) { continue }
      let alignment = PartAlignment(parts.map(\.parts))
      if alignment.isDoubtful {
        suspicions.append(
          "the log files of lineage \(kind(of: lineage).name) were numbered anew, and nothing says "
            + "where in the files of each writer: settle it with `order:` or `lineage:` in the "
            + "configuration")
      }
      for (chain, part) in parts.enumerated() {
        for (number, stretch) in part.parts.enumerated() {
          for member in stretch.members {
            places[chain][perChain[chain][member]].part = alignment.numbers[chain][number]
          }
        }
      }
    }
  }

  // MARK: - Snapshots after changes

  private func placeGenerations(
    _ links: [[FileChains.Link]], _ chains: FileChains, _ places: inout [[EpochPlace]]
  ) {
    var cuts: [SnapshotCut] = []
    var hasCut = [Bool](repeating: false, count: links.count)
    for (chain, links) in links.enumerated() {
      var generation = 0
      var seen = SnapshotCut()
      var isInLog = false
      for (index, link) in links.enumerated() {
        let segment = chains.segment(link)
        if segment.isSnapshot {
          if isInLog {
            generation += 1
            if cuts.count < generation { cuts.append(SnapshotCut()) }
            cuts[generation - 1].formUnion(seen)
            hasCut[chain] = true
          }
          isInLog = false
        } else {
          isInLog = true
          seen.add(segment, place(places[chain][index]), lineageKey(segment))
        }
        places[chain][index].generation = generation
      }
      placeSnapshots(links, chains, &places[chain])
    }
    if cuts.isEmpty { return }
    for (chain, links) in links.enumerated() where !hasCut[chain] {
      for (index, link) in links.enumerated() {
        let segment = chains.segment(link)
        if segment.isSnapshot { continue }
        let own = place(places[chain][index])
        let key = lineageKey(segment)
        places[chain][index].generation =
          1 + (cuts.lastIndex { $0.isBefore(segment, own, key) } ?? -1)
      }
    }
  }

  private func place(_ place: EpochPlace) -> SnapshotCut.Log {
    SnapshotCut.Log(era: place.era, part: place.part)
  }

  /// Lineages that follow each other share a key: their positions come one after the other.
  private func lineageKey(_ segment: FileEvidence.Segment) -> UInt32? {
    kind(of: segment.lineage).isSuccessive ? nil : segment.lineage
  }

  /// Rows of a later snapshot belong to the log that follows them, or to the one before; those of
  /// the first to the first.
  private func placeSnapshots(
    _ links: [FileChains.Link], _ chains: FileChains, _ places: inout [EpochPlace]
  ) {
    var before = EpochPlace()
    for (index, link) in links.enumerated() {
      if chains.segment(link).isSnapshot {
        if places[index].generation > 0 {
          (places[index].era, places[index].part) = (before.era, before.part)
        }
      } else {
        before = places[index]
      }
    }
    var after: EpochPlace?
    for (index, link) in links.enumerated().reversed() {
      if !chains.segment(link).isSnapshot {
        after = places[index]
      } else if let after, after.generation == places[index].generation, after.generation > 0 {
        places[index] = after
      }
    }
  }
}

/// How far each log had come before a snapshot.
private struct SnapshotCut {
  /// A log among those that follow each other.
  struct Log: Hashable, Comparable {
    var era: Int
    var part: Int

    static func < (left: Log, right: Log) -> Bool {
      (left.era, left.part) < (right.era, right.part)
    }
  }

  private var highest: [UInt32?: (Log, Position)] = [:]

  mutating func add(_ segment: FileEvidence.Segment, _ log: Log, _ key: UInt32?) {
    add((log, segment.highest), key)
  }

  private mutating func add(_ end: (Log, Position), _ key: UInt32?) {
    if let known = highest[key], known >= end { return }
    highest[key] = end
  }

  mutating func formUnion(_ other: SnapshotCut) {
    for (key, end) in other.highest { add(end, key) }
  }

  /// Whether all of a segment lies behind it.
  func isBefore(_ segment: FileEvidence.Segment, _ log: Log, _ key: UInt32?) -> Bool {
    guard let end = highest[key] else { return false }
    return end < (log, segment.lowest)
  }
}
