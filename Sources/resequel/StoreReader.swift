import ChangeModel
import CollectionStore
import Pipeline

/// What the commands read of a database, while others may write to it.
struct StoreReader {
  /// The columns that are ours alone: where a row came from, not what it is.
  static let hiddenColumns: Set<String> = ["_position", "_file"]

  private let store: CollectionStore

  /// Opens a database for reading.
  init(path: String) throws {
    store = try CollectionStore(opening: .file(path), mode: .readOnly)
  }

  /// What the database holds and waits for.
  func status() throws -> StatusReport {
    try store.status()
  }

  /// The collections and how many rows they have, by name.
  func collections() throws -> [TableSize] {
    try store.tableSizes()
  }

  /// A collection by its name, in any case, as SQLite takes it.
  ///
  /// - Throws: A fatal error when there is none, which names the nearest, or says what is held.
  func collection(named name: String) throws -> Collection {
    if let collection = try store.collection(named: name) { return collection }
    if let hold = try store.status(eventLimit: 0).held.first(where: { $0.name == name }) {
      throw IngestError(
        .fatal, cause: "table \(hold.source) is held: \(hold.cause)", hint: hold.hint)
    }
    let names = try store.allCollections().map(\.name)
    let hint = EditDistance.nearest(to: name, among: names).map { "the nearest is \"\($0)\"" }
    throw IngestError(
      .fatal, cause: "there is no collection \"\(name)\"", hint: hint ?? "there are none yet")
  }

  /// Every change that a row saw, from the files that the database was made of.
  ///
  /// - Parameter configuration: what those were ingested with.
  func story(
    of id: String, in collection: Collection, _ configuration: Configuration
  ) throws -> RowStory {
    try RowStoryReader(configuration, store: store).story(of: Array(id.utf8), in: collection)
  }

  /// The columns of a collection that are shown.
  func columns(of collection: Collection) -> [String] {
    store.columnNames(of: collection).filter { !StoreReader.hiddenColumns.contains($0) }
  }

  /// Calls `body` for rows of a collection, by `_id`, with the values of ``columns(of:)``.
  ///
  /// - Parameters:
  ///   - id: only the row of this key; nil for all.
  ///   - limit: at most so many; nil for all.
  func rows(
    of collection: Collection, id: String?, limit: Int?, _ body: ([StoredValue]) throws -> Void
  ) throws {
    let shown = store.columnNames(of: collection).indices.filter {
      !StoreReader.hiddenColumns.contains(store.columnNames(of: collection)[$0])
    }
    try store.readRows(collection, id: id, limit: limit) { row in
      try body(shown.map { StoredValue(row[$0]) })
    }
  }
}

extension StoreReader {
  /// The columns that ``history(of:_:asVersions:_:)`` gives.
  func columns(ofHistory collection: Collection, asVersions: Bool) -> [String] {
    let columns =
      asVersions
      ? store.versionColumns(ofHistory: collection) : store.rowColumns(ofHistory: collection)
    return columns.filter { !StoreReader.hiddenColumns.contains($0) }
  }

  /// Calls `body` for the rows of a collection as they were, or for their versions.
  func history(
    of collection: Collection, _ query: HistoryQuery, asVersions: Bool,
    _ body: ([StoredValue]) throws -> Void
  ) throws {
    let shown = columns(ofHistory: collection, asVersions: asVersions).count
    func show(_ row: RowView) throws { try body((0..<shown).map { StoredValue(row[$0]) }) }
    try store.snapshot {
      if asVersions {
        try store.readVersions(collection, asIn: query) { try show($0) }
      } else {
        try store.readRows(collection, asIn: query) { try show($0) }
      }
    }
  }

  /// Whether a collection's history ends before its newest changes, because it was switched off.
  func isHistoryStopped(_ collection: Collection) throws -> Bool {
    try store.histories()[collection.id]?.isKept == false
  }
}

extension StoredValue {
  /// Copies a value out of a row.
  init(_ value: RowView.Value) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .real(let number): self = .real(number)
    case .text(let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
    case .blob(let bytes): self = .blob(Array(bytes))
    }
  }

  /// A value that came from files.
  init(_ value: PlainValue) {
    switch value {
    case .null: self = .null
    case .integer(let number): self = .integer(number)
    case .real(let number): self = .real(number)
    case .text(let bytes): self = .text(String(decoding: bytes, as: UTF8.self))
    case .blob(let bytes): self = .blob(bytes)
    }
  }
}
