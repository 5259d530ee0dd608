import ChangeModel
import CollectionStore
import Hashing
import RecordFormats
import Sequencing

/// The collections of a run: which source table each stands for, its key, and its columns.
///
/// Every decoder numbers tables, columns and shapes for itself; the catalog gives them one number
/// each. What it learns of a table is handed to the store when the run commits.
struct Catalog: Sendable {
  /// One collection.
  struct Entry: Sendable {
    var name: String
    var source: SourceTable
    var isNamedByPath: Bool
    /// The store's id; nil until it is created there.
    var storeID: Int64?
    /// The store's id of a table that is held there.
    var heldID: Int64?
    /// Whether files in the manifest hold changes of it that wait.
    var hasHeldFiles = false
    /// Whether those were read for evidence in this session.
    var hasReadHeldEvidence = false
    /// Whether changes were passed over in this run because their key was not known.
    var hasUnadmitted = false
    /// How many changes they hold.
    var heldChanges = 0
    /// Whether this run has read those again.
    var releasesHeldFiles = false
    /// What identifies its rows; nil while that is unknown.
    var key: KeyRule?
    var keyOrigin: Collection.KeyOrigin?
    /// By the collection's own column index.
    var columns: [Collection.Column] = []
    /// Source column name to column index.
    var columnIndexes: [String: Int] = [:]
    /// How many of the columns the store knows already.
    var storedColumnCount = 0
    /// The table's own settings; see ``Configuration/tablePlan(for:)``.
    var plan: TablePlan
    /// Why the collection takes no changes, or nil.
    var held: HeldTable?
    var evidence = KeyEvidence()
    /// Keys that it may have, by that evidence; nil until they are looked for.
    var proposals: [KeyCandidate]?
    var cursorEvidence = CursorEvidence()
    var hasUnreadableCursor = false

    init(name: String, source: SourceTable, isNamedByPath: Bool, plan: TablePlan) {
      self.name = name
      self.source = source
      self.isNamedByPath = isNamedByPath
      self.plan = plan
    }

    /// The index of a source column, which is added when it is new.
    mutating func index(ofColumn source: String, rename: [String: String]) -> Int {
      if let known = columnIndexes[source] { return known }
      columns.append(
        Collection.Column(name: rename[source] ?? source, source: source))
      columnIndexes[source] = columns.count - 1
      return columns.count - 1
    }
  }

  private(set) var entries: [Entry] = []
  private var indexes: [SourceTable: Int] = [:]
  private let configuration: Configuration
  private let holdsBothNamesakes: Bool

  /// Makes the catalog of what the store knows.
  ///
  /// - Parameter holdsBothNamesakes: whether of two new tables with one name both are held, or only
  ///   the one that is met later.
  init(_ configuration: Configuration, stored: [StoredTable], holdsBothNamesakes: Bool) {
    self.configuration = configuration
    self.holdsBothNamesakes = holdsBothNamesakes
    for table in stored {
      var entry = Entry(
        name: configuration.collectionName(for: table.source), source: table.source,
        isNamedByPath: table.source.catalog == nil && table.source.schema == nil,
        plan: configuration.tablePlan(for: table.source))
      entry.hasHeldFiles = table.hasHeldFiles
      entry.heldChanges = table.heldChanges
      entry.hasUnreadableCursor =
        table.heldReason == HeldTable.Reason.orderUnknown.rawValue && entry.plan.order == .auto
      if let collection = table.collection {
        entry.take(collection)
      } else {
        entry.heldID = table.id
      }
      entries.append(entry)
      indexes[entry.source] = entries.count - 1
    }
  }

  /// Changes what is known of a collection.
  mutating func update(_ index: Int, _ change: (inout Entry) -> Void) {
    change(&entries[index])
  }

  /// The collection that a source table's changes go to, which is made when it is new. A table
  /// whose name is taken by another is held.
  mutating func collection(for decoded: DecodedTable) -> Int {
    if let known = indexes[decoded.table] { return known }
    let name = configuration.collectionName(for: decoded.table)
    guard let namesake = entries.firstIndex(where: { $0.name == name }) else {
      return append(named: name, for: decoded)
    }
    let isClaimed = configuration.collectionSettings(for: decoded.table)?.settings.source != nil
    // A name taken from a path says nothing of catalogue and schema: it is the same table.
    guard isClaimed || decoded.isNamedByPath || entries[namesake].isNamedByPath else {
      return appendNamesake(of: namesake, for: decoded)
    }
    if entries[namesake].isNamedByPath && !decoded.isNamedByPath {
      entries[namesake].source = decoded.table
      entries[namesake].isNamedByPath = false
      entries[namesake].plan = configuration.tablePlan(for: decoded.table)
    }
    indexes[decoded.table] = namesake
    return namesake
  }

