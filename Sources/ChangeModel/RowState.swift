/// What a row remembers so that a change can come late: enough to merge any change in any order.
///
/// A column's value stems from the newest change that named it, unless the floor is newer. Ranks of
/// columns are kept as few as possible: those in ``shape`` stand at ``last``, those in
/// ``columnRanks`` at their own rank, all others at the floor. Stored in `_position`, which begins
/// with ``last``; the state of a deleted row is its tombstone.
package struct RowState: Sendable, Hashable {
  /// The last insert or delete of a key: nothing older shines through it.
  @frozen @usableFromInline
  package struct Floor: Sendable, Hashable {
    /// What the floor is.
    @frozen @usableFromInline
    package enum Kind: UInt8, Sendable {
      /// The row began here with every column known: those not named are NULL.
      case insert = 1
      /// The row ended here.
      case delete = 2
      /// The row came here from another key, and not all of its columns were known there.
      case incompleteInsert = 3
    }
    /// What the floor is.
    @usableFromInline package var kind: Kind
    /// When it was.
    @usableFromInline package var rank: Rank

    /// Makes a floor.
    @inlinable
    package init(kind: Kind, rank: Rank) {
      self.kind = kind
      self.rank = rank
    }
  }

  /// A column that a change older than ``RowState/last`` wrote, above the floor.
  package struct ColumnRank: Sendable, Hashable {
    /// The column's index in its collection.
    package var column: Int
    /// The rank of the change that wrote it.
    package var rank: Rank

    /// Makes one.
    package init(column: Int, rank: Rank) {
      self.column = column
      self.rank = rank
    }
  }

  /// In which logs a key changed: this decides how its changes are ordered.
  package enum Lineages: Sendable, Hashable {
    /// In one of each phase, and no later change had an earlier time.
    case one
    /// In one of each phase, but times fell while positions rose. Should a second lineage come, time
    /// decides, and other changes may win than those that the row remembers: it must be refolded.
    case oneWithFallingTimes
    /// In several lineages of one phase; see ``Rank/isBefore(_:inParallel:)``. Holds the newest change
    /// of each lineage, but that of ``RowState/last``, that has the phase of that one; ascending by
    /// lineage.
    case parallel([Rank])

    /// Whether the key changed in two lineages of one phase.
    package var areParallel: Bool {
      if case .parallel = self { true } else { false }
    }
  }

  /// The newest change of the row.
  package var last: Rank
  /// Its last insert or delete; nil for a row known only from updates.
  package var floor: Floor?
  /// The columns whose values stem from ``last``.
  package var shape: ColumnSet
  /// The columns that older changes wrote above the floor, ascending by column; of an incomplete
  /// insert also those that it knew itself, at the floor's own rank.
  package var columnRanks: [ColumnRank]
  /// In which logs the key changed.
  package var lineages: Lineages

  /// Makes a state of its parts.
  package init(
    last: Rank, floor: Floor?, shape: ColumnSet, columnRanks: [ColumnRank] = [],
    lineages: Lineages = .one
  ) {
    self.last = last
    self.floor = floor
    self.shape = shape
    self.columnRanks = columnRanks
    self.lineages = lineages
  }

  /// Whether there is a row: it was not deleted, or was touched since.
  package var isLive: Bool {
    guard let floor, floor.kind == .delete else { return true }
    return floor.rank.isBefore(last, inParallel: lineages.areParallel)
  }

  /// Whether some columns of the row may be unknown, because its insert was never seen.
  package var isIncomplete: Bool { floor?.kind != .insert }

  /// The rank that a column's value has; nil when nothing is known of the column. A whole insert
  /// knows every column: those that it does not name are NULL.
  package func rank(ofColumn column: Int) -> Rank? {
    if shape.contains(column) { return last }
    if let written = columnRanks.first(where: { $0.column == column }) { return written.rank }
    guard let floor, floor.kind == .insert else { return nil }
    return floor.rank
  }
}

extension RowState {
  /// A set of columns as a state has it. Not copied: cores that count one's references wait for each
  /// other.
  package struct EncodedShape: ~Copyable, Sendable {
    /// The columns.
    package let columns: ColumnSet
    fileprivate let isPrefix: Bool
    fileprivate let bytes: [UInt8]

    /// Encodes a set.
    package init(_ columns: ColumnSet) {
      self.columns = columns
      var bytes: [UInt8] = []
      isPrefix = RowState.append(columns, to: &bytes)
      self.bytes = bytes
    }
  }

  /// Appends a set of columns.
  ///
  /// - Returns: whether they are the first so many: then that number was appended.
  private static func append(_ columns: ColumnSet, to bytes: inout [UInt8]) -> Bool {
    if let count = columns.prefixCount {
      Rank.append(UInt64(count), to: &bytes)
      return true
    }
    Rank.append(UInt64(columns.words.count), to: &bytes)
    for word in columns.words { Rank.append(word, to: &bytes) }
    return false
  }

