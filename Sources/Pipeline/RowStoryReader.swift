import BatchSource
import ChangeModel
package import CollectionStore
import Hashing

/// Finds every change that a row saw: in the history, where the collection keeps one; else by reading
/// the manifest's files again.
///
/// In: a store, a collection, an `_id`. Out: a ``RowStory``. Only the files are read whose key
/// filters let the row pass, beside a history only those of which something waits; of them every
/// record, in memory the row's own changes.
package struct RowStoryReader {
  private let store: CollectionStore
  private let catalog: Catalog

  /// Makes a reader of a store's files.
  ///
  /// - Parameter configuration: what the files were ingested with.
  package init(_ configuration: Configuration, store: CollectionStore) throws {
    self.store = store
    catalog = try Catalog(configuration, asStoredIn: store)
  }

  /// Tells the story of a row.
  ///
  /// - Throws: a fatal ``IngestError`` when the store cannot be read. A file that cannot is named
  ///   in the story.
  package func story(of id: [UInt8], in collection: Collection) throws -> RowStory {
    try store.snapshot {
      var search = try RowSearch(of: id, in: collection, store: store, catalog: catalog)
      try search.read(store)
      var story = RowStory(collection: collection.name, id: id)
      story.missing = search.missing
      story.waiting = search.waiting
      story.quarantined = try store.quarantinedCount(of: collection)
      story.gaps = try store.gaps(ofCollection: collection.id)
      if try store.row(id, collection: collection.id) != nil {
        story.state = .live
      } else if try store.state(of: id, collection: collection.id) != nil {
        story.state = .deleted
      }
      let teller = RowStoryTeller(search, repairs: try repairs(of: collection))
      story.changes = teller.told()
      if story.state == .unknown, !story.changes.isEmpty {
        story.state = story.changes.allSatisfy { $0.outcome == .waiting } ? .waiting : .deleted
      }
      return story
    }
  }

  /// The notes of repairs, by the file that caused them.
  private func repairs(of collection: Collection) throws -> [Int64: [String]] {
    var repairs: [Int64: [String]] = [:]
    for event in try store.events(limit: .max).reversed()
    where event.kind == "repair" && event.collection == collection.id {
      if let file = event.file { repairs[file, default: []].append(event.text) }
    }
    return repairs
  }
}

/// The search for a row's changes, and for those of the rows that it was before.
struct RowSearch {
  let id: [UInt8]
  let collection: Collection
  let files: CollectionFiles
  /// The changes that were found.
  private(set) var changes = PlainChanges()
  private(set) var missing: [MissingFile] = []
  private(set) var waiting: [MissingFile] = []
  private(set) var reader: ChangeReader
  private let index: Int
  private var contexts = FileContexts(SideFiles())
  /// The `_id`s that are looked for, and of each file those that it was read for.
  private var wanted: Set<[UInt8]> = []
  private var readFor: [Set<[UInt8]>]
  private var unreadable: Set<Int> = []
  /// Where the changes that were found stand.
  private var known: Set<Origin> = []
  /// Whether the history has all changes that were applied.
  private var hasHistory = false

  /// A record's place in the files.
  private struct Origin: Hashable {
    var file: Int
    var byteOffset: UInt64
  }

  /// Prepares to look for a row.
  init(
    of id: [UInt8], in collection: Collection, store: CollectionStore, catalog: Catalog
  ) throws {
    self.id = id
    self.collection = collection
    var book = OrderBook()
    try book.readSeries(of: store)
    files = try CollectionFiles(collection, in: store, book: book)
    index = files.index(in: catalog)
    reader = ChangeReader(of: index, catalog: catalog)
    readFor = files.files.map { _ in [] }
    wanted = try Self.ancestors(of: id, in: collection, store: store)
  }

  /// The columns by the indexes of the values.
  var columns: [Collection.Column] { reader.catalog.entries[index].columns }

  /// The names of lineages, by their hashes.
  var lineages: [UInt32: String] { files.lineages.merging(reader.lineages) { $1 } }

  /// The `_id` of a row's content: of equal rows of a `@row` table all but the first have a number.
  var contentID: [UInt8] {
    collection.key == .wholeRow ? Array(id.prefix { $0 != UInt8(ascii: "#") }) : id
  }

