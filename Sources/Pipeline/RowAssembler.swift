import ChangeModel
import CollectionStore
import Hashing
import Sequencing

/// Builds the rows of one collection: for every key, the values that its changes leave.
struct RowAssembler: ~Copyable {
  private let ordered: OrderedChanges
  private let rowIDs: RowIDs
  private let collection: Int64
  private let fileIDs: [Int64]
  /// Keys that are written otherwise.
  private let excluded: Set<[UInt8]>
  private var fold = KeyFold()
  /// For each column, the number of the key that last wrote it: which newer change has it already.
  private var writtenFor: [Int]
  /// The number of the key at hand.
  private var key = 0
  /// Makes records of the rows, where they are to be loaded.
  private var packer: RowPacker?
  /// Of each decoder, the plan of the changes that were packed last: mostly the next have the same.
  /// ``plans`` keeps them: to count who does costs as much as to find one, and is done for each row.
  private var lastPlans: [Unmanaged<RecordPlan>?] = []
  /// Nil for values that come in another order.
  private var plans: [ValueStore.Layout: RecordPlan?] = [:]
  private var idBytes: [UInt8] = []

  /// The changes of a key are asked for when it is so many keys away, and its values when half as many.
  private static let keysAhead = 32

  /// No row is added where there are so many bytes of texts and records.
  private static let byteLimit = 4 << 20

  /// Makes an assembler of the released changes of one collection.
  ///
  /// - Parameters:
  ///   - fileIDs: the manifest's id by file slot.
  ///   - excluded: `_id`s of keys that are left out.
  ///   - loaded: the collection, where its rows are packed to be loaded.
  init(
    _ ordered: OrderedChanges, rowIDs: RowIDs, collection: Int64, columnCount: Int,
    fileIDs: [Int64], excluded: Set<[UInt8]>, for loaded: Collection?
  ) {
    self.ordered = ordered
    self.rowIDs = rowIDs
    self.collection = collection
    self.fileIDs = fileIDs
    self.excluded = excluded
    writtenFor = Array(repeating: -1, count: columnCount)
    packer = loaded.map { RowPacker($0) }
  }

  /// From now on rows are not packed. Keys that were assembled before may be again.
  mutating func stopPacking() {
    if packer == nil { return }
    packer = nil
    writtenFor = Array(repeating: -1, count: writtenFor.count)
  }

  /// Assembles the rows of keys, as many as make a batch.
  ///
  /// - Parameters:
  ///   - keys: by their place in the order of ``RowIDs``; those that are done are taken away.
  ///   - rows: what they held is gone.
  ///   - isLimited: whether it ends when there is enough; else all keys' rows are assembled.
  mutating func assemble(
    _ keys: inout Range<Int>, into rows: inout AssembledRows.Content, reading reader: ValueReader,
    isLimited: Bool = true
  ) throws {
    let start = keys.lowerBound
    rows.removeAll()
    rows.batch.collection = collection
    rows.isPacked = packer != nil
    while !keys.isEmpty, !isLimited || rows.byteCount < Self.byteLimit {
      key = keys.lowerBound
      prefetch(keys, reading: reader)
      keys = key + 1..<keys.upperBound
      let group = rowIDs.group(key, of: ordered)
      let id = rowIDs.id(key, of: ordered)
      if !excluded.isEmpty, excluded.contains(id.bytes(of: ordered)) {
        try compareDoubles(group, id: id, to: &rows.batch, reading: reader)
        continue
      }
      fold.fold(group, of: ordered)
      rows.repeats += fold.repeats
      if packer != nil, try packPlain(id, into: &rows.packed, reading: reader) { continue }
      try append(group, id: id, to: &rows, reading: reader)
      if packer != nil, let row = rows.batch.rows.last {
        packer?.pack(row, of: rows.batch, into: &rows.packed)
      }
    }
    if packer != nil {
      for conflict in rows.batch.conflicts {
        packer?.pack(conflict, of: rows.batch, into: &rows.packed)
      }
    }
    rows.keys = start..<keys.lowerBound
  }

  /// Asks for what the rows of keys need that come soon.
  private func prefetch(_ keys: Range<Int>, reading reader: ValueReader) {
    let far = keys.lowerBound + Self.keysAhead
    if far < keys.upperBound { ordered.prefetchChanges(of: rowIDs.group(far, of: ordered)) }
    let near = keys.lowerBound + Self.keysAhead / 2
    if near < keys.upperBound {
      reader.prefetch(ordered.prefetchKey(of: rowIDs.group(near, of: ordered)))
    }
  }