  /// Appends the state of a row as ``encode(into:)`` does, where all of its values stem from ``last``
  /// or from the floor, and the key changed in one lineage.
  ///
  /// - Parameters:
  ///   - floor: nil where ``last`` is the floor, or there is none.
  ///   - shape: the columns of ``last``; of a floor they are not told, since it stands for all.
  package static func encode(
    last: Rank, kind: Floor.Kind?, floor: Rank?, shape: borrowing EncodedShape,
    into bytes: inout [UInt8]
  ) {
    last.encode(into: &bytes)
    var tag = kind?.rawValue ?? 0
    if kind != nil, floor == nil {
      bytes.append(tag | 4 | 8)
      return Rank.append(0, to: &bytes)
    }
    if shape.isPrefix { tag |= 8 }
    bytes.append(tag)
    if let floor { floor.encode(into: &bytes) }
    bytes.append(contentsOf: shape.bytes)
  }

  /// Appends the state as bytes that begin with the encoded ``last``.
  package func encode(into bytes: inout [UInt8]) {
    last.encode(into: &bytes)
    let isFloorLast = floor?.rank == last
    var tag = floor?.kind.rawValue ?? 0
    if isFloorLast { tag |= 4 }
    if !columnRanks.isEmpty { tag |= 16 }
    switch lineages {
    case .one: break
    case .oneWithFallingTimes: tag |= 32
    case .parallel: tag |= 64
    }
    let tagPlace = bytes.count
    bytes.append(tag)
    if let floor, !isFloorLast { floor.rank.encode(into: &bytes) }
    if Self.append(shape, to: &bytes) { bytes[tagPlace] |= 8 }
    if !columnRanks.isEmpty {
      Rank.append(UInt64(columnRanks.count), to: &bytes)
      for entry in columnRanks {
        Rank.append(UInt64(entry.column), to: &bytes)
        entry.rank.encode(into: &bytes)
      }
    }
    if case .parallel(let others) = lineages {
      Rank.append(UInt64(others.count), to: &bytes)
      for rank in others { rank.encode(into: &bytes) }
    }
  }

  /// Reads a state that ``encode(into:)`` wrote; nil when the bytes are not of this form.
  package init?(decoding bytes: UnsafeRawBufferPointer) {
    var offset = 0
    guard let last = Rank(decoding: bytes, at: &offset), offset < bytes.count else { return nil }
    let tag = bytes[offset]
    offset += 1
    var floor: Floor?
    if let kind = Floor.Kind(rawValue: tag & 3) {
      if tag & 4 != 0 {
        floor = Floor(kind: kind, rank: last)
      } else {
        guard let rank = Rank(decoding: bytes, at: &offset) else { return nil }
        floor = Floor(kind: kind, rank: rank)
      }
    }
    guard let shapeCount = Rank.read(bytes, &offset), shapeCount <= 1 << 16 else { return nil }
    var shape = ColumnSet()
    if tag & 8 != 0 {
      shape = ColumnSet(first: Int(shapeCount))
    } else {
      for index in 0..<Int(shapeCount) {
        guard let word = Rank.read(bytes, &offset) else { return nil }
        for bit in 0..<64 where word >> UInt64(bit) & 1 == 1 { shape.insert(index * 64 + bit) }
      }
    }
    var columnRanks: [ColumnRank] = []
    if tag & 16 != 0 {
      guard let count = Rank.read(bytes, &offset) else { return nil }
      for _ in 0..<count {
        guard let column = Rank.read(bytes, &offset), column <= 1 << 16,
          let rank = Rank(decoding: bytes, at: &offset)
        else { return nil }
        columnRanks.append(ColumnRank(column: Int(column), rank: rank))
      }
    }
    guard let lineages = Lineages(decoding: bytes, at: &offset, tag: tag) else { return nil }
    self.init(
      last: last, floor: floor, shape: shape, columnRanks: columnRanks, lineages: lineages)
  }
}

extension RowState.Lineages {
  /// Reads what stands behind the rest of a state; nil when the bytes are not of this form.
  fileprivate init?(decoding bytes: UnsafeRawBufferPointer, at offset: inout Int, tag: UInt8) {
    guard tag & 64 != 0 else {
      self = tag & 32 != 0 ? .oneWithFallingTimes : .one
      return
    }
    guard let count = Rank.read(bytes, &offset) else { return nil }
    var others: [Rank] = []
    for _ in 0..<count {
      guard let rank = Rank(decoding: bytes, at: &offset) else { return nil }
      others.append(rank)
    }
    self = .parallel(others)
  }
}