  private mutating func append(named name: String, for decoded: DecodedTable) -> Int {
    entries.append(
      Entry(
        name: name, source: decoded.table, isNamedByPath: decoded.isNamedByPath,
        plan: configuration.tablePlan(for: decoded.table)))
    indexes[decoded.table] = entries.count - 1
    return entries.count - 1
  }

  /// Two sources with one name: both wait until the configuration names them apart, but one that
  /// is in the store already stays there.
  private mutating func appendNamesake(of first: Int, for decoded: DecodedTable) -> Int {
    let name = entries[first].name
    let other = entries[first].source
    let hint = """
      Name them apart in the configuration file:
      collections:
        \(name): {source: \(other)}
        \(name)_2: {source: \(decoded.table)}
      """
    func hold(_ table: SourceTable) -> HeldTable {
      HeldTable(
        table: table.description, reason: .nameTaken, changes: 0,
        cause: "two source tables are called \(name): \(other) and \(decoded.table)",
        evidence: [], hint: hint)
    }
    if holdsBothNamesakes, entries[first].storeID == nil { entries[first].held = hold(other) }
    let index = append(named: name, for: decoded)
    entries[index].held = hold(decoded.table)
    return index
  }

  /// The plan that decoders ask for: the settings, and the key if it is known by now.
  func plan(for table: SourceTable) -> TablePlan {
    guard let index = indexes[table] else { return configuration.tablePlan(for: table) }
    var plan = entries[index].plan
    if plan.key == nil { plan.key = entries[index].key }
    return plan
  }

  /// The rename rules of a collection.
  func rename(of index: Int) -> [String: String] {
    configuration.collectionSettings(for: entries[index].source)?.settings.rename ?? [:]
  }
}

/// What one decoder's numbers mean in the catalog.
///
/// Kept up to date with the decoder's tables after each batch; indexes never change their meaning.
struct DecoderRoutes: Sendable {
  /// For each of the decoder's tables, where its changes go.
  var routes: [Sequencer.Route] = []
  /// For each of the decoder's tables, its collection, whether its changes are taken or not.
  private(set) var collections: [Int] = []
  /// For each of the decoder's tables and columns, the collection's column index.
  private(set) var columns: [[Int]] = []
  /// For each of the decoder's lineages, its name and the hash of that.
  private(set) var lineageNames: [String] = []
  private(set) var lineages: [UInt32] = []
  /// For each of the decoder's lineages, whether its positions name transactions; and whether any do.
  private(set) var namesTransactions: [Bool] = []
  private(set) var haveTransactions = false

  /// The columns of one of the decoder's tables by the collection's numbers, ascending by its own.
  func numbers(of shape: ColumnSet, table: Int) -> [Int] {
    shape.columns.map { columns[table][$0] }
  }

  /// Follows the decoder: new tables, columns, shapes and lineages get their numbers.
  ///
  /// - Parameter takes: whether a collection's changes are wanted in this reading.
  mutating func follow(
    tables: [DecodedTable], lineages names: [String], catalog: inout Catalog,
    takes: (Catalog.Entry) -> Bool
  ) {
    for index in tables.indices {
      if index == collections.count {
        collections.append(catalog.collection(for: tables[index]))
        columns.append([])
        routes.append(Sequencer.Route(collection: nil))
      }
      let collection = collections[index]
      if columns[index].count < tables[index].columns.count {
        let rename = catalog.rename(of: collection)
        catalog.update(collection) { entry in
          for column in tables[index].columns[columns[index].count...] {
            columns[index].append(entry.index(ofColumn: column, rename: rename))
          }
        }
      }
      for shape in tables[index].shapes[routes[index].shapes.count...] {
        routes[index].shapes.append(ColumnSet(numbers(of: shape, table: index)))
      }
      let entry = catalog.entries[collection]
      let isTaken = tables[index].key != nil && !entry.plan.isSkipped && takes(entry)
      routes[index].collection = isTaken ? collection : nil
    }
    // A file that could not be opened comes with an empty batch.
    for name in names.dropFirst(lineages.count) {
      lineageNames.append(name)
      lineages.append(StableHash.hash32(name))
      namesTransactions.append(TransactionTail.isNamed(in: name))
      haveTransactions = haveTransactions || TransactionTail.isNamed(in: name)
    }
  }
}
