import ChangeModel
import CollectionStore
import Hashing
import Sequencing

/// Tables without a key: every insert a row (`@append`), or the whole row its key, with equal rows
/// counted (`@row`).
extension IngestAttempt {
  /// Writes a collection in which every insert is a row of its own.
  ///
  /// A row's `_id` is a hash of its place in the log and its content, so that a repeat of the same
  /// change is the same row.
  mutating func writeAppended(_ index: Int, _ ordered: OrderedChanges) async throws {
    guard let collection = catalog.entries[index].storeID else { return }
    let copies = try await copies(of: index)
    let reader = takeReader()
    var start = 0
    progress.beginWriting(rows: ordered.queue.count)
    while start < ordered.queue.count {
      let end = min(start + 4096, ordered.queue.count)
      var batch = RowBatch(collection: collection)
      for change in ordered.queue.changes(at: start..<end)
      where !ordered.isUnplaced(change) || !copies.contains(Int(change.file)) {
        guard change.operation == .insert || change.operation == .upsert else {
          try quarantine(change, of: index, reading: reader)
          continue
        }
        try append(change, of: index, ordered, to: &batch, reading: reader)
      }
      batch.sortRows()
      let sorted = batch
      count(try await writer.perform { store in try store.apply(sorted, mode: .merge) })
      progress.wrote(rows: end - start)
      start = end
    }
  }

  private func append(
    _ change: SequencedChange, of index: Int, _ ordered: OrderedChanges, to batch: inout RowBatch,
    reading reader: ValueReader
  ) throws {
    let cells = try reader.appendValues(of: change, to: &batch.buffer)
    let rank = ordered.rank(of: change)
    var key: [UInt8] = []
    key.append(contentsOf: place(of: rank))
    appendContent(batch.buffer, cells, columns: catalog.entries[index].columns, to: &key)
    let start = batch.buffer.bytes.count
    RowHash(ofKey: key[...]).append(to: &batch.buffer.bytes)
    let file = fileIDs[Int(change.file)]
    batch.layers.append(RowLayer(rank: rank, file: file, cells: cells))
    batch.rows.append(
      RowDelta(
        id: ByteRange(offset: start, count: batch.buffer.bytes.count - start),
        floor: RowState.Floor(kind: .insert, rank: rank), eventTime: change.eventTime,
        floorFile: file, layers: batch.layers.count - 1..<batch.layers.count))
  }

  /// Writes a collection whose rows are their own key. Each place of the log counts a row in, or
  /// out, once.
  mutating func writeBag(_ index: Int, _ ordered: OrderedChanges) async throws {
    guard let collection = catalog.entries[index].storeID else { return }
    let copies = try await copies(of: index)
    let reader = takeReader()
    progress.beginWriting(rows: ordered.queue.count)
    for chunk in stride(from: 0, to: ordered.queue.count, by: 4096) {
      let end = min(chunk + 4096, ordered.queue.count)
      var batch = BagBatch(collection: collection)
      for change in ordered.queue.changes(at: chunk..<end)
      where !ordered.isUnplaced(change) || !copies.contains(Int(change.file)) {
        try count(change, ordered, into: &batch, reading: reader)
      }
      let counted = batch
      count(try await writer.perform { store in try store.applyBag(counted) })
      progress.wrote(rows: counted.changes.count)
    }
  }

  private func count(
    _ change: SequencedChange, _ ordered: OrderedChanges, into batch: inout BagBatch,
    reading reader: ValueReader
  ) throws {
    let rank = ordered.rank(of: change)
    let file = fileIDs[Int(change.file)]
    let isDelete = change.operation == .delete
    var cells = 0..<0
    if !isDelete { cells = try reader.appendValues(of: change, to: &batch.buffer) }
    // An update that changes nothing would take out what it puts in.
    if change.operation == .update && !change.isMove { return }
    var halves = [(ordered.queue.key(of: change), isDelete ? BagChange.Delta.delete : .insert)]
    if change.isMove { halves.append((ordered.queue.oldKey(of: change), .delete)) }
    let place = batch.buffer.append(place(of: rank))
    for (key, delta) in halves {
      var id: [UInt8] = []
      RowHash(ofKey: key).append(to: &id)
      batch.changes.append(
        BagChange(
          id: batch.buffer.append(id), delta: delta, place: place, rank: rank,
          eventTime: change.eventTime, file: file, cells: delta == .insert ? cells : 0..<0))
    }
  }

