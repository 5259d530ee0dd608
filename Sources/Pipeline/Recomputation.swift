import BatchSource
import ChangeModel
import CollectionStore
import Hashing

/// One collection's changes as the files that are still there give them, and the rows that follow.
struct Recomputation {
  let collection: Collection
  private(set) var check: CollectionCheck
  private(set) var changes = PlainChanges()
  private let files: CollectionFiles
  private let index: Int
  private let present: PresentFiles
  private var reader: ChangeReader
  private var contexts: FileContexts
  /// Where keys are hashed for the `_id`: the keys, by `_id`.
  private var keys: [[UInt8]: [UInt8]] = [:]
  /// The files of which it is not known what they hold: any key that their filters let pass.
  private var unknown: [KeyFilter?] = []
  private var links = MoveComponents()
  private var doubtfulRoots: Set<[UInt8]> = []

  /// Prepares to read a collection's files.
  init(
    of collection: Collection, in store: CollectionStore, book: OrderBook, present: PresentFiles,
    catalog: Catalog
  ) throws {
    self.collection = collection
    self.present = present
    files = try CollectionFiles(collection, in: store, book: book)
    index = files.index(in: catalog)
    reader = ChangeReader(of: index, catalog: catalog)
    contexts = FileContexts(present.sideFiles)
    check = CollectionCheck(name: collection.name)
    check.files = files.files.count
  }

  // MARK: Reading

  /// Reads the files that are there; notes what is missing of the others.
  ///
  /// - Throws: `CancellationError`.
  mutating func read(telling meter: inout ProgressMeter) throws {
    let places = files.files.map { present.file(like: $0.record) }
    meter.found(
      files: places.count { $0 != nil }, bytes: places.reduce(0) { $0 + ($1?.identity.size ?? 0) })
    var seen: Set<[UInt8]> = []
    for number in files.files.indices.sorted(by: isBefore) {
      let file = files.files[number]
      if files.isWaiting(number) {
        check.waitingChanges += file.share.changes
        continue
      }
      guard let place = places[number] else {
        doubt(number, reasonToMiss(file.record))
        continue
      }
      do {
        // Rows without a key and a position count once, however often their file came.
        let isCopy = !seen.insert(file.record.hash).inserted && collection.key.isKeyless
        try read(place, as: number, isCopy: isCopy, telling: &meter)
        check.filesRead += 1
      } catch let error as IngestError {
        doubt(number, error.cause)
      }
      meter.finishedFile()
    }
  }

  private func isBefore(_ left: Int, _ right: Int) -> Bool {
    (files.files[left].record.ordinal ?? 0, left) < (files.files[right].record.ordinal ?? 0, right)
  }

  private mutating func doubt(_ number: Int, _ reason: String) {
    unknown.append(files.files[number].filter)
    check.missing.append(MissingFile(path: files.files[number].name, reason: reason))
  }

  private func reasonToMiss(_ record: FileRecord) -> String {
    if record.hash.isEmpty { return "it could not be read to its end" }
    let isThere =
      BatchFile(existing: BatchPath(record.path), series: BatchPath(record.series)) != nil
    return isThere ? "not among the paths, or its content changed" : "gone"
  }

