import ChangeModel
import CollectionStore
import Sequencing

/// Writes the rows whose keys are linked by moves, which no merge of single keys can express.
///
/// Where a component's changes all come after what is stored, they are applied to the stored rows,
/// one after another. Otherwise the component is refolded: recomputed from every file that the
/// manifest names. Either way the rows that come out are the whole truth of their keys.
struct LinkedRows {
  /// `_id`s that were dealt with here; the other rows of the collection are merged as usual.
  private(set) var handled: Set<[UInt8]> = []
  /// What to write, with `.replace`.
  private(set) var batch: RowBatch
  /// The moves to remember.
  private(set) var moves: [KeyMove] = []

  private let key: KeyRule
  /// The manifest's id by file slot; a refold adds files.
  var fileIDs: [Int64]

  init(collection: Int64, key: KeyRule, fileIDs: [Int64]) {
    batch = RowBatch(collection: collection)
    self.key = key
    self.fileIDs = fileIDs
  }

  /// A change of a component.
  struct Entry {
    var change: SequencedChange
    var rank: Rank
    var id: [UInt8]
    var oldID: [UInt8]?
  }

  /// The components among released changes that moves link, each in the order of ranks.
  ///
  /// - Parameters:
  ///   - floor: below it nothing counts, nor comes along with a move; nil for nothing.
  ///   - stored: moves that the store remembers and that late changes fall under.
  ///   - ids: keys that are wanted though no move may link them.
  static func components(
    of ordered: OrderedChanges, above floor: Rank?, key: KeyRule, stored: [KeyMove],
    ids: Set<[UInt8]> = []
  ) -> [Component] {
    var links = MoveComponents()
    for id in ids { links.link(id, id) }
    for move in stored { links.link(move.oldID, move.newID) }
    for change in ordered.queue.moves {
      links.link(
        RowIDs.id(ofKey: ordered.queue.oldKey(of: change), rule: key),
        RowIDs.id(ofKey: ordered.queue.key(of: change), rule: key))
    }
    guard !links.isEmpty else { return [] }
    var components: [[UInt8]: Component] = [:]
    for (root, ids) in links.components() { components[root] = Component(ids: ids) }
    for group in ordered.groups {
      let id = RowIDs.id(ofKey: ordered.key(of: group), rule: key)
      guard links.contains(id) else { continue }
      let root = links.root(of: id)
      for change in ordered.changes(of: group) {
        if let floor, ordered.rank(of: change) <= floor { continue }
        let oldID =
          change.isMove
          ? RowIDs.id(ofKey: ordered.queue.oldKey(of: change), rule: key) : nil
        components[root]?.entries.append(
          Entry(change: change, rank: ordered.rank(of: change), id: id, oldID: oldID))
      }
    }
    return components.values.map { component in
      var component = component
      component.sort()
      return component
    }
  }

  /// Folds a component, upon what is stored or from nothing, and adds its rows to the batch.
  ///
  /// - Parameter cause: of a refold, the manifest's id of the file that made it necessary; else 0.
  mutating func fold(
    _ component: Component, upon stored: [KnownKey], reading reader: ValueReader,
    cause: Int64 = 0
  ) throws {
    var fold = SerialFold()
    for row in stored { put(row, into: &fold) }
    var scratch = CellBuffer()
    for entry in component.entries {
      scratch.cells.removeAll(keepingCapacity: true)
      swap(&scratch.bytes, &fold.bytes)
      defer { swap(&scratch.bytes, &fold.bytes) }
      let isPlainDelete = entry.change.operation == .delete && entry.oldID == nil
      let cells = isPlainDelete ? 0..<0 : try reader.appendValues(of: entry.change, to: &scratch)
      apply(entry, cells: scratch.cells[cells], to: &fold)
    }
    let firstRow = batch.rows.count
    try take(fold, of: component.ids, order: component.order(after: stored.map(\.state)))
    for row in firstRow..<batch.rows.count {
      batch.rows[row].cause = cause
      try appendLineages(of: row, from: component, reading: reader)
    }
  }

  /// Takes rows that were folded from all changes of these keys.
  mutating func take(
    _ fold: SerialFold, of ids: some Sequence<[UInt8]>, order: RowDelta.Order = .log
  ) throws(IngestError) {
    fold.append(to: &batch, order: order)
    try CellBuffer.checkSize(of: fold.bytes)
    try CellBuffer.checkSize(of: batch.buffer.bytes)
    handled.formUnion(ids)
    moves += fold.moves.map { KeyMove(oldID: $0.old, rank: $0.rank, newID: $0.new) }
  }

  /// Leaves keys to the store as they are, though changes of them came.
  mutating func leave(_ ids: Set<[UInt8]>) {
    handled.formUnion(ids)
  }

  /// Tells the newest change of each lineage of a row whose component changed in several, and whether
  /// those of one time differ.
  private mutating func appendLineages(
    of row: Int, from component: Component, reading reader: ValueReader
  ) throws {
    guard batch.rows[row].order == .time else { return }
    let newest = component.newestOfLineages(Array(batch.buffer.bytes[batch.rows[row].id.indices]))
    let start = batch.layers.count
    for entry in newest {
      let file = fileIDs[Int(entry.change.file)]
      batch.layers.append(RowLayer(rank: entry.rank, file: file, cells: 0..<0))
      guard entry.rank.isParallel(to: newest[0].rank), entry.rank.phase & 1 == 1,
        entry.rank.eventTime == newest[0].rank.eventTime,
        try !reader.saySame(newest[0].change, entry.change)
      else { continue }
      batch.conflicts.append(
        RowConflict(
          id: batch.rows[row].id, kind: .lineages, rank: newest[0].rank,
          wonFile: fileIDs[Int(newest[0].change.file)], lostFile: file))
    }
    batch.rows[row].others = start..<batch.layers.count
  }

  private func put(_ known: KnownKey, into fold: inout SerialFold) {
    var row = SerialFold.Row()
    row.floor = known.state.floor
    if let stored = known.row {
      row.floorFile = stored.file
      row.eventTime = stored.eventTime ?? .min
      row.last = (known.state.last, stored.file)
      for cell in stored.values.cells {
        guard let rank = known.state.rank(ofColumn: Int(cell.column)) else { continue }
        let cell = cell.copied(from: stored.values.bytes, to: &fold.bytes)
        row.values[cell.column] = SerialFold.Value(cell: cell, rank: rank, file: stored.file)
      }
    }
    fold.put(row, id: known.id)
  }

  private func apply(_ entry: Entry, cells: ArraySlice<Cell>, to fold: inout SerialFold) {
    let file = fileIDs[Int(entry.change.file)]
    if let oldID = entry.oldID {
      fold.move(from: oldID, to: entry.id, rank: entry.rank, file: file, cells: cells)
    } else {
      fold.apply(
        entry.change.operation, id: entry.id, rank: entry.rank, file: file,
        eventTime: entry.change.eventTime, cells: cells)
    }
  }
}

/// What the store knows of one key.
struct KnownKey: Sendable {
  var id: [UInt8]
  var state: RowState
  /// The row; nil when there is only a tombstone.
  var row: StoredRow?

  /// Reads it; nil when the key was never seen.
  init?(_ id: [UInt8], collection: Int64, in store: CollectionStore) throws {
    guard let state = try store.state(of: id, collection: collection) else { return nil }
    self.id = id
    self.state = state
    row = try store.row(id, collection: collection)
  }
}
