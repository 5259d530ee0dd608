package import ChangeModel

/// Folds the changes of keys serially, and notes every version that their rows had.
///
/// A version lasts while the row lives and its tracked columns stay the same. What happens at one
/// place of the log counts as one step, so that copies of a change, and a change that lost a
/// conflict, make no version.
package struct VersionFold: Sendable {
  /// A stretch of the log in which a row stayed the same.
  package struct Version: Sendable {
    /// The row's `_id`.
    package var id: [UInt8]
    /// The rank of the change that began it.
    package var from: Rank
    /// The rank of the change that ended it; nil while it lasts.
    package var to: Rank?
    /// What the change that began it did.
    package var operation: Operation
    /// Whether that change brought the row from another key.
    package var isMove: Bool
    /// That change's file.
    package var file: Int64
    /// The source's time of the row's insert; `Int64.min` for none.
    package var eventTime: Int64
    /// The values at its beginning, ascending by column; texts lie in ``VersionFold/bytes``.
    package var cells: [Cell]
  }

  /// The last change at a place of the log that touched a row.
  private struct Touch {
    var rank: Rank
    var operation: Operation
    var isMove: Bool
    var file: Int64
  }

  private var fold = SerialFold()
  private let untracked: ColumnSet
  /// The versions that last, by `_id`; their values are compared with what comes.
  private var lasting: [[UInt8]: Version] = [:]
  private var ended: [Version] = []
  /// What the place of the log at hand touched.
  private var touched: [[UInt8]: Touch] = [:]
  private var place: Rank?
  /// Where a snapshot replaces all that was before, and no change lies beyond yet; ascending.
  private var floors: ArraySlice<Rank>

  /// The bytes that texts lie in.
  package var bytes: [UInt8] { fold.bytes }

  /// Makes a fold in which no key is known.
  ///
  /// - Parameters:
  ///   - bytes: the bytes that the texts of all changes lie in.
  ///   - untracked: columns whose changes make no version.
  ///   - floors: where a snapshot replaces all that was before, ascending.
  package init(bytes: [UInt8], untracked: ColumnSet, floors: [Rank] = []) {
    fold.bytes = bytes
    self.floors = floors[...]
    self.untracked = untracked
  }

  /// Applies a change. The ranks of successive changes must rise.
  ///
  /// - Parameters:
  ///   - oldID: the `_id` that the row had before; nil where the change does not move it.
  ///   - cells: the values that it sets.
  package mutating func apply(
    _ operation: Operation, id: [UInt8], oldID: [UInt8]?, rank: Rank, file: Int64,
    cells: ArraySlice<Cell>
  ) {
    while let floor = floors.first, floor < rank { sink(floors.removeFirst()) }
    if let place, !(place.isSamePlace(as: rank) && rank.position != .zero) { settle() }
    place = rank
    let touch = Touch(rank: rank, operation: operation, isMove: oldID != nil, file: file)
    touched[id] = touch
    if let oldID {
      touched[oldID] = touch
      fold.move(from: oldID, to: id, rank: rank, file: file, cells: cells)
    } else {
      fold.apply(
        operation, id: id, rank: rank, file: file, eventTime: rank.eventTime, cells: cells)
    }
  }

  /// Ends the fold.
  ///
  /// - Returns: the versions, by `_id` and then oldest first.
  package mutating func finish() -> [Version] {
    settle()
    for floor in floors { sink(floor) }
    ended += lasting.values
    lasting = [:]
    // Those of one row ended one after the other.
    return ended.enumerated().sorted { left, right in
      left.element.id == right.element.id
        ? left.offset < right.offset
        : left.element.id.lexicographicallyPrecedes(right.element.id)
    }.map(\.element)
  }

  /// Ends every row where a snapshot begins that holds all there were.
  private mutating func sink(_ floor: Rank) {
    settle()
    for var version in lasting.values {
      version.to = floor
      ended.append(version)
    }
    lasting.removeAll()
    let bytes = fold.bytes
    fold = SerialFold()
    fold.bytes = bytes
  }

  /// Compares the rows that the place of the log touched with what they were before it.
  private mutating func settle() {
    for (id, touch) in touched {
      let row = fold.rows[id] ?? SerialFold.Row()
      if var version = lasting[id] {
        if row.isLive && isSame(version, row) { continue }
        version.to = touch.rank
        ended.append(version)
        lasting[id] = nil
      }
      guard row.isLive else { continue }
      lasting[id] = Version(
        id: id, from: touch.rank, to: nil, operation: touch.operation, isMove: touch.isMove,
        file: touch.file, eventTime: row.eventTime,
        cells: row.values.values.map(\.cell).sorted { $0.column < $1.column })
    }
    touched.removeAll(keepingCapacity: true)
  }

  /// Whether the tracked columns are as they were. Of a column that is unknown nothing shows but
  /// NULL.
  private func isSame(_ version: Version, _ row: SerialFold.Row) -> Bool {
    guard version.eventTime == row.eventTime else { return false }
    var matched = 0
    for cell in version.cells where isTracked(cell) {
      guard let now = row.values[cell.column]?.cell, isSame(cell, now) else { return false }
      matched += 1
    }
    return matched == row.values.values.count { isTracked($0.cell) }
  }

  private func isTracked(_ cell: Cell) -> Bool {
    cell.kind != .null && !untracked.contains(Int(cell.column))
  }

  private func isSame(_ left: Cell, _ right: Cell) -> Bool {
    guard left.kind == right.kind else { return false }
    guard left.kind == .text else { return left.bits == right.bits }
    return fold.bytes[left.text.indices] == fold.bytes[right.text.indices]
  }
}
