import BatchSource
import ChangeModel
import CollectionStore
import Hashing
import RecordFormats

/// Reads one collection's changes out of batch files, each with its values, in the files' order: the
/// slow road, for whoever explains or checks what the fast one made.
final class ChangeReader {
  /// A change as it was read.
  struct Found {
    var change: Change
    /// Its canonical key, and the one before where it moves the row.
    var key: [UInt8]
    var oldKey: [UInt8]?
    /// The hash of its lineage's name.
    var lineage: UInt32
  }

  /// The names of the lineages that were met, by their hashes.
  private(set) var lineages: [UInt32: String] = [:]
  /// The collections; columns that the store does not know yet are added to it.
  private(set) var catalog: Catalog
  private let collection: Int
  private var decoder: RecordDecoder
  private var routes = DecoderRoutes()
  private let reader = BatchFileReader()
  private var scratch = CellBuffer()

  /// Makes a reader of one collection.
  ///
  /// - Parameter collection: its index in the catalog.
  init(of collection: Int, catalog: Catalog) {
    self.collection = collection
    self.catalog = catalog
    decoder = RecordDecoder(plan: { catalog.plan(for: $0) })
  }

  /// Reads a file from its beginning.
  ///
  /// - Parameters:
  ///   - wants: whether a change is to be taken; the values of others are not looked at.
  ///   - take: gets each such change with its values, by the collection's columns.
  ///   - progress: told how many records and bytes were read.
  /// - Returns: the hash of the bytes that were read.
  /// - Throws: an ``IngestError`` of severity `file` when the file cannot be read, or changed
  ///   meanwhile; `CancellationError`.
  func read(
    _ file: BatchFile, context: FileContext, wants: (Found) -> Bool,
    take: (Found, CellBuffer) -> Void, progress: (Int, UInt64) -> Void
  ) throws -> [UInt8] {
    var next: UInt32 = 0
    var isRetried = false
    while true {
      try reader.open(file)
      decoder.begin(context)
      defer { reader.close() }
      var told: UInt64 = 0
      var batch = ChangeBatch()
      while true {
        try Task.checkCancellation()
        let window = try reader.next()
        batch.removeAll()
        batch.values.removeAll()
        let used = decoder.decode(window.bytes, isEnd: window.isEnd, into: &batch)
        follow(batch)
        if lacksKey(batch), !isRetried { break }
        for change in batch.changes where change.recordIndex >= next {
          guard let found = found(change, in: batch), wants(found) else { continue }
          readValues(of: change, in: batch)
          take(found, scratch)
        }
        next = batch.changes.last.map { $0.recordIndex + 1 } ?? next
        reader.consume(used)
        progress(batch.recordCount, window.offset + UInt64(used) - told)
        told = window.offset + UInt64(used)
        if case .failed(let error) = decoder.endState { throw error }
        if window.isEnd { return try finish(file) }
      }
      // The table's key is known by another of its names: what was read stays read.
      isRetried = true
      let catalog = catalog
      decoder = RecordDecoder(plan: { catalog.plan(for: $0) })
      routes = DecoderRoutes()
    }
  }

  private func finish(_ file: BatchFile) throws -> [UInt8] {
    let outcome = try reader.finish()
    guard !outcome.hasChanged else {
      throw IngestError(
        .file, file: file.path.description, cause: "the file changed while it was read")
    }
    return outcome.contentHash.bytes
  }

  private func follow(_ batch: ChangeBatch) {
    routes.follow(
      tables: batch.tables, lineages: batch.lineages, catalog: &catalog, takes: { _ in false })
    for (hash, name) in zip(routes.lineages, batch.lineages) { lineages[hash] = name }
  }

  private func lacksKey(_ batch: ChangeBatch) -> Bool {
    catalog.entries[collection].key != nil
      && zip(batch.tables, routes.collections).contains { $0.key == nil && $1 == collection }
  }

  private func found(_ change: Change, in batch: ChangeBatch) -> Found? {
    guard routes.collections[Int(change.table)] == collection,
      batch.tables[Int(change.table)].key != nil
    else { return nil }
    let isMove = change.flags.contains(.keyMove)
    return Found(
      change: change, key: Array(batch.keyBytes[change.key.indices]),
      oldKey: isMove ? Array(batch.keyBytes[change.oldKey.indices]) : nil,
      lineage: routes.lineages[Int(change.lineage)])
  }

  /// Reads the values of a change into the scratch buffer.
  private func readValues(of change: Change, in batch: ChangeBatch) {
    scratch.removeAll()
    // Of a change that the table does not take the whole record is there.
    let isRecord = batch.tables[Int(change.table)].key == .append && !change.operation.begins
    if change.values.isEmpty || isRecord { return }
    let bytes = UnsafeRawBufferPointer(rebasing: batch.values.bytes[change.values.indices])
    let shape = batch.tables[Int(change.table)].shapes[Int(change.shape)]
    PackedValues.append(
      bytes, columns: routes.numbers(of: shape, table: Int(change.table)), to: &scratch)
    scratch.cells.sort { $0.column < $1.column }
  }
}
