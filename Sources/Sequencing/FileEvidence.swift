package import ChangeModel

/// What one batch file says about the order and the completeness of a collection's changes. Kept
/// with the manifest, so that all files can be judged without being read again.
package struct FileEvidence: Sendable, Hashable {
  /// The number in the file's name; nil where there is none.
  package var ordinal: UInt64?
  /// A 32-bit hash of its series.
  package var series: UInt32
  /// Stretches of its records, in their order; see ``Segment``.
  package private(set) var segments: [Segment] = []
  /// The source's running counts.
  package private(set) var counters = CounterSet()
  /// How many changes of the log have no such count.
  package private(set) var uncounted = 0
  /// How many changes, snapshot rows among them.
  package private(set) var changes = 0
  /// How many of its records were quarantined, of this table or of an unknown one.
  package var quarantined = 0
  /// Whether a count falls where the position rises, or the other way round.
  package private(set) var isContradictory = false

  /// Records of one lineage, one after the other, in which the log's number never falls.
  package struct Segment: Sendable, Hashable {
    /// The hash of the lineage's name.
    package var lineage: UInt32
    /// Whether these are rows of a snapshot.
    package var isSnapshot: Bool
    /// The first record's index in the file.
    package var firstRecord: UInt32
    /// How many changes.
    package var count: Int
    /// The positions of the first record, and the lowest and the highest of all.
    package var firstPosition: Position
    package var lowest: Position
    package var highest: Position
    /// The lowest and the highest running count; nil without any.
    package var counters: ClosedRange<UInt64>?
    /// The count of the record at the highest position; nil without one.
    package var counterAtHighest: UInt64?
  }

  /// More segments than this are disorder, and tell nothing.
  package static let segmentLimit = 64

  /// Makes the evidence of a file of which nothing was read.
  package init(ordinal: UInt64?, series: UInt32) {
    self.ordinal = ordinal
    self.series = series
  }

  /// Adds the next record of the file.
  ///
  /// - Parameters:
  ///   - lineage: the hash of its lineage's name.
  ///   - keyHash: a hash of its key's bytes.
  package mutating func add(_ change: Change, lineage: UInt32, keyHash: UInt64) {
    changes += 1
    let isSnapshot = change.flags.contains(.snapshot)
    let counter = change.counter >= 0 ? UInt64(change.counter) : nil
    if let counter { counters.insert(counter) } else if !isSnapshot { uncounted += 1 }
    guard let index = openSegment(of: change, lineage: lineage, isSnapshot: isSnapshot) else {
      segments.append(
        Segment(
          lineage: lineage, isSnapshot: isSnapshot, firstRecord: change.recordIndex, count: 1,
          firstPosition: change.position, lowest: change.position, highest: change.position,
          counters: counter.map { $0...$0 }, counterAtHighest: counter))
      return
    }
    if let counter, let reference = segments[index].counterAtHighest,
      change.position != segments[index].highest,
      (change.position > segments[index].highest) != (counter > reference)
    {
      isContradictory = true
    }
    segments[index].add(position: change.position, counter: counter)
  }

  /// The segment that a record goes on with; nil where it begins one.
  private func openSegment(of change: Change, lineage: UInt32, isSnapshot: Bool) -> Int? {
    // Lineages may take turns; a snapshot ends the stretches of all.
    guard let index = segments.lastIndex(where: { $0.lineage == lineage || $0.isSnapshot }) else {
      return nil
    }
    let segment = segments[index]
    if segments.count >= Self.segmentLimit, segment.lineage == lineage,
      segment.isSnapshot == isSnapshot
    {
      return index
    }
    guard segment.lineage == lineage, segment.isSnapshot == isSnapshot,
      change.position.word0 >= segment.highest.word0
    else { return nil }
    if isSnapshot, index != segments.count - 1 { return nil }
    return index
  }

  /// The segment of a record; nil for a record that was never added.
  package func segment(ofRecord index: UInt32, lineage: UInt32) -> Int? {
    segments.lastIndex { $0.lineage == lineage && $0.firstRecord <= index }
  }
}

extension FileEvidence.Segment {
  mutating func add(position: Position, counter: UInt64?) {
    count += 1
    lowest = min(lowest, position)
    if position > highest {
      highest = position
      counterAtHighest = counter
    }
    guard let counter else { return }
    guard let known = counters else { return counters = counter...counter }
    counters = min(known.lowerBound, counter)...max(known.upperBound, counter)
  }
}

extension FileEvidence {
  /// The evidence as bytes, for the manifest.
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    func append(_ value: UInt64) { Rank.append(value, to: &bytes) }
    func append(_ position: Position) {
      for word in [position.word0, position.word1, position.word2, position.word3] { append(word) }
    }
    append(ordinal == nil ? 0 : 1)
    append(ordinal ?? 0)
    append(UInt64(series))
    for count in [uncounted, changes, quarantined, isContradictory ? 1 : 0] {
      append(UInt64(count))
    }
    append(UInt64(counters.ranges.count))
    for range in counters.ranges {
      append(range.lowerBound)
      append(range.upperBound)
    }
    append(UInt64(segments.count))
    for segment in segments {
      append(UInt64(segment.lineage))
      append(segment.isSnapshot ? 1 : 0)
      append(UInt64(segment.firstRecord))
      append(UInt64(segment.count))
      append(segment.firstPosition)
      append(segment.lowest)
      append(segment.highest)
      append(segment.counters == nil ? 0 : 1)
      append(segment.counters?.lowerBound ?? 0)
      append(segment.counters?.upperBound ?? 0)
      append(segment.counterAtHighest == nil ? 0 : 1)
      append(segment.counterAtHighest ?? 0)
    }
    return bytes
  }

  /// Reads evidence that ``encoded`` wrote; nil when the bytes are not of this form.
  package init?(decoding bytes: UnsafeRawBufferPointer) {
    var offset = 0
    var isBroken = false
    func next() -> UInt64 {
      if let value = Rank.read(bytes, &offset) { return value }
      isBroken = true
      return 0
    }
    func position() -> Position { Position(next(), next(), next(), next()) }
    let hasOrdinal = next() == 1
    let number = next()
    self.init(
      ordinal: hasOrdinal ? number : nil, series: UInt32(truncatingIfNeeded: next()))
    uncounted = Int(truncatingIfNeeded: next())
    changes = Int(truncatingIfNeeded: next())
    quarantined = Int(truncatingIfNeeded: next())
    isContradictory = next() == 1
    let rangeCount = next()
    for _ in 0..<rangeCount where !isBroken {
      let (low, high) = (next(), next())
      if low <= high { counters.insert(low...high) } else { isBroken = true }
    }
    let segmentCount = next()
    for _ in 0..<segmentCount where !isBroken {
      var segment = Segment(
        lineage: UInt32(truncatingIfNeeded: next()), isSnapshot: next() == 1,
        firstRecord: UInt32(truncatingIfNeeded: next()), count: Int(truncatingIfNeeded: next()),
        firstPosition: position(), lowest: position(), highest: position())
      let hasCounters = next() == 1
      let (low, high) = (next(), next())
      if hasCounters, low <= high { segment.counters = low...high }
      let hasReference = next() == 1
      let reference = next()
      segment.counterAtHighest = hasReference ? reference : nil
      segments.append(segment)
    }
    if isBroken { return nil }
  }
}
