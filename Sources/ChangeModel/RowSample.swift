/// Some of the rows that inserts gave: those whose hashes are the lowest, so that it does not matter
/// in which order they come, nor how often. A sample of few rows has them all.
///
/// The hash of a row is of its values and of its place in the log: an insert that comes twice is one
/// row, two inserts of equal values are two.
package struct RowSample: Sendable, Hashable {
  /// A sample has no more rows than this once it is ``trimmed()``.
  package static let rowsMax = 16_384

  /// The columns that a row's values are of.
  package private(set) var columns: [String] = []
  /// By the hash of each row the hashes of its values; 0 where it has none.
  private var rows: [UInt64: [UInt64]] = [:]
  /// Rows of higher hashes are not wanted any longer.
  private var highest = UInt64.max

  /// Makes a sample without rows.
  package init() {}

  /// Whether a row of this hash may belong to the sample, and is not in it yet.
  package func wants(_ row: UInt64) -> Bool { row <= highest && rows[row] == nil }

  /// Takes a row, whose values are in the order in which the columns will be named.
  package mutating func insert(_ row: UInt64, values: [UInt64]) {
    guard wants(row) else { return }
    rows[row] = values
    if rows.count >= 2 * Self.rowsMax { trim() }
  }

  /// The sample with its columns named, as it can be merged with others.
  package func named(_ names: [String]) -> RowSample {
    if rows.isEmpty { return RowSample() }
    let sorted = Set(names).sorted()
    var sample = with(columns: sorted, places: Self.places(of: names, among: sorted))
    sample.trim()
    return sample
  }

  /// Adds the rows of another.
  package mutating func merge(_ other: RowSample) {
    if other.rows.isEmpty { return }
    let all = columns == other.columns ? columns : Set(columns + other.columns).sorted()
    func widened(_ sample: RowSample) -> RowSample {
      if sample.columns == all { return sample }
      return sample.with(columns: all, places: Self.places(of: sample.columns, among: all))
    }
    let wide = widened(other)
    self = widened(self)
    highest = min(highest, wide.highest)
    rows.merge(wide.rows) { known, _ in known }
    trim()
  }

  private static func places(of names: [String], among all: [String]) -> [Int] {
    let places = Dictionary(zip(all, all.indices)) { first, _ in first }
    return names.map { places[$0] ?? 0 }
  }

  private func with(columns: [String], places: [Int]) -> RowSample {
    var sample = self
    sample.columns = columns
    sample.rows = rows.mapValues { values in
      var moved = Array(repeating: UInt64(0), count: columns.count)
      for (value, place) in zip(values, places) { moved[place] = value }
      return moved
    }
    return sample
  }

  private mutating func trim() {
    guard rows.count > Self.rowsMax else {
      if highest < .max { rows = rows.filter { $0.key <= highest } }
      return
    }
    highest = rows.keys.sorted()[Self.rowsMax - 1]
    rows = rows.filter { $0.key <= highest }
  }
}

extension RowSample {
  /// How many rows it has.
  package var count: Int { rows.count }

  /// Whether it has every row that was seen.
  package var isWhole: Bool { highest == .max }

  /// How many rows were seen; about so many where the sample is not whole.
  package var seenCount: Double {
    isWhole ? Double(count) : Double(count) * 0x1p64 / Double(highest)
  }

  /// How many values, or combinations of values, columns have in it; nil where some row has none.
  ///
  /// - Parameter least: what is fewer is of no interest, and need not be counted to the end.
  package func distinctCount(of names: [String], atLeast least: Int = 0) -> Int? {
    let places = names.compactMap { columns.firstIndex(of: $0) }
    guard places.count == names.count else { return nil }
    var seen: Set<UInt64> = []
    var left = count - least
    for values in rows.values {
      var key: UInt64 = 0
      for place in places {
        if values[place] == 0 { return nil }
        key = (key ^ values[place]) &* 0x9E37_79B9_7F4A_7C15
        key ^= key >> 29
      }
      guard !seen.insert(key).inserted else { continue }
      left -= 1
      if left < 0 { return seen.count }
    }
    return seen.count
  }

  /// Whether columns tell at least nineteen of twenty rows apart.
  ///
  /// In a part of the rows equal values are rarer than in all: each pair that is there counts for
  /// as many as there are likely to be.
  package func tellsApart(_ names: [String]) -> Bool {
    if count == 0 { return false }
    let repeats = Int(Double(count) * Double(count) / seenCount / 20)
    guard let distinct = distinctCount(of: names, atLeast: count - repeats) else {
      return false
    }
    return distinct >= count - repeats
  }
}