  /// The keys that moves which the store remembers brought to this one.
  private static func ancestors(
    of id: [UInt8], in collection: Collection, store: CollectionStore
  ) throws -> Set<[UInt8]> {
    if collection.key.isKeyless { return [] }
    var found: Set<[UInt8]> = []
    var rest = [id]
    while let next = rest.popLast() {
      guard found.insert(next).inserted else { continue }
      rest += try store.moves(to: next, collection: collection.id).map(\.oldID)
    }
    return found
  }

  /// Finds the row's changes; again where they show that it came from another key.
  mutating func read(_ store: CollectionStore) throws {
    hasHistory = try store.histories()[collection.id]?.isKept ?? false
    wanted.insert(contentID)
    var sought: Set<[UInt8]> = []
    while wanted.count > sought.count {
      if hasHistory { try readHistory(wanted.subtracting(sought), in: store) }
      sought = wanted
      try readFiles()
      wanted.formUnion(changes.changes.compactMap(\.oldID))
    }
  }

  private mutating func readHistory(_ ids: Set<[UInt8]>, in store: CollectionStore) throws {
    let numbers = Dictionary(
      uniqueKeysWithValues: zip(files.files.map(\.record.id), files.files.indices))
    for change in try ids.flatMap({ try store.changes(of: $0, collection: collection.id) }) {
      guard let file = numbers[change.file],
        known.insert(Origin(file: file, byteOffset: change.byteOffset)).inserted
      else { continue }
      changes.append(
        PlainChange(
          rank: change.rank, id: change.id, oldID: change.oldID, operation: change.operation,
          counter: -1, byteOffset: change.byteOffset, file: file, buffer: 0, cells: 0..<0),
        values: change.values)
    }
  }

  private mutating func readFiles() throws {
    for file in files.files.indices where !unreadable.contains(file) {
      let new = wanted.subtracting(readFor[file])
      readFor[file].formUnion(new)
      guard new.contains(where: { mayHold($0, file: file) }) else { continue }
      if !hasHistory || files.hasWaiting(file) { try read(file, for: new) }
      noteTornEnd(of: file)
    }
  }

  private mutating func noteTornEnd(of file: Int) {
    let record = files.files[file].record
    guard record.state == .torn, !unreadable.contains(file) else { return }
    let part = MissingFile(
      path: files.files[file].name, reason: record.reason ?? "its last record is cut off")
    if !waiting.contains(part) { waiting.append(part) }
  }

  private func mayHold(_ id: [UInt8], file: Int) -> Bool {
    if RowIDs.isHashed(collection.key) { return true }
    return files.files[file].filter?.mayContain(key: id) ?? true
  }

  private mutating func read(_ file: Int, for ids: Set<[UInt8]>) throws {
    let record = files.files[file].record
    var found = PlainChanges()
    do {
      guard
        let place = BatchFile(existing: BatchPath(record.path), series: BatchPath(record.series))
      else { throw IngestError(.file, cause: "gone") }
      let hash = try read(place, as: file, for: ids, into: &found)
      guard hash == record.hash else { throw IngestError(.file, cause: "its content changed") }
    } catch let error as IngestError where error.severity == .file {
      unreadable.insert(file)
      missing.append(MissingFile(path: files.files[file].name, reason: error.cause))
      // What was used of a file that broke off stays used.
      if record.state != .failed { return }
    }
    if collection.key == .append { found.nameRows(columns: columns) }
    for change in found.changes {
      if collection.key == .append, change.id != id { continue }
      let origin = Origin(file: file, byteOffset: change.byteOffset)
      guard known.insert(origin).inserted else { continue }
      changes.append(change, from: found)
    }
  }

  private mutating func read(
    _ place: BatchFile, as file: Int, for ids: Set<[UInt8]>, into found: inout PlainChanges
  ) throws -> [UInt8] {
    contexts.look(beside: place)
    let context = contexts.context(of: place, series: place.series, resumeOffset: 0, recordIndex: 0)
    let files = files
    let isAppended = collection.key == .append
    return try reader.read(
      place, context: context,
      wants: { change in
        if isAppended { return change.change.operation.begins }
        let named = files.ids(of: change)
        return ids.contains(named.id) || named.oldID.map { ids.contains($0) } ?? false
      },
      take: { change, values in
        var plain = PlainChange(change, of: files, file: file)
        plain.isWaiting = files.isWaiting(change, file: file)
        found.append(plain, values: values)
      }, progress: { _, _ in })
  }
}
