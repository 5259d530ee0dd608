import BatchSource
package import CollectionStore

extension GapRecord {
  /// Whether both speak of one hole, or of what is left of it.
  func overlaps(_ other: GapRecord) -> Bool {
    if series == other.series, afterOrdinal < other.beforeOrdinal &- 1,
      other.afterOrdinal < beforeOrdinal &- 1
    {
      return true
    }
    guard let counters, let others = other.counters else { return false }
    return counters.overlaps(others)
  }

  /// The file that is most likely missing, and how many more.
  package var fileText: String {
    let file = BatchPath(likelyFile).description
    let more = beforeOrdinal &- afterOrdinal &- 2
    return more > 0 ? "\(file) and \(more) more" : file
  }

  /// `is`, or `are` for more files than one.
  package var verb: String { beforeOrdinal &- afterOrdinal &- 2 > 0 ? "are" : "is" }

  /// The gap in words.
  package var text: String {
    switch kind {
    case .proven:
      let range = counters.map {
        $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound) to \($0.upperBound)"
      }
      return "\(fileText) \(verb) missing: the running counts lack \(range ?? "some")"
    case .suspected:
      return "\(fileText) may be missing: the numbers of the files skip"
    case .arriving:
      return "\(fileText) \(verb) there, and not complete yet"
    }
  }
}
