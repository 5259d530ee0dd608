/// Some of the rows that inserts gave and deletes took: those whose hashes are the lowest, so that it
/// does not matter in which order they come, nor how often. A sample of few rows has them all.
///
/// The hash of a row is of its values and of its place in the log: an insert that comes twice is one
/// row, two inserts of equal values are two.
package struct RowSample: Sendable, Hashable {
  /// One of them.
  package struct Row: Sendable, Hashable {
    /// The hashes of its values, in the order of the columns; 0 where it has none.
    package var values: [UInt64]
    /// Where it was inserted, or deleted.
    package var position: Position
    /// Whether it was deleted.
    package var isDelete: Bool

    /// Makes one of its parts.
    package init(values: [UInt64], position: Position, isDelete: Bool) {
      self.values = values
      self.position = position
      self.isDelete = isDelete
    }
  }

  /// A sample has no more rows than this once it is named.
  package static let rowsMax = 16_384

  /// The columns that a row's values are of.
  package private(set) var columns: [String] = []
  /// How many of the rows were inserted.
  package private(set) var insertCount = 0
  private var rows: [UInt64: Row] = [:]
  /// Rows of higher hashes are not wanted any longer.
  private var highest = UInt64.max

  /// Makes a sample without rows.
  package init() {}

  /// Whether a row of this hash may belong to the sample, and is not in it yet.
  package func wants(_ row: UInt64) -> Bool { row <= highest && rows[row] == nil }

  /// Takes a row, whose values are in the order in which the columns will be named.
  package mutating func add(_ row: Row, hash: UInt64) {
    guard wants(hash) else { return }
    rows[hash] = row
    if rows.count >= 2 * Self.rowsMax { trim() }
  }

  /// Takes the rows of another whose columns will be named alike.
  package mutating func append(_ other: RowSample) {
    for (hash, row) in other.rows { add(row, hash: hash) }
    if other.highest < highest {
      highest = other.highest
      rows = rows.filter { $0.key <= highest }
    }
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

  private mutating func countInserts() { insertCount = rows.values.count { !$0.isDelete } }

  private static func places(of names: [String], among all: [String]) -> [Int] {
    let places = Dictionary(zip(all, all.indices)) { first, _ in first }
    return names.map { places[$0] ?? 0 }
  }

  private func with(columns: [String], places: [Int]) -> RowSample {
    var sample = self
    sample.columns = columns
    sample.rows = rows.mapValues { row in
      var moved = Row(
        values: Array(repeating: 0, count: columns.count), position: row.position,
        isDelete: row.isDelete)
      for (value, place) in zip(row.values, places) { moved.values[place] = value }
      return moved
    }
    return sample
  }

  private mutating func trim() {
    defer { countInserts() }
    guard rows.count > Self.rowsMax else {
      if highest < .max { rows = rows.filter { $0.key <= highest } }
      return
    }
    highest = rows.keys.sorted()[Self.rowsMax - 1]
    rows = rows.filter { $0.key <= highest }
  }
}

extension RowSample {
  /// Whether it has every row that was seen.
  package var isWhole: Bool { highest == .max }

  /// How many rows were seen; about so many where the sample is not whole.
  package var seenCount: Double {
    isWhole ? Double(rows.count) : Double(rows.count) * 0x1p64 / Double(highest)
  }

  /// How many inserts give columns values that no other has, of each such group one; nil where some
  /// insert has none.
  package func distinctCount(of names: [String]) -> Int? {
    repeatCount(of: names, limit: .max).map { insertCount - $0 }
  }

  /// How many inserts give columns values that a row has which was not deleted by then: a key has
  /// none. Nil where some insert has no value.
  ///
  /// - Parameter limit: more are of no interest, and need not be counted to the end.
  package func brokenCount(of names: [String], limit: Int = .max) -> Int? {
    let deletes = isWhole ? rows.count - insertCount : 0
    guard let repeats = repeatCount(of: names, limit: max(limit, deletes)) else { return nil }
    if repeats <= limit && limit < .max || repeats == 0 || deletes == 0 || repeats > deletes {
      return repeats
    }
    let places = names.compactMap { columns.firstIndex(of: $0) }
    var lives: [UInt64: [Row]] = [:]
    for row in rows.values {
      if let key = Self.key(of: row, places) { lives[key, default: []].append(row) }
    }
    return lives.values.reduce(0) { $0 + Self.overlapCount(of: $1) }
  }

  /// How many of the inserts of some rows come while another lives.
  private static func overlapCount(of rows: [Row]) -> Int {
    var (overlaps, living) = (0, 0)
    for row in rows.sorted(by: {
      ($0.position, $1.isDelete ? 1 : 0) < ($1.position, $0.isDelete ? 1 : 0)
    }) {
      if row.isDelete {
        living = max(0, living - 1)
      } else {
        if living > 0 { overlaps += 1 }
        living += 1
      }
    }
    return overlaps
  }

  /// Whether columns tell at least nineteen of twenty rows apart.
  ///
  /// In a part of the rows equal values are rarer than in all: each pair that is there counts for
  /// as many as there are likely to be.
  package func tellsApart(_ names: [String]) -> Bool {
    if insertCount == 0 { return false }
    let share = Double(rows.count) / seenCount
    let limit = Int(Double(insertCount) * share / 20)
    return brokenCount(of: names, limit: limit).map { $0 <= limit } ?? false
  }

  private func repeatCount(of names: [String], limit: Int) -> Int? {
    let places = names.compactMap { columns.firstIndex(of: $0) }
    guard places.count == names.count else { return nil }
    var seen: Set<UInt64> = []
    var repeats = 0
    for row in rows.values where !row.isDelete {
      guard let key = Self.key(of: row, places) else { return nil }
      if !seen.insert(key).inserted { repeats += 1 }
      if repeats > limit { break }
    }
    return repeats
  }

  /// A hash of the values at some places; nil where one is missing.
  private static func key(of row: Row, _ places: [Int]) -> UInt64? {
    var key: UInt64 = 0
    for place in places {
      if row.values[place] == 0 { return nil }
      key = (key ^ row.values[place]) &* 0x9E37_79B9_7F4A_7C15
      key ^= key >> 29
    }
    return key
  }
}
