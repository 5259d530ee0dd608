import ChangeModel

/// Merges what a batch does to a row into what the row remembers: the rule of the whole product,
/// without any SQL.
///
/// The newest floor wins, be it the stored one, the batch's, or the collection's. What is older than
/// the floor vanishes; per column the newest change at or above it wins. The result depends only on
/// the set of changes that were ever merged, not on their order, grouping or repetition, because
/// each part of it is a maximum. Equal ranks are one change seen twice. Only where a key turns out to
/// have changed in two lineages, and times had fallen in one, the set decides anew how its changes are
/// ordered (``Outcome/unknowable``).
///
/// A value of this type is scratch memory that is used row after row; its properties speak of the
/// last ``merge(stored:delta:layers:cells:collection:)``.
struct RowMerge: ~Copyable {
  /// What becomes of the row.
  enum Outcome {
    /// All of it was known already.
    case unchanged
    /// There is a row now: ``RowMerge/state`` and ``RowMerge/written``.
    case live
    /// There is none now: ``RowMerge/state`` is its tombstone.
    case dead
    /// What the row remembers was chosen in another order than now holds.
    case unknowable
  }

  /// What holds for all rows of a collection.
  struct Bounds {
    /// The rank of the collection's last truncation; nil for none.
    var floor: Rank?
    /// The rank up to which nothing can be missing; nil where that is not known.
    var closed: Rank?

    /// Whether a row that ended must be remembered. What the collection's own floor ended need not,
    /// nor what no change can come before.
    func needsTombstone(_ state: RowState) -> Bool {
      state.last != floor && closed.map(state.last.isClosed) != true
    }
  }

  /// A column whose value the batch gives.
  struct Written {
    var column: Int
    /// The index of its cell.
    var cell: Int
  }

  /// What the row remembers now.
  private(set) var state = RowState(last: .lowest, floor: nil, shape: ColumnSet())
  /// The columns that take their value from the batch, ascending.
  private(set) var written: [Written] = []
  /// Whether the floor is newer than the stored one: columns neither written nor kept become NULL,
  /// and the event time is the new floor's.
  private(set) var isFloorRaised = false
  /// Of a raised floor: the stored columns that are newer than it, and keep their values.
  private(set) var kept = ColumnSet()
  /// The event time that goes with a raised floor; `Int64.min` for none.
  private(set) var eventTime = Int64.min
  /// The file that the newest change came from, where that change is of the batch; else nil.
  private(set) var file: Int64?

  /// Whether some column of a stored row, or its event time, gets another value.
  var changesRow: Bool { isFloorRaised || !written.isEmpty }

  /// Whether the row's changes are ordered by time; see ``RowState/Lineages``.
  private var isParallel = false
  private var lineages = LineageMerge()
  /// The columns of the last change that stood alone: mostly the next has the same.
  private var lastShape = ColumnSet()
  private let columnCount: Int
  /// The column that repeats the key, and is not stored; -1 for none.
  private let idColumn: Int
  private var entries: [Entry] = []
  private var entryOfColumn: [Int32]

  /// A column of which something is known.
  private struct Entry {
    var column: Int
    /// The index of the cell that gives the value; -1 when the stored value stays.
    var cell: Int
    var rank: Rank
  }

  /// Makes scratch memory for a collection of so many columns.
  init(columnCount: Int, idColumn: Int) {
    self.columnCount = columnCount
    self.idColumn = idColumn
    entryOfColumn = Array(repeating: -1, count: columnCount)
  }

  /// Merges a batch's changes of one row.
  ///
  /// - Parameters:
  ///   - stored: what the row, or its tombstone, remembers; nil when nothing is known of the key.
  ///   - delta: what the batch does to it.
  ///   - layers: the batch's layers.
  ///   - cells: the batch's cells.
  ///   - collection: whose floor and closed rank count.
  mutating func merge(
    stored: RowState?, delta: RowDelta, layers: UnsafeBufferPointer<RowLayer>,
    cells: UnsafeBufferPointer<Cell>, collection: borrowing Bounds
  ) -> Outcome {
    written.removeAll(keepingCapacity: true)
    isParallel = false
    let isPlain = stored == nil && delta.order == .log
    if isPlain, collection.floor == nil, mergePlain(delta, layers, cells) { return .live }
    if !isPlain {
      guard let order = lineages.order(stored: stored, delta: delta, layers: layers) else {
        return .unknowable
      }
      isParallel = order == .time
    }
    let floor = newest(
      newest(stored?.floor, delta.floor),
      collection.floor.map { RowState.Floor(kind: .delete, rank: $0) })
    isFloorRaised = floor != stored?.floor
    eventTime =
      isFloorRaised && floor == delta.floor && floor?.kind != .delete
      ? delta.eventTime : .min
    kept = ColumnSet()
    let newest = layers[delta.layers].first

    collect(stored, floor: floor)
    for layer in layers[delta.layers] where counts(layer.rank, above: floor) {
      collect(layer, cells, floor: floor)
    }
    guard let last = last(stored, newest, delta, floor: floor) else { return forget(.unchanged) }
    makeState(last: last, floor: floor, closed: collection.closed)
    if !isPlain { state.lineages = lineages.state(last: last) }
    return forget(outcome(stored: stored))
  }

