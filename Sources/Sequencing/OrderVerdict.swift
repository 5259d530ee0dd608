package import ChangeModel

/// What all files of a collection together say: how its logs follow each other, what is missing, and
/// up to where nothing can be. A function of the files alone, whatever the order they came in.
package struct OrderVerdict: Sendable, Hashable {
  /// For each file (as they were given), the epoch of each of its segments.
  package var epochs: [[UInt32]] = []
  /// What the running counts are worth.
  package var counters = Counters.absent
  /// The holes that changes behind them may wait for, in order.
  package var gaps: [Gap] = []
  /// Up to where every change is known; nil where that cannot be said.
  package var closed: Closed?
  /// What is in doubt, one sentence each: a person must look.
  package var suspicions: [String] = []
  /// The epochs after the first that begin with a snapshot.
  package var resnapshots: [Resnapshot] = []

  /// What the running counts are worth.
  package enum Counters: Sendable, Hashable {
    /// No change has one.
    case absent
    /// They rise by one, and what is missing is known.
    case dense
    /// They are not what they seem: a sentence that says why. They prove nothing then.
    case demoted(String)
  }

  /// A hole: something lies between two changes that are there.
  package struct Gap: Sendable, Hashable {
    /// Proven by the counts, or only suspected because a number among the files is missing.
    package var isProven: Bool
    /// The series that the missing files would belong to.
    package var series: UInt32
    /// The missing numbers among that series' files; nil where a file is there that could not be
    /// read (to its end): ``incompleteFile``.
    package var ordinals: ClosedRange<UInt64>?
    /// The number of a file that is there and could not be read whole; nil where none is meant.
    package var incompleteFile: UInt64?
    /// The first and the last missing count; nil where it is only suspected. Where several writers
    /// took turns, counts of the others lie between.
    package var counters: ClosedRange<UInt64>?
    /// Which sequence of counts, from zero: they begin again where the source's log did.
    package var sequence: UInt32 = 0
    /// The epoch of the change before the hole.
    package var epoch: UInt32 = 0
  }

  /// A watermark below which nothing can be missing.
  package struct Closed: Sendable, Hashable {
    /// The epoch and the lineage it lies in.
    package var epoch: UInt32
    package var lineage: UInt32
    /// The position of the last change up to which all are known.
    package var position: Position
    /// The count of that change.
    package var counter: UInt64
  }

  /// A snapshot that came after changes.
  package struct Resnapshot: Sendable, Hashable {
    /// The epoch that it begins.
    package var epoch: UInt32
    /// Whether it is known to hold every row that there was.
    package var isComplete: Bool
  }

  /// Makes the verdict on no files.
  package init() {}

  /// For each file and segment, the number of its sequence of counts.
  package var sequences: [[UInt32]] = []

  /// Whether a change lies behind a gap, so that it may have to wait for what is missing.
  ///
  /// - Parameters:
  ///   - file: the index of its file, as given to the judge.
  ///   - segment: the index of its segment there.
  ///   - counter: its running count; nil for none.
  package func isBehind(
    _ gap: Gap, evidence: FileEvidence, file: Int, segment: Int, counter: UInt64?
  ) -> Bool {
    if let missing = gap.counters {
      let sequence = sequences[file][segment]
      if sequence != gap.sequence { return sequence > gap.sequence }
      // A row of a snapshot without a count is older than its epoch's log.
      guard let counter else { return epochs[file][segment] > gap.epoch }
      return counter > missing.lowerBound
    }
    guard evidence.series == gap.series, let ordinal = evidence.ordinal,
      let missing = gap.ordinals?.upperBound ?? gap.incompleteFile
    else { return false }
    return ordinal > missing
  }
}