  /// Packs the row of the key that was folded, where one change tells all of its values: without
  /// cells and layers, which are dearer than all the rest.
  ///
  /// - Returns: whether it was such a row.
  private mutating func packPlain(
    _ id: RowIDs.ID, into packed: inout PackedRows, reading reader: ValueReader
  ) throws -> Bool {
    guard packer?.takesPlainRows == true, fold.needed.count <= 1, fold.order == .log,
      fold.doubles.isEmpty
    else { return false }
    guard let newest = fold.needed.first else { return packDeleted(id, into: &packed) }
    guard newest.valueCount > 0 else { return false }
    let (values, layout) = try reader.values(of: newest)
    guard let plan = plan(for: layout, reading: reader) else { return false }
    let (last, kind, time) = (ordered.rank(of: newest), floorKind, eventTime)
    var floor: Rank?
    if newest.operation != .insert { floor = fold.floor.map { ordered.rank(of: $0) } }
    if floor == last { floor = nil }
    setIDBytes(id)
    idBytes.withUnsafeBytes { id in
      let row = RowPacker.PlainRow(
        id: id, last: last, floor: kind, floorRank: floor, eventTime: time,
        file: fileIDs[Int(newest.file)])
      plan._withUnsafeGuaranteedRef { plan in
        packer?.pack(row, columns: plan.columns, into: &packed) { plan.add(values, to: &$0) }
      }
    }
    return true
  }

  /// Packs what is left of the key that was folded where no change's values are needed: its deletion.
  ///
  /// - Returns: whether that is so.
  private mutating func packDeleted(_ id: RowIDs.ID, into packed: inout PackedRows) -> Bool {
    guard let floor = fold.floor else { return false }
    setIDBytes(id)
    idBytes.withUnsafeBytes { id in
      packer?.pack(deleted: id, last: ordered.rank(of: floor), into: &packed)
    }
    return true
  }

  private mutating func setIDBytes(_ id: RowIDs.ID) {
    idBytes.removeAll(keepingCapacity: true)
    id.append(to: &idBytes, of: ordered)
  }

  /// What the last insert or delete of the key is that was folded.
  private var floorKind: RowState.Floor.Kind? {
    fold.floor.map { $0.operation == .delete ? .delete : .insert }
  }

  /// The last insert or delete of the key that was folded.
  private var floor: RowState.Floor? {
    guard let change = fold.floor, let kind = floorKind else { return nil }
    return RowState.Floor(kind: kind, rank: ordered.rank(of: change))
  }

  /// When that was, where it is an insert; else `Int64.min`.
  private var eventTime: Int64 {
    fold.floor.map { $0.operation == .insert ? $0.eventTime : .min } ?? .min
  }

  /// How the values of changes are packed; nil where they come in another order than the columns.
  private mutating func plan(
    for layout: ValueStore.Layout, reading reader: ValueReader
  ) -> Unmanaged<RecordPlan>? {
    while lastPlans.count <= layout.decoder { lastPlans.append(nil) }
    if let last = lastPlans[layout.decoder],
      last._withUnsafeGuaranteedRef({ $0.layout == layout })
    {
      return last
    }
    if plans[layout] == nil {
      plans[layout] = .some(
        RecordPlan(
          for: layout, of: reader.columns(of: layout), columnCount: writtenFor.count,
          idColumn: packer?.idColumn ?? -1))
    }
    let plan = plans[layout].flatMap { $0 }.map { Unmanaged.passUnretained($0) }
    lastPlans[layout.decoder] = plan
    return plan
  }

  /// Adds the row of the key that was folded to the batch.
  private mutating func append(
    _ group: OrderedChanges.Group, id: RowIDs.ID, to rows: inout AssembledRows.Content,
    reading reader: ValueReader
  ) throws {
    let idStart = rows.batch.buffer.bytes.count
    id.append(to: &rows.batch.buffer.bytes, of: ordered)
    let idRange = ByteRange(offset: idStart, count: rows.batch.buffer.bytes.count - idStart)
    let firstLayer = rows.batch.layers.count
    for change in fold.needed {
      let cells = try reader.appendValues(of: change, to: &rows.batch.buffer)
      // Of one change alone nothing is overwritten.
      let kept =
        fold.needed.count == 1
        ? cells
        : keepUnwritten(
          cells, of: &rows.batch.buffer, isNewest: rows.batch.layers.count == firstLayer)
      rows.batch.layers.append(
        RowLayer(rank: ordered.rank(of: change), file: fileIDs[Int(change.file)], cells: kept))
    }
    rows.batch.rows.append(
      RowDelta(
        id: idRange, floor: floor,
        eventTime: eventTime,
        floorFile: fold.floor.map { fileIDs[Int($0.file)] } ?? 0,
        layers: firstLayer..<rows.batch.layers.count))
    guard !fold.doubles.isEmpty || fold.order != .log else { return }
    rows.batch.rows[rows.batch.rows.count - 1].order = fold.order
    if fold.order == .time { try appendLineages(of: group, to: &rows.batch, reading: reader) }
    for double in fold.doubles
    where try differ(double.won, double.lost, id: idRange, kind: .position, &rows.batch, reader) {
      if double.won.operation == double.lost.operation { rows.repeats -= 1 }
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
