import ChangeModel

/// The stretches of one lineage in one series, between which its log files were numbered anew.
///
/// Segments come in the order of the series. Numbers that fall are a new log only where everything
/// speaks for it: otherwise they are disorder, of several writers or of a resume that repeats.
struct LogParts {
  /// A stretch in which the numbers belong to one log.
  struct Part {
    /// The segments, as indexes into those given.
    var members: Range<Int>
    /// The lowest and the highest number of a log file.
    var numbers: ClosedRange<UInt64>
    var counts = CounterSet()
  }

  /// A fall of the numbers of which nothing says whether a new log began.
  struct Doubt {
    var from: UInt64
    var to: UInt64
    /// The index of the segment with the lower number.
    var segment: Int
    /// Whether it was taken for a new log, though its counts go on where it fell from.
    var isExactJoint = false
  }

  private(set) var parts: [Part] = []
  /// The first fall in doubt; nil without one.
  private(set) var doubt: Doubt?
  private let segments: [FileEvidence.Segment]
  private let isCoarse: Bool

  /// How far is looked for a record that is repeated: so many segments from the beginning of the
  /// old part, so many back from its end. And how far for a return to the old numbers.
  private static let beginning = 16
  private static let end = 256
  private static let outlook = 1024
  /// How many pairs of segments are compared: enough for every order, and an end to every disorder.
  private var comparisonsLeft = 100_000

  /// Finds the parts.
  ///
  /// - Parameter isCoarse: whether there are too many counts to look at each.
  init(_ segments: [FileEvidence.Segment], isCoarse: Bool) {
    self.segments = segments
    self.isCoarse = isCoarse
    let joints = Self.jointsAgainstOrder(of: segments)
    // A log that begins anew can meet the counts of the old one once, by chance; that it happens
    // twice is not believed.
    if joints.count > 1 {
      add(whole)
      return
    }
    var start = 0
    while start < segments.count {
      let run = run(from: start)
      add(run)
      start = run.members.upperBound
    }
    if let joint = joints.first, parts.count > 1, doubt == nil { doubt = self.doubt(about: joint) }
  }

  /// A doubt whether a new log is one, where a single joint says that it is older; nil where the
  /// numbers of the log files are apart, as those of different logs are.
  private func doubt(about joint: Joint) -> Doubt? {
    let (lower, higher) = (segments[joint.lower], segments[joint.higher])
    guard higher.lowest.word0 - lower.highest.word0 <= 1 else { return nil }
    return Doubt(
      from: higher.lowest.word0, to: lower.lowest.word0, segment: joint.lower, isExactJoint: true)
  }

  /// The segments from one on, as long as their numbers do not fall.
  private func run(from start: Int) -> Part {
    var end = start + 1
    var top = segments[start].highest.word0
    while end < segments.count, segments[end].lowest.word0 >= top {
      top = max(top, segments[end].highest.word0)
      end += 1
    }
    return Part(
      members: start..<end, numbers: segments[start].lowest.word0...top,
      counts: counts(of: start..<end))
  }

  /// All segments, as of one log.
  private var whole: Part {
    let lowest = segments.lazy.map(\.lowest.word0).min() ?? 0
    let highest = segments.lazy.map(\.highest.word0).max() ?? 0
    return Part(
      members: segments.indices, numbers: lowest...highest, counts: counts(of: segments.indices))
  }

  /// Two segments between which the counts go on without a hole, as indexes.
  private struct Joint {
    var lower: Int
    var higher: Int
  }

  /// The joints that say that files have each other's numbers: positions and counts agree on
  /// another order than theirs, and in it counts go on where the files' numbers fall.
  private static func jointsAgainstOrder(of segments: [FileEvidence.Segment]) -> [Joint] {
    let order = segments.indices.sorted { segments[$0].lowest < segments[$1].lowest }
    var joints: [Joint] = []
    for (lower, higher) in zip(order, order.dropFirst()) {
      guard let before = segments[lower].counters, let after = segments[higher].counters,
        before.upperBound < after.lowerBound, segments[lower].highest < segments[higher].lowest
      else { return [] }
      if lower > higher, before.upperBound + 1 == after.lowerBound {
        joints.append(Joint(lower: lower, higher: higher))
      }
    }
    return joints
  }

  private func counts(of members: Range<Int>) -> CounterSet {
    if isCoarse { return CounterSet(merging: segments[members].compactMap(\.counters)) }
    return CounterSet(merging: segments[members].flatMap(\.counts.ranges))
  }

  /// Whether the numbers fall anywhere.
  static func falls(in segments: [FileEvidence.Segment]) -> Bool {
    var top: UInt64 = 0
    for segment in segments {
      if segment.lowest.word0 < top { return true }
      top = max(top, segment.highest.word0)
    }
    return false
  }