  private mutating func read(
    _ place: BatchFile, as number: Int, isCopy: Bool, telling meter: inout ProgressMeter
  ) throws {
    contexts.look(beside: place)
    let context = contexts.context(of: place, series: place.series, resumeOffset: 0, recordIndex: 0)
    let files = files
    let floor = files.floor
    var waiting = 0
    var found: [(ChangeReader.Found, PlainChange)] = []
    var taken = PlainChanges()
    swap(&taken, &changes)
    defer { swap(&taken, &changes) }
    let hash = try reader.read(
      place, context: context,
      wants: { found in
        let isUnplaced = found.change.position == .zero
        if files.isWaiting(found, file: number) {
          waiting += 1
          return false
        }
        if isUnplaced && isCopy { return false }
        return floor.map { files.rank(of: found, file: number) > $0 } ?? true
      },
      take: { change, values in
        var plain = PlainChange(change, of: files, file: number)
        if files.collection.key == .append {
          guard change.change.operation.begins else { return }
          plain.operation = .insert
        }
        taken.append(plain, values: values)
        if RowIDs.isHashed(files.collection.key) { found.append((change, plain)) }
      },
      progress: { meter.read(records: $0, bytes: $1) })
    for (change, plain) in found {
      keys[plain.id] = change.key
      if let oldID = plain.oldID { keys[oldID] = change.oldKey }
    }
    guard hash == files.files[number].record.hash else {
      throw IngestError(.file, cause: "its content changed")
    }
    check.waitingChanges += waiting
    if waiting != files.files[number].share.waiting {
      doubt(number, "it cannot be told which of its changes wait")
    }
  }

  // MARK: Folding

  /// The rows that the changes leave.
  ///
  /// - Parameter moves: those that the store remembers: they link rows too.
  mutating func rows(linkedBy moves: [KeyMove]) -> PlainRows {
    let columns = reader.catalog.entries[index].columns
    var rows = PlainRows(columnCount: columns.count)
    switch collection.key {
    case .wholeRow:
      KeylessRows.count(changes, into: &rows)
    case .append:
      changes.nameRows(columns: columns)
      for number in changes.inOrder(Array(changes.changes.indices)) {
        rows.apply(number, of: changes)
      }
    case .columns:
      for move in moves { links.link(move.oldID, move.newID) }
      for change in changes.changes {
        if let oldID = change.oldID { links.link(oldID, change.id) }
      }
      // Changes of several lineages have no order that all of them fit in; those of one row do.
      var families: [[UInt8]: [Int]] = [:]
      for (number, change) in changes.changes.enumerated() {
        let family = links.contains(change.id) ? links.root(of: change.id) : change.id
        families[family, default: []].append(number)
      }
      for family in families.values {
        for number in changes.inOrder(family) { rows.apply(number, of: changes) }
      }
      findDoubtfulFamilies()
    }
    return rows
  }

  /// A row may have come from a key of which a missing file tells more.
  private mutating func findDoubtfulFamilies() {
    guard !unknown.isEmpty else { return }
    for (root, ids) in links.components() where ids.contains(where: { isTouchedElsewhere($0) }) {
      doubtfulRoots.insert(root)
    }
  }

  // MARK: Coverage

  /// Whether the files that were read say all about a row.
  mutating func isDetermined(_ id: [UInt8], isRecomputed: Bool) -> Bool {
    if unknown.isEmpty { return true }
    if collection.key == .append { return isRecomputed }
    if links.contains(id), doubtfulRoots.contains(links.root(of: id)) { return false }
    return !isTouchedElsewhere(id)
  }

  private func isTouchedElsewhere(_ id: [UInt8]) -> Bool {
    var key: [UInt8]? = id
    if RowIDs.isHashed(collection.key) {
      key = keys[Array(id.prefix { $0 != UInt8(ascii: "#") })]
    }
    guard let key else { return true }
    return unknown.contains { $0?.mayContain(key: key) ?? true }
  }
}

extension PlainChange {
  /// Makes a change of one that was read.
  init(_ found: ChangeReader.Found, of files: CollectionFiles, file: Int) {
    let ids = files.ids(of: found)
    self.init(
      rank: files.rank(of: found, file: file), id: ids.id, oldID: ids.oldID,
      operation: found.change.operation, counter: found.change.counter,
      byteOffset: found.change.recordOffset, file: file, buffer: 0, cells: 0..<0)
  }
}

extension KeyRule {
  /// Whether there is no key: rows are their own content, or their place in the log.
  var isKeyless: Bool {
    switch self {
    case .columns: false
    case .wholeRow, .append: true
    }
  }
}
