package import ChangeModel

/// What one batch file says about the order and the completeness of a collection's changes. Kept
/// with the manifest, so that all files can be judged without being read again.
package struct FileEvidence: Sendable, Hashable {
  /// The number in the file's name; nil where there is none.
  package var ordinal: UInt64?
  /// A 32-bit hash of its series.
  package var series: UInt32
  /// Stretches of its records, in their order; see ``Segment``.
  package internal(set) var segments: [Segment] = []
  /// How many changes of the log have no running count.
  package internal(set) var uncounted = 0
  /// How many changes, snapshot rows among them.
  package internal(set) var changes = 0
  /// How many of its records were quarantined, of this table or of an unknown one.
  package var quarantined = 0
  /// Whether a count falls where the position rises, or the other way round; or there is so much
  /// disorder that nothing can be said.
  package internal(set) var isContradictory = false

  /// Records of one lineage, one after the other, in which the log's number never falls.
  package struct Segment: Sendable, Hashable {
    /// The hash of the lineage's name.
    package var lineage: UInt32
    /// Whether these are rows of a snapshot.
    package var isSnapshot: Bool
    /// The first and the last record's index in the file; records of other lineages may lie between.
    package var firstRecord: UInt32
    package var lastRecord: UInt32
    /// How many changes.
    package var count: Int
    /// The positions of the first record, and the lowest and the highest of all.
    package var firstPosition: Position
    package var lowest: Position
    package var highest: Position
    /// The source's running counts.
    package var counts = CounterSet()
    /// The count of the record at the highest position; nil without one.
    package var counterAtHighest: UInt64?
    /// Hashes of some of the records.
    package var sketch = RecordSketch()

    /// The lowest and the highest running count; nil without any.
    package var counters: ClosedRange<UInt64>? {
      guard let low = counts.first, let high = counts.last else { return nil }
      return low...high
    }
  }

  /// More segments of one lineage than this are disorder, and tell nothing.
  package static let segmentLimit = 64
  /// So many segments are kept at most, whatever the lineages.
  package static let segmentBound = 1024
  /// So many stretches of counts are kept of a segment; with more the file is contradictory.
  package static let stretchLimit = 1024

  /// Makes the evidence of a file of which nothing was read.
  package init(ordinal: UInt64?, series: UInt32) {
    self.ordinal = ordinal
    self.series = series
  }

  /// The source's running counts, of all segments.
  package var counters: CounterSet {
    if segments.count == 1 { return segments[0].counts }
    return CounterSet(merging: segments.flatMap(\.counts.ranges))
  }

  /// Adds the next record of the file.
  ///
  /// - Parameters:
  ///   - lineage: the hash of its lineage's name.
  ///   - keyHash: a hash of its key's bytes.
  package mutating func add(_ change: Change, lineage: UInt32, keyHash: UInt64) {
    changes &+= 1
    let isSnapshot = change.flags.contains(.snapshot)
    if change.counter < 0, !isSnapshot { uncounted &+= 1 }
    let hash = RecordSketch.hash(of: change, keyHash: keyHash)
    let last = segments.count - 1
    let index: Int
    if last >= 0, segments[last].goesOn(with: change, lineage: lineage, isSnapshot: isSnapshot) {
      index = last
    } else {
      guard let found = segment(for: change, lineage: lineage, isSnapshot: isSnapshot) else {
        isContradictory = true
        return
      }
      index = found
    }
    if !segments[index].add(change, hash: hash) { isContradictory = true }
  }

  /// The segment that a record goes on with, made if there is none; nil when there are too many.
  @inline(never)
  private mutating func segment(
    for change: Change, lineage: UInt32, isSnapshot: Bool
  ) -> Int? {
    // Lineages may take turns; a snapshot ends the stretches of all.
    if !isSnapshot,
      let index = segments.lastIndex(where: { $0.lineage == lineage || $0.isSnapshot }),
      segments[index].goesOn(with: change, lineage: lineage, isSnapshot: false)
    {
      return index
    }
    if segments.count >= Self.segmentLimit,
      let index = segments.lastIndex(where: {
        $0.lineage == lineage && $0.isSnapshot == isSnapshot
      })
    {
      return index
    }
    if segments.count >= Self.segmentBound { return nil }
    segments.append(
      Segment(
        lineage: lineage, isSnapshot: isSnapshot, firstRecord: change.recordIndex,
        lastRecord: change.recordIndex, count: 0, firstPosition: change.position,
        lowest: change.position, highest: change.position))
    return segments.count - 1
  }

  /// The segment of a record; nil for a record that was never added.
  package func segment(ofRecord index: UInt32, lineage: UInt32) -> Int? {
    segments.lastIndex { $0.lineage == lineage && $0.firstRecord <= index }
  }
}

extension FileEvidence.Segment {
  @inline(__always)
  fileprivate func goesOn(with change: Change, lineage: UInt32, isSnapshot: Bool) -> Bool {
    self.lineage == lineage && self.isSnapshot == isSnapshot
      && change.position.word0 >= highest.word0
  }

  /// Adds a record; false when its count contradicts its position, or the counts are in pieces.
  @inline(__always)
  fileprivate mutating func add(_ change: Change, hash: UInt32) -> Bool {
    var agrees = true
    let counter = change.counter >= 0 ? UInt64(change.counter) : nil
    if let counter, let reference = counterAtHighest, change.position != highest,
      (change.position > highest) != (counter > reference)
    {
      agrees = false
    }
    if change.position > highest || count == 0 {
      highest = change.position
      counterAtHighest = counter
    } else if change.position < lowest {
      lowest = change.position
    } else if change.position == highest, let counter, counter > counterAtHighest ?? 0 {
      counterAtHighest = counter
    }
    count &+= 1
    lastRecord = change.recordIndex
    sketch.add(hash)
    if let counter, !counts.insert(counter, limit: FileEvidence.stretchLimit) { agrees = false }
    return agrees
  }
}
