/// What is missing of a table's records, by their counts: what `status` should name.
package struct MissingRecords: Sendable, Hashable {
  /// The counts between the least and the greatest present that no present record has.
  package var counts: [ClosedRange<Int>] = []
  /// The files that hold them, in the order in which they were begun: indices into the bucket's.
  package var files: [Int] = []

  /// Nothing is missing.
  package init() {}
}

extension Oracle {
  /// What is missing of a table between the first and the last record present, in a world whose
  /// counts are dense and whose records carry their own.
  ///
  /// - Parameters:
  ///   - table: the table's index.
  ///   - present: the files that are there, by index.
  package func missing(
    of table: Int, present: Set<Int>, in bucket: Bucket
  ) -> MissingRecords {
    precondition(world.plan.counters == .dense && !bucket.plan.countsRepeats)
    func counts(_ file: Int) -> [Int] {
      bucket.files[file].events.map { events[$0] }
        .filter { $0.table == table && !$0.isFlat }.map(\.counts.total)
    }
    let known = Set(present.flatMap(counts))
    guard let first = known.min(), let last = known.max() else { return MissingRecords() }
    let lost = (first...last).filter { !known.contains($0) }
    var missing = MissingRecords()
    for count in lost {
      if let range = missing.counts.last, range.upperBound == count - 1 {
        missing.counts[missing.counts.count - 1] = range.lowerBound...count
      } else {
        missing.counts.append(count...count)
      }
    }
    missing.files = bucket.files.indices.filter {
      !present.contains($0) && !Set(lost).isDisjoint(with: counts($0))
    }
    return missing
  }
}
