import ChangeModel
import Hashing
import Sequencing

/// Builds the row batches of one collection: for every key, the values that its changes leave.
struct RowAssembler {
  /// How many changes repeated one at the same place of the log.
  private(set) var repeats = 0
  /// How many keys there are.
  let keyCount: Int

  private let ordered: OrderedChanges
  private let rowIDs: RowIDs
  private let collection: Int64
  private let fileIDs: [Int64]
  /// Keys that are written otherwise.
  private let excluded: Set<[UInt8]>
  private var fold = KeyFold()
  /// For each column, the number of the key that last wrote it: which newer change has it already.
  private var writtenFor: [Int]
  /// The keys whose changes were touched, up to here; see ``OrderedChanges/touch(_:)``.
  private var touchedEnd = 0
  private var touched: UInt64 = 0
  /// The number of the key at hand.
  private var key = 0

  /// The changes of so many keys are touched at a time.
  private static let touchedKeys = 32

  /// No row is added to a batch whose texts have so many bytes.
  private static let byteLimit = 4 << 20

  /// Makes an assembler of the released changes of one collection.
  ///
  /// - Parameters:
  ///   - fileIDs: the manifest's id by file slot.
  ///   - excluded: `_id`s of keys that are left out.
  init(
    _ ordered: OrderedChanges, rowIDs: RowIDs, collection: Int64, columnCount: Int,
    fileIDs: [Int64], excluded: Set<[UInt8]>
  ) {
    self.ordered = ordered
    self.rowIDs = rowIDs
    self.collection = collection
    self.fileIDs = fileIDs
    self.excluded = excluded
    keyCount = ordered.groups.count
    writtenFor = Array(repeating: -1, count: columnCount)
  }

  /// Adds the rows of keys to a batch, until it is full.
  ///
  /// - Parameter keys: by their place in the order of ``RowIDs``; those that are done are taken away.
  mutating func assemble(
    _ keys: inout Range<Int>, into batch: inout RowBatch, reading reader: ValueReader
  ) throws {
    batch.collection = collection
    while !keys.isEmpty, batch.buffer.bytes.count < Self.byteLimit {
      key = keys.lowerBound
      if !(touchedEnd - Self.touchedKeys..<touchedEnd).contains(key) { touch(keys) }
      keys = key + 1..<keys.upperBound
      let group = rowIDs.group(key, of: ordered)
      let id = rowIDs.id(key, of: ordered)
      if !excluded.isEmpty, excluded.contains(id.bytes(of: ordered)) {
        try compareDoubles(group, id: id, to: &batch, reading: reader)
        continue
      }
      try append(group, id: id, to: &batch, reading: reader)
    }
  }

  private mutating func touch(_ keys: Range<Int>) {
    let next = keys.prefix(Self.touchedKeys)
    touchedEnd = next.lowerBound + Self.touchedKeys
    for key in next { touched &+= ordered.touch(rowIDs.group(key, of: ordered)) }
  }

  private mutating func append(
    _ group: OrderedChanges.Group, id: RowIDs.ID, to batch: inout RowBatch,
    reading reader: ValueReader
  ) throws {
    fold.fold(group, of: ordered)
    repeats += fold.repeats
    let idStart = batch.buffer.bytes.count
    id.append(to: &batch.buffer.bytes, of: ordered)
    let idRange = ByteRange(offset: idStart, count: batch.buffer.bytes.count - idStart)
    let firstLayer = batch.layers.count
    for change in fold.needed {
      let cells = try reader.appendValues(of: change, to: &batch.buffer)
      // Of one change alone nothing is overwritten.
      let kept =
        fold.needed.count == 1
        ? cells
        : keepUnwritten(cells, of: &batch.buffer, isNewest: batch.layers.count == firstLayer)
      batch.layers.append(
        RowLayer(rank: ordered.rank(of: change), file: fileIDs[Int(change.file)], cells: kept))
    }
    var floor: RowState.Floor?
    if let change = fold.floor {
      floor = RowState.Floor(
        kind: change.operation == .delete ? .delete : .insert, rank: ordered.rank(of: change))
    }
    batch.rows.append(
      RowDelta(
        id: idRange, floor: floor,
        eventTime: fold.floor?.operation == .insert ? fold.floor?.eventTime ?? .min : .min,
        floorFile: fold.floor.map { fileIDs[Int($0.file)] } ?? 0,
        layers: firstLayer..<batch.layers.count))
    guard !fold.doubles.isEmpty || fold.order != .log else { return }
    batch.rows[batch.rows.count - 1].order = fold.order
    if fold.order == .time { try appendLineages(of: group, to: &batch, reading: reader) }
    for double in fold.doubles
    where try differ(double.won, double.lost, id: idRange, kind: .position, &batch, reader) {
      if double.won.operation == double.lost.operation { repeats -= 1 }
    }
  }

  /// Looks for conflicts among the changes of a key that is written otherwise.
  private mutating func compareDoubles(
    _ group: OrderedChanges.Group, id: RowIDs.ID, to batch: inout RowBatch,
    reading reader: ValueReader
  ) throws {
    fold.fold(group, of: ordered)
    if fold.doubles.isEmpty { return }
    let start = batch.buffer.bytes.count
    id.append(to: &batch.buffer.bytes, of: ordered)
    let range = ByteRange(offset: start, count: batch.buffer.bytes.count - start)
    for double in fold.doubles {
      _ = try differ(double.won, double.lost, id: range, kind: .position, &batch, reader)
    }
  }

  /// Tells the newest change of each lineage of a key that changed in several, and compares those of
  /// one time: they are copies of one change, or nobody knows which is right.
  private mutating func appendLineages(
    of group: OrderedChanges.Group, to batch: inout RowBatch, reading reader: ValueReader
  ) throws {
    let lineages = ordered.newestOfLineages(group)
    let start = batch.layers.count
    for change in lineages.dropFirst() {
      batch.layers.append(
        RowLayer(rank: ordered.rank(of: change), file: fileIDs[Int(change.file)], cells: 0..<0))
    }
    let row = batch.rows.count - 1
    batch.rows[row].others = start..<batch.layers.count
    for change in lineages.dropFirst() where change.eventTime == lineages[0].eventTime {
      let id = batch.rows[row].id
      _ = try differ(lineages[0], change, id: id, kind: .lineages, &batch, reader)
    }
  }

  /// Whether two records say different things of a row; then that is noted.
  private func differ(
    _ won: SequencedChange, _ lost: SequencedChange, id: ByteRange, kind: RowConflict.Kind,
    _ batch: inout RowBatch, _ reader: ValueReader
  ) throws -> Bool {
    if kind == .lineages, ordered.rank(of: won).phase & 1 == 0 { return false }
    if try reader.saySame(won, lost) { return false }
    batch.conflicts.append(
      RowConflict(
        id: id, kind: kind, rank: ordered.rank(of: won), wonFile: fileIDs[Int(won.file)],
        lostFile: fileIDs[Int(lost.file)]))
    return true
  }

  /// Drops the cells whose column a newer change of the key has written, and marks the others.
  private mutating func keepUnwritten(
    _ cells: Range<Int>, of buffer: inout CellBuffer, isNewest: Bool
  ) -> Range<Int> {
    var end = cells.lowerBound
    for index in cells {
      let column = Int(buffer.cells[index].column)
      if !isNewest && writtenFor[column] == key { continue }
      writtenFor[column] = key
      buffer.cells[end] = buffer.cells[index]
      end += 1
    }
    buffer.cells.removeSubrange(end..<cells.upperBound)
    return cells.lowerBound..<end
  }
}