  /// The common cases by far, of a row that was not there: it is only inserted, or one change stands
  /// above what the batch began with, and nothing of that is overwritten.
  ///
  /// - Returns: whether it was one of these.
  private mutating func mergePlain(
    _ delta: RowDelta, _ layers: UnsafeBufferPointer<RowLayer>,
    _ cells: UnsafeBufferPointer<Cell>
  ) -> Bool {
    guard delta.layers.count <= 1 else { return false }
    let floor = delta.floor
    let newest = layers[delta.layers].first
    isFloorRaised = floor != nil
    eventTime = floor.map { $0.kind != .delete } == true ? delta.eventTime : .min
    kept = ColumnSet()
    if let floor, floor.kind == .insert, newest.map({ $0.rank == floor.rank }) ?? true {
      if let newest { write(newest, cells) }
      file = delta.floorFile
      state = RowState(last: floor.rank, floor: floor, shape: ColumnSet())
      return true
    }
    guard let newest, floor.map({ $0.rank < newest.rank }) ?? true else { return false }
    write(newest, cells)
    file = newest.file
    let isSame =
      lastShape.count == written.count && written.allSatisfy { lastShape.contains($0.column) }
    if !isSame { lastShape = ColumnSet(written.lazy.map(\.column)) }
    state = RowState(last: newest.rank, floor: floor, shape: lastShape)
    return true
  }

  /// Whether a change counts, being at or above a floor.
  private func counts(_ rank: Rank, above floor: RowState.Floor?) -> Bool {
    guard let floor else { return true }
    return floor.kind == .delete ? isBefore(floor.rank, rank) : !isBefore(rank, floor.rank)
  }

  private func isBefore(_ left: Rank, _ right: Rank) -> Bool {
    left.isBefore(right, inParallel: isParallel)
  }

  /// The newer of two floors; of equal ranks (which a well-made batch does not hold) the one of the
  /// higher kind, so that the order in which they come does not matter.
  private func newest(_ left: RowState.Floor?, _ right: RowState.Floor?) -> RowState.Floor? {
    guard let left else { return right }
    guard let right else { return left }
    if left.rank != right.rank { return isBefore(left.rank, right.rank) ? right : left }
    return left.kind.rawValue < right.kind.rawValue ? right : left
  }

  private mutating func write(_ layer: RowLayer, _ cells: UnsafeBufferPointer<Cell>) {
    for index in layer.cells {
      let column = Int(cells[index].column)
      precondition(column < columnCount, "a cell names a column that the collection lacks")
      if column != idColumn { written.append(Written(column: column, cell: index)) }
    }
  }

  /// Takes up the stored columns that the floor leaves.
  private mutating func collect(_ stored: RowState?, floor: RowState.Floor?) {
    guard let stored else { return }
    if !stored.shape.isEmpty, counts(stored.last, above: floor) {
      for column in stored.shape.columns {
        add(Entry(column: column, cell: -1, rank: stored.last))
      }
    }
    for known in stored.columnRanks where counts(known.rank, above: floor) {
      add(Entry(column: known.column, cell: -1, rank: known.rank))
    }
  }

  /// Takes up those columns of a layer that nothing newer has written.
  private mutating func collect(
    _ layer: RowLayer, _ cells: UnsafeBufferPointer<Cell>, floor: RowState.Floor?
  ) {
    for index in layer.cells {
      let column = Int(cells[index].column)
      precondition(column < columnCount, "a cell names a column that the collection lacks")
      if column == idColumn { continue }
      let known = Int(entryOfColumn[column])
      if known < 0 {
        // An insert that is stored has already given every column that no later change wrote.
        if !isFloorRaised, let floor, floor.kind == .insert, layer.rank == floor.rank { continue }
        add(Entry(column: column, cell: index, rank: layer.rank))
      } else if isBefore(entries[known].rank, layer.rank) {
        entries[known].cell = index
        entries[known].rank = layer.rank
      }
    }
  }

  private mutating func add(_ entry: Entry) {
    precondition(entry.column < columnCount, "a row's state names a column that does not exist")
    entryOfColumn[entry.column] = Int32(entries.count)
    entries.append(entry)
  }

  /// The newest change that counts, and where it came from; nil when there is none at all.
  private mutating func last(
    _ stored: RowState?, _ newest: RowLayer?, _ delta: RowDelta, floor: RowState.Floor?
  ) -> Rank? {
    var last = floor?.rank
    file = floor == delta.floor && isFloorRaised ? delta.floorFile : isFloorRaised ? 0 : nil
    if let stored, counts(stored.last, above: floor) || stored.floor == floor,
      last.map({ !isBefore(stored.last, $0) }) ?? true
    {
      last = stored.last
      file = nil
    }
    if let newest, counts(newest.rank, above: floor),
      last.map({ isBefore($0, newest.rank) }) ?? true
    {
      last = newest.rank
      file = newest.file
    }
    return last
  }

  private mutating func makeState(last: Rank, floor: RowState.Floor?, closed: Rank?) {
    entries.sort { $0.column < $1.column }
    state = RowState(last: last, floor: floor, shape: ColumnSet())
    for entry in entries {
      if entry.cell >= 0 {
        written.append(Written(column: entry.column, cell: entry.cell))
      } else if isFloorRaised {
        kept.insert(entry.column)
      }
      // A whole insert stands for all of its columns; an incomplete one must name those it knew.
      if let floor, floor.kind == .insert, entry.rank == floor.rank { continue }
      if entry.rank == last {
        state.shape.insert(entry.column)
      } else if floor?.kind == .insert, let closed, entry.rank.isClosed(by: closed) {
        // No change can come between the floor and this one any more.
        continue
      } else {
        state.columnRanks.append(RowState.ColumnRank(column: entry.column, rank: entry.rank))
      }
    }
  }

  private func outcome(stored: RowState?) -> Outcome {
    if let stored, stored == state { return .unchanged }
    return state.isLive ? .live : .dead
  }

  /// Makes the scratch memory ready for the next row.
  private mutating func forget(_ outcome: Outcome) -> Outcome {
    for entry in entries { entryOfColumn[entry.column] = -1 }
    entries.removeAll(keepingCapacity: true)
    return outcome
  }
}
