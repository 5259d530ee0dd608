import ChangeModel
import CollectionStore
import Sequencing

/// Computes the versions of rows from the changes that their history keeps.
struct HistoryFold: Sendable {
  private let collection: Int64
  private let untracked: ColumnSet
  private let floors: [Rank]
  private let knownAt: Int64
  /// Keys that were done together with another that moves link them to.
  private var done: Set<[UInt8]> = []

  init(_ addition: HistoryAddition) {
    collection = addition.collection
    untracked = addition.untracked
    floors = addition.floors
    knownAt = addition.knownAt
  }

  /// Brings the versions of these rows, and of those that moves link to them, up to date.
  mutating func refresh(_ ids: [[UInt8]], in store: CollectionStore) throws {
    let hasMoves = try store.hasLoggedMoves(collection)
    var versions = emptyBatch
    for id in ids where !done.contains(id) {
      var family: Set<[UInt8]> = [id]
      if hasMoves { family = try store.changeFamily(of: id, collection: collection) }
      if family.count > 1 { done.formUnion(family) }
      var log = ChangeLogBatch(collection: collection)
      for id in family { try store.appendChanges(of: id, to: &log) }
      try CellBuffer.checkSize(of: log.buffer.bytes)
      append(versionsOf: family, log, to: &versions)
      if versions.versions.count >= 4096 || versions.buffer.bytes.count >= 4 << 20 {
        try store.apply(versions)
        versions = emptyBatch
      }
    }
    try store.apply(versions)
  }

  /// Folds changes into the rows that they leave.
  ///
  /// - Parameter floor: below it nothing counts; nil for nothing.
  /// - Returns: the rows, and what ordered the changes.
  static func rows(
    of log: ChangeLogBatch, above floor: Rank?
  ) -> (fold: SerialFold, order: RowDelta.Order) {
    var fold = SerialFold()
    fold.bytes = log.buffer.bytes
    var changes = log.changes.filter { change in floor.map { change.rank > $0 } ?? true }
    let order = changes.sortChanges { $0.rank }
    for change in changes {
      let id = log.bytes(change.id)
      let cells = log.buffer.cells[change.cells]
      if let oldID = change.oldID {
        fold.move(
          from: log.bytes(oldID), to: id, rank: change.rank, file: change.file, cells: cells)
      } else {
        fold.apply(
          change.operation, id: id, rank: change.rank, file: change.file,
          eventTime: change.rank.eventTime, cells: cells)
      }
    }
    return (fold, order)
  }

  private var emptyBatch: VersionBatch {
    VersionBatch(collection: collection, untracked: untracked, knownAt: knownAt)
  }

  private func append(
    versionsOf family: Set<[UInt8]>, _ log: ChangeLogBatch, to batch: inout VersionBatch
  ) {
    var fold = VersionFold(
      bytes: log.buffer.bytes, untracked: untracked, floors: floors)
    var changes = log.changes
    changes.sortChanges { $0.rank }
    for change in changes {
      fold.apply(
        change.operation, id: log.bytes(change.id), oldID: change.oldID.map { log.bytes($0) },
        rank: change.rank, file: change.file, cells: log.buffer.cells[change.cells])
    }
    var rest = family
    var start = batch.versions.count
    let versions = fold.finish()
    for (index, version) in versions.enumerated() {
      batch.append(version, texts: fold.bytes)
      if index + 1 < versions.count, versions[index + 1].id == version.id { continue }
      batch.rows.append((version.id, start..<batch.versions.count))
      rest.remove(version.id)
      start = batch.versions.count
    }
    // A row that turns out never to have been loses the versions that it had.
    for id in rest { batch.rows.append((id, start..<start)) }
  }
}

extension ChangeLogBatch {
  fileprivate func bytes(_ range: ByteRange) -> [UInt8] { Array(buffer.bytes[range.indices]) }
}

extension VersionBatch {
  fileprivate mutating func append(_ version: VersionFold.Version, texts: [UInt8]) {
    let first = buffer.cells.count
    for cell in version.cells {
      buffer.cells.append(cell.copied(from: texts, to: &buffer.bytes))
    }
    versions.append(
      RowVersion(
        from: version.from, to: version.to,
        operation: version.isMove ? "move" : version.operation.word, file: version.file,
        eventTime: version.eventTime, cells: first..<buffer.cells.count))
  }
}
