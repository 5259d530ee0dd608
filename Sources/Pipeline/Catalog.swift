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

    init(name: String, source: SourceTable, plan: TablePlan) {
      self.name = name
      self.source = source
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
  /// The entries of a name, in lower case: SQLite takes `orders` and `ORDERS` for one.
  private var namesakes: [String: [Int]] = [:]
  private let configuration: Configuration

  /// Makes the catalog of what the store knows.
  init(_ configuration: Configuration, stored: [StoredTable]) {
    self.configuration = configuration
    for table in stored {
      var entry = Entry(
        name: configuration.collectionName(for: table.source), source: table.source,
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
      add(entry)
    }
    holdStoredNamesakes()
  }

  /// Changes what is known of a collection.
  mutating func update(_ index: Int, _ change: (inout Entry) -> Void) {
    change(&entries[index])
  }

  /// The collection that a source table's changes go to, which is made when it is new. A table
  /// whose name is taken by another is held.
  mutating func collection(for table: SourceTable) -> Int {
    if let known = indexes[table] { return known }
    let name = configuration.collectionName(for: table)
    let plan = configuration.tablePlan(for: table)
    // What is left out takes no name away, and nothing of it may get into what is taken.
    let namesakes = namesakes[name.lowercased(), default: []].filter {
      entries[$0].plan.isSkipped == plan.isSkipped
    }
    let same = namesakes.filter { areSame(entries[$0].source, table) }
    if let index = same.first, same.count == 1 {
      if entries[index].source.saysLess(than: table) {
        entries[index].source = table
        entries[index].plan = plan
      }
      indexes[table] = index
      return index
    }
    let index = add(Entry(name: name, source: table, plan: plan))
    if let first = namesakes.first, !plan.isSkipped { hold(index, asNamesakeOf: first) }
    return index
  }

  /// Whether two names stand for one table: the configuration may say so of several, and the path of
  /// a file may leave out what records say of catalogue and schema.
  private func areSame(_ one: SourceTable, _ other: SourceTable) -> Bool {
    (isClaimed(one) && isClaimed(other)) || one.mayBe(other)
  }

  /// Whether a collection's settings say what its source tables are called.
  private func isClaimed(_ table: SourceTable) -> Bool {
    configuration.collectionSettings(for: table)?.settings.source != nil
  }

  @discardableResult
  private mutating func add(_ entry: Entry) -> Int {
    let index = entries.count
    entries.append(entry)
    indexes[entry.source] = index
    namesakes[entry.name.lowercased(), default: []].append(index)
    return index
  }

  /// Holds again what was held for its name and never applied, if the name is not free by now.
  private mutating func holdStoredNamesakes() {
    for several in namesakes.values where several.count > 1 {
      let wanted = several.filter { !entries[$0].plan.isSkipped }
      for index in wanted where entries[index].storeID == nil {
        let namesake = wanted.first { !areSame(entries[$0].source, entries[index].source) }
        if let namesake { hold(index, asNamesakeOf: namesake) }
      }
    }
  }

  /// Two sources with one name: both wait until the configuration names them apart, but one that
  /// is in the store already stays there.
  private mutating func hold(_ index: Int, asNamesakeOf first: Int) {
    let (name, source, other) = (entries[first].name, entries[index].source, entries[first].source)
    let hint = """
      Name them apart in the configuration file:
      collections:
        \(name): {source: \(other)}
        \(name)_2: {source: \(source)}
      """
    func held(_ table: SourceTable) -> HeldTable {
      HeldTable(
        table: table.description, reason: .nameTaken, changes: 0,
        cause: "two source tables are called \(name): \(other) and \(source)",
        evidence: [], hint: hint)
    }
    if entries[first].storeID == nil { entries[first].held = held(other) }
    entries[index].held = held(source)
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
        collections.append(catalog.collection(for: tables[index].table))
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
