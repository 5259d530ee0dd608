import ChangeModel

/// A change that may be another copy of one that is stored: it has its place in the log, or its time
/// in a lineage beside.
///
/// Only the newest change of a row, and its floor, are known well enough to be compared with. Two
/// different changes of which a newer one has hidden both before the second came are not found.
struct DoubleChange {
  /// What a change does, as far as a row remembers it.
  private enum Operation {
    case insert, write, delete
    /// The insert of a row that came from another key: what it named is not told from what the row
    /// brought along.
    case move
  }

  /// What would be undecidable if both differ.
  var kind: RowConflict.Kind
  /// The change that came, and its file.
  var rank: Rank
  var file: Int64
  /// The change that is stored.
  var storedRank: Rank
  private var operation: Operation
  private var storedOperation: Operation
  /// Its cells; nil where none are left.
  private var layer: RowLayer?
  /// Whether these are all that it names: no newer change of the batch took some away.
  private var isWhole: Bool

  /// The doubles among the changes of a row.
  static func all(
    in row: RowDelta, of stored: RowState, layers: UnsafeBufferPointer<RowLayer>
  ) -> [DoubleChange] {
    var doubles: [DoubleChange] = []
    func compare(_ rank: Rank, _ file: Int64) {
      if rank.isDouble(of: stored.last) {
        doubles.append(.init(.position, rank, file, stored.last, row, stored, layers))
      } else if let floor = stored.floor, rank.isDouble(of: floor.rank) {
        doubles.append(.init(.position, rank, file, floor.rank, row, stored, layers))
      }
    }
    if let floor = row.floor { compare(floor.rank, row.floorFile) }
    for layer in layers[row.layers] where layer.rank != row.floor?.rank {
      compare(layer.rank, layer.file)
    }
    if let newest = row.newest(layers), newest.rank.isTwin(of: stored.last) {
      doubles.append(.init(.lineages, newest.rank, newest.file, stored.last, row, stored, layers))
    }
    return doubles
  }

  private init(
    _ kind: RowConflict.Kind, _ rank: Rank, _ file: Int64, _ storedRank: Rank, _ row: RowDelta,
    _ stored: RowState, _ layers: UnsafeBufferPointer<RowLayer>
  ) {
    self.kind = kind
    self.rank = rank
    self.file = file
    self.storedRank = storedRank
    operation = Self.operation(at: rank, floor: row.floor)
    storedOperation = Self.operation(at: storedRank, floor: stored.floor)
    layer = layers[row.layers].first { $0.rank == rank }
    isWhole = layers[row.layers].first?.rank == rank
  }

  private static func operation(at rank: Rank, floor: RowState.Floor?) -> Operation {
    guard let floor, floor.rank == rank else { return .write }
    switch floor.kind {
    case .insert: return .insert
    case .delete: return .delete
    case .incompleteInsert: return .move
    }
  }

  /// Whether it is another change than the stored one.
  ///
  /// - Parameters:
  ///   - known: the row; nil where there is none.
  ///   - cells: those that the layers refer to, with the bytes of texts.
  func differs(
    from known: StoredRow?, state: RowState, cells: UnsafeBufferPointer<Cell>,
    bytes: UnsafeRawBufferPointer, idColumn: Int
  ) -> Bool {
    if operation == .move || storedOperation == .move { return false }
    if operation != storedOperation { return true }
    guard operation != .delete, let known, let layer else { return false }
    var named = ColumnSet()
    for cell in cells[layer.cells] where Int(cell.column) != idColumn {
      named.insert(Int(cell.column))
      if state.rank(ofColumn: Int(cell.column)) == storedRank {
        guard let other = known.values.cells.first(where: { $0.column == cell.column }),
          other.isSame(as: cell, known.values.bytes, bytes)
        else { return true }
      } else if storedRank == state.last {
        return true
      }
    }
    guard isWhole else { return false }
    return known.values.cells.contains { cell in
      let column = Int(cell.column)
      return state.rank(ofColumn: column) == storedRank && !named.contains(column)
        && (operation == .write || cell.kind != .null)
    }
  }
}

extension Rank {
  /// Whether it is of the log, and not of a snapshot.
  var isOfLog: Bool { phase & 1 == 1 }

  /// The place in the log, without what breaks ties.
  var encodedPlace: [UInt8] {
    var rank = Rank.lowest
    rank.phase = phase
    rank.lineage = lineage
    rank.position = position
    return rank.encoded
  }

  /// The time, in a form of its own.
  var encodedTime: [UInt8] {
    withUnsafeBytes(of: eventTime.bigEndian) { Array($0) }
  }

  /// Another record of the same place.
  fileprivate func isDouble(of other: Rank) -> Bool {
    position == other.position && isSamePlace(as: other) && position != .zero
      && (ordinal != other.ordinal || series != other.series)
  }

  /// A record of the same time in a lineage beside.
  fileprivate func isTwin(of other: Rank) -> Bool {
    eventTime == other.eventTime && isParallel(to: other) && isOfLog
  }
}

extension Cell {
  /// Whether both have one value, whatever column.
  func isSame(as other: Cell, _ bytes: [UInt8], _ otherBytes: UnsafeRawBufferPointer) -> Bool {
    guard kind == other.kind, bits == other.bits else { return false }
    return kind != .text || bytes[text.indices].elementsEqual(otherBytes[other.text.indices])
  }
}

extension RowDelta {
  /// The newest change, and its file; nil where there is none.
  func newest(_ layers: UnsafeBufferPointer<RowLayer>) -> (rank: Rank, file: Int64)? {
    let layer = layers[self.layers].first.map { ($0.rank, $0.file) }
    guard let floor else { return layer }
    guard let layer, !layer.0.isBefore(floor.rank, inParallel: order == .time) else {
      return (floor.rank, floorFile)
    }
    return layer
  }
}