  private enum Judgement {
    case newLog, disorder, doubtful
  }

  private mutating func add(_ run: Part) {
    guard let old = parts.last else { return parts.append(run) }
    switch judge(run, after: old) {
    case .newLog: return parts.append(run)
    case .doubtful:
      if doubt == nil {
        doubt = Doubt(
          from: old.numbers.upperBound, to: run.numbers.lowerBound, segment: run.members.lowerBound)
      }
    case .disorder: break
    }
    let last = parts.count - 1
    parts[last].members = old.members.lowerBound..<run.members.upperBound
    parts[last].numbers =
      min(
        old.numbers.lowerBound, run.numbers.lowerBound)...max(
        old.numbers.upperBound, run.numbers.upperBound)
    parts[last].counts.formUnion(run.counts)
  }

  private mutating func judge(_ run: Part, after old: Part) -> Judgement {
    let first = run.numbers.lowerBound
    if first >= old.numbers.upperBound { return .disorder }
    let comparison = compare(run, with: old)
    if comparison == .repeats { return .disorder }
    if comparison == .tooMany { return .doubtful }
    // One number back is where writers are out of step at a rotation.
    let isStepBack = old.numbers.upperBound - first == 1
    let isBeginning = first < old.numbers.lowerBound || first == 1
    guard let newCounts = run.counts.first, let oldCounts = old.counts.last else {
      if returns(from: run, to: old.numbers.upperBound, insideSegments: true) { return .disorder }
      return isBeginning && !isStepBack ? .newLog : .doubtful
    }
    if isStepBack, first != 1 {
      let rises = newCounts > oldCounts || comparison == .differs
      return rises ? .doubtful : .disorder
    }
    // Two changes with one count are of two logs, whatever numbers follow.
    if comparison == .differs { return .newLog }
    if returns(from: run, to: old.numbers.upperBound, insideSegments: false) { return .disorder }
    if newCounts > oldCounts { return .newLog }
    if isBeginning, newCounts == 1, !old.counts.contains(1) { return .newLog }
    // A log that begins at 1 below all that was known is new, though its counts prove nothing.
    let otherwise = first == 1 && first < old.numbers.lowerBound ? Judgement.newLog : .doubtful
    if old.counts.count(in: run.counts) > 0 { return otherwise }
    // What fills holes came late; what lies before everything may have. But higher counts do not
    // stand before lower ones in one log, even where they happen to fill a hole.
    if first < old.numbers.lowerBound || newCounts <= old.counts.first ?? 0 { return otherwise }
    return .disorder
  }

  /// Whether the numbers jump back to where they fell from: then the lower ones only came late.
  private func returns(from run: Part, to top: UInt64, insideSegments: Bool) -> Bool {
    let depth = top - run.numbers.lowerBound
    func isReturn(from low: UInt64, to high: UInt64) -> Bool {
      // A new log that jumps too, and happens to pass the old number, makes smaller jumps.
      high >= top && high > low && high - low > 1 && high - low >= depth / 2
    }
    var previous: UInt64?
    for segment in segments[run.members.lowerBound...].prefix(Self.outlook) {
      if let previous, isReturn(from: previous, to: segment.lowest.word0) { return true }
      if insideSegments, isReturn(from: segment.lowest.word0, to: segment.highest.word0) {
        return true
      }
      previous = segment.highest.word0
    }
    return false
  }

  private enum Comparison {
    /// A record is in both.
    case repeats
    /// The same counts are those of different records.
    case differs
    case unknown
    /// There is too much to compare.
    case tooMany
  }

  /// Compares the records of two parts, as far as the sketches and the counts show.
  private mutating func compare(_ run: Part, with old: Part) -> Comparison {
    var weight = 0.0
    for new in run.members {
      let segment = segments[new]
      let early = old.members.prefix(Self.beginning)
      let late = old.members.dropFirst(Self.beginning).suffix(Self.end)
      for other in [early, late].joined() {
        let known = segments[other]
        let isApart = segment.lowest > known.highest || known.lowest > segment.highest
        if !isApart {
          if comparisonsLeft == 0 { return .tooMany }
          comparisonsLeft -= 1
          if segment.sketch.shares(with: known.sketch) { return .repeats }
        }
        guard let counters = segment.counters, let before = known.counters,
          counters.overlaps(before)
        else { continue }
        let common = segment.counts.count(in: known.counts)
        if common == 0 { continue }
        weight += isApart ? .infinity : segment.sketch.weight(ofCommon: common, with: known.sketch)
      }
    }
    // So many hashes would be in both that none of them cannot be chance.
    return weight >= 16 ? .differs : .unknown
  }
}
