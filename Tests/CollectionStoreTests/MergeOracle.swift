import ChangeModel

/// One change of a key, as the oracle sees it.
struct OracleChange: Sendable {
  enum Kind: Sendable {
    case insert, incompleteInsert, update, delete
  }
  var kind: Kind
  var place: Int
  var file: Int64
  var values: Values = [:]
  /// Its rank, where the place in the log does not say it all.
  var ownRank: Rank?

  var rank: Rank { ownRank ?? CollectionStoreTests.rank(place) }
  var floor: RowState.Floor? {
    switch kind {
    case .insert: .init(kind: .insert, rank: rank)
    case .incompleteInsert: .init(kind: .incompleteInsert, rank: rank)
    case .delete: .init(kind: .delete, rank: rank)
    case .update: nil
    }
  }
}

/// The row that changes applied one after the other, in the order of the log, give; written without
/// a thought of floors or layers.
struct OracleRow: Hashable {
  var values: [Int: String] = [:]
  var known: Set<Int> = []
  var eventTime: Int?
  var file: Int64 = 0

  static func replay(_ changes: [OracleChange], columns: Int) -> OracleRow? {
    var row: OracleRow?
    for change in changes.sorted(by: { $0.place < $1.place }) {
      switch change.kind {
      case .delete: row = nil
      case .insert:
        row = OracleRow(known: Set(0..<columns), eventTime: Int(change.rank.eventTime))
      case .incompleteInsert: row = OracleRow(eventTime: Int(change.rank.eventTime))
      case .update: row = row ?? OracleRow()
      }
      guard change.kind != .delete else { continue }
      for (column, value) in change.values {
        row?.values[column] = value
        row?.known.insert(column)
      }
      row?.file = change.file
    }
    return row
  }

  func line(_ id: String, columns: Int) -> String {
    ([id, eventTime.map(String.init) ?? "-"] + (0..<columns).map { values[$0] ?? "-" } + [
      String(file)
    ]).joined(separator: "|")
  }
}

extension RowBatch {
  /// Folds some changes of one key, in whatever order they are given, into one row.
  mutating func addFold(_ id: String, _ changes: [OracleChange]) {
    let sorted = changes.sorted { $0.place > $1.place }
    let floorIndex = sorted.firstIndex { $0.kind != .update }
    let floorChange = floorIndex.map { sorted[$0] }
    var seen = Set<Int>()
    var layers: [(rank: Rank, file: Int64, values: Values)] = []
    for change in sorted[...(floorIndex ?? sorted.count - 1)] where change.kind != .delete {
      let values = change.values.filter { seen.insert($0.key).inserted }
      // A change all of whose columns were overwritten has no layer, unless it is the newest.
      if values.isEmpty, !layers.isEmpty { continue }
      layers.append((change.rank, change.file, values))
    }
    let hasTime = floorChange != nil && floorChange?.kind != .delete
    add(
      id, floor: floorChange?.floor, eventTime: hasTime ? floorChange!.rank.eventTime : .min,
      floorFile: floorChange?.file ?? 0, layers: layers)
  }
}

/// SplitMix64: the same numbers from the same seed, everywhere.
struct Generator: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