  /// The slots of files whose bytes another file of the table has: rows without a place in the log
  /// count once in them.
  private func copies(of index: Int) async throws -> Set<Int> {
    guard let id = catalog.entries[index].storeID else { return [] }
    var copies: Set<Int> = []
    // A file that had grown may be there twice: what is new, and the whole of it.
    var first: [[UInt8]: Int64] = [:]
    let slots = files.indices.filter { !files[$0].record.hash.isEmpty }
      .sorted { files[$0].stamp.isBefore(files[$1].stamp) }
    let inRun = Set(slots.map { files[$0].record.id })
    for slot in slots {
      let record = files[slot].record
      let isKnown = try await writer.perform { store in
        try store.copies(of: record, collection: id).contains { !inRun.contains($0.id) }
      }
      let original = first[record.hash] ?? record.id
      if isKnown || original != record.id { copies.insert(slot) }
      first[record.hash] = original
    }
    return copies
  }

  /// Whether rows of files with the same bytes counted otherwise so far: the rows of an `@append`
  /// table without a place in the log have the names that their copy with the lowest number gives
  /// them, and a file may have grown into a copy.
  func displacesCopy(_ index: Int, slots: [Int]) async throws -> Bool {
    guard let key = catalog.entries[index].key, key.isKeyless,
      let id = catalog.entries[index].storeID
    else { return false }
    for slot in slots where !files[slot].isReread && !files[slot].record.hash.isEmpty {
      let record = files[slot].record
      let others = try await writer.perform { store in
        try store.copies(of: record, collection: id)
      }
      if !files[slot].isWhole, !others.isEmpty { return true }
      if key == .append, others.contains(where: { files[slot].stamp.isBefore($0.stamp) }) {
        return true
      }
    }
    return false
  }

  /// What makes two changes the same change: the place in the log, or where the format has none
  /// the place in the files.
  private func place(of rank: Rank) -> [UInt8] {
    var place = rank
    if rank.position != .zero {
      place.ordinal = 0
      place.series = 0
      place.recordIndex = 0
    }
    place.eventTime = .min
    var bytes: [UInt8] = []
    place.encode(into: &bytes)
    return bytes
  }

  /// Appends a row's content by column name, since columns are numbered as they arrive.
  private func appendContent(
    _ buffer: CellBuffer, _ cells: Range<Int>, columns: [Collection.Column],
    to key: inout [UInt8]
  ) {
    let sorted = buffer.cells[cells].sorted {
      columns[Int($0.column)].source < columns[Int($1.column)].source
    }
    for cell in sorted where cell.kind != .null {
      Array(columns[Int(cell.column)].source.utf8).withUnsafeBytes {
        KeyEncoding.append(part: $0, to: &key)
      }
      key.append(cell.kind.rawValue)
      Rank.append(cell.bits, to: &key)
      buffer.bytes[cell.text.indices].withUnsafeBytes { KeyEncoding.append(part: $0, to: &key) }
    }
  }

  private mutating func quarantine(
    _ change: SequencedChange, of index: Int, reading reader: ValueReader
  ) throws {
    files[Int(change.file)].quarantined.append(
      QuarantinedRecord(
        bytes: try reader.record(of: change), byteOffset: change.recordOffset,
        recordIndex: Int(change.recordIndex), table: catalog.entries[index].source,
        reason: "the table takes inserts alone (@append), and this is another change"))
  }
}

extension CollectionStore {
  /// The other files of a collection with the same bytes.
  fileprivate func copies(of record: FileRecord, collection: Int64) throws -> [FileRecord] {
    try files(withHash: record.hash).filter { other in
      try other.id != record.id && other.state != .superseded
        && shares(ofFile: other.id).contains { $0.collection == collection }
    }
  }
}

extension FileRecord {
  fileprivate var stamp: FileStamp {
    FileStamp(ordinal: ordinal ?? 0, series: SeriesHash.of(series))
  }
}

extension FileStamp {
  fileprivate func isBefore(_ other: FileStamp) -> Bool {
    (ordinal, series) < (other.ordinal, other.series)
  }
}

extension CellBuffer {
  /// Adds bytes that are no cell's.
  fileprivate mutating func append(_ more: [UInt8]) -> ByteRange {
    bytes += more
    return ByteRange(offset: bytes.count - more.count, count: more.count)
  }
}

extension RowBatch {
  /// Sorts the rows by the bytes of their ids; rows of one id keep their order.
  mutating func sortRows() {
    let bytes = buffer.bytes
    rows.sort { left, right in
      bytes[left.id.indices].lexicographicallyPrecedes(bytes[right.id.indices])
    }
  }
}
