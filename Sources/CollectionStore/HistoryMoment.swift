import ChangeModel

/// A moment of the source that a history is asked about.
package enum HistoryMoment: Sendable, Hashable {
  /// The source's time, microseconds since 1970 UTC: what its changes up to then had made.
  case time(Int64)
  /// A place in the source's log: what its changes up to there, that one included, had made.
  case position(HistoryPosition)
}

/// A place in the source's log, as a person writes it.
package struct HistoryPosition: Sendable, Hashable {
  /// What stands for a place in one log.
  package enum Place: Sendable, Hashable {
    /// Numbers, most significant first. Fewer than the log has stand for the last place that
    /// begins with them.
    case words([UInt64])
    /// The file's ordinal, and the record's index in it: for changes without a position.
    case file([UInt64])
    /// The end of the snapshot.
    case snapshot
  }
  /// The epoch; nil for the newest, of the lineage where one is named.
  package var epoch: UInt32?
  /// The lineage's name; nil for the only one.
  package var lineage: String?
  /// The place.
  package var place: Place

  /// Reads `[EPOCH:][LINEAGE:]POSITION`, where POSITION is as histories show it: `10/3000/1`,
  /// `file:3/17` or `snapshot`. Nil when the text is not of this form.
  package init?(_ text: String) {
    var parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
    guard let last = parts.popLast() else { return nil }
    if last == "snapshot" {
      place = .snapshot
    } else if let words = PositionText.words(last) {
      place = parts.last == "file" && words.count <= 2 ? .file(words) : .words(words)
      if case .file = place { parts.removeLast() }
    } else {
      return nil
    }
    if let first = parts.first, let number = UInt32(first) {
      epoch = number
      parts.removeFirst()
    }
    // Names of lineages hold colons themselves: `mysql:log-bin`.
    if !parts.isEmpty { lineage = parts.joined(separator: ":") }
  }
}

/// Tells which changes had happened at a moment.
struct ReachedChanges {
  private enum Limit {
    case none
    case time(Int64, snapshots: [UInt32: Int64])
    case place(HistoryPosition.Place, epoch: UInt32, lineage: UInt32, time: Int64?)
  }
  private let limit: Limit

  /// Makes a test that every change passes.
  init() { limit = .none }

  /// Makes a test of the source's time.
  ///
  /// - Parameter known: the ranks that the history speaks of. A snapshot after the first has no
  ///   time: it is taken to be at that of the last change before it.
  init(upTo time: Int64, known: Set<Rank>) {
    var snapshots: [UInt32: Int64] = [:]
    for epoch in Set(known.filter { $0.phase % 2 == 0 }.map(\.epoch)) {
      snapshots[epoch] = known.filter { $0.epoch < epoch }.map(\.eventTime).max()
    }
    limit = .time(time, snapshots: snapshots)
  }

  /// Makes a test of a position.
  ///
  /// - Parameter known: the ranks that the history speaks of: what a position leaves open is
  ///   settled by them.
  /// - Throws: a fatal ``IngestError`` when the position could be in several logs, or in none.
  init(
    upTo position: HistoryPosition, known: Set<Rank>, lineages: [LineageRecord], of name: String
  ) throws(IngestError) {
    func label(_ hash: UInt32) -> String {
      lineages.first { $0.hash == hash }?.name ?? String(hash, radix: 16)
    }
    var logged = known.filter { $0.phase % 2 == 1 }
    if let wanted = position.lineage { logged = logged.filter { label($0.lineage) == wanted } }
    let candidates = position.lineage == nil ? known : logged
    let epoch = position.epoch ?? candidates.map(\.epoch).max() ?? 0
    let hashes = Set(logged.filter { $0.epoch == epoch }.map(\.lineage))
    let names = Set(known.filter { $0.phase % 2 == 1 }.map(\.lineage)).map(label).sorted()
    if hashes.isEmpty, case .words = position.place {
      throw IngestError(
        .fatal, cause: "\(name): no change of this history is in that log",
        hint: "Its logs: \(names.joined(separator: ", ")).")
    }
    if hashes.count > 1, case .words = position.place {
      throw IngestError(
        .fatal, cause: "\(name): several logs have positions: \(names.joined(separator: ", "))",
        hint: "Say which: --as-of LINEAGE:POSITION.")
    }
    let lineage = hashes.first ?? 0
    let place = ReachedChanges(
      .place(position.place, epoch: epoch, lineage: lineage, time: nil))
    // Logs that run side by side are compared by the source's time.
    let time = known.filter { $0.lineage == lineage && place.contains($0) }.map(\.eventTime).max()
    limit = .place(position.place, epoch: epoch, lineage: lineage, time: time)
  }

  private init(_ limit: Limit) { self.limit = limit }

  /// Whether a change had happened.
  func contains(_ rank: Rank) -> Bool {
    switch limit {
    case .none: return true
    case .time(let time, let snapshots):
      let snapshot = rank.phase % 2 == 0 ? snapshots[rank.epoch] : nil
      return max(rank.eventTime, snapshot ?? .min) <= time
    case .place(let place, let epoch, let lineage, let time):
      if rank.epoch != epoch { return rank.epoch < epoch }
      if rank.phase % 2 == 0 { return true }
      return Self.isReached(rank, place, lineage: lineage, time: time)
    }
  }

  private static func isReached(
    _ rank: Rank, _ place: HistoryPosition.Place, lineage: UInt32, time: Int64?
  ) -> Bool {
    switch place {
    case .snapshot: return false
    case .file(let words):
      guard rank.position == .zero else { return false }
      return !isBeyond([rank.ordinal, UInt64(rank.recordIndex)], words)
    case .words(let words):
      if rank.lineage == lineage { return !isBeyond(PositionText.words(of: rank.position), words) }
      return time.map { rank.eventTime <= $0 } ?? false
    }
  }

  /// Whether numbers lie behind the last place that begins with `limit`.
  private static func isBeyond(_ words: [UInt64], _ limit: [UInt64]) -> Bool {
    for (word, limit) in zip(words, limit) where word != limit { return word > limit }
    return false
  }
}

extension Rank {
  /// Which epoch of the collection it is in.
  fileprivate var epoch: UInt32 { phase / 2 }
}
