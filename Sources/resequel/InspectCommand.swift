import ArgumentParser
import CollectionStore

/// `resequel inspect`.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show the collections of a database, or the rows of one.",
    discussion: """
      Reads only; may run while replay or sync writes. Rows come in the order of _id. Tables cut \
      values longer than 48 columns and write control characters out; json (one object a line) and \
      csv (NULL is nothing, an empty text is "") hold every value exactly. The columns _position \
      and _file are left out; any SQLite tool shows them.

      A collection with a history (history: true in the configuration file) is also shown as it \
      was: --as-of a time of the source, or a position in its log as --history shows it, that one \
      included. A position with fewer numbers is the last that begins with them. It is one of the \
      newest epoch, and of the only log there; else write EPOCH:, LINEAGE: or both before it.
      """)

  @Argument(help: ArgumentHelp("The SQLite file.", valueName: "file"))
  var file: String

  @Argument(help: ArgumentHelp("The collection. Default: list them.", valueName: "collection"))
  var collection: String?

  @Option(name: .long, help: ArgumentHelp("Only the row of this _id.", valueName: "id"))
  var id: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How many rows at most; 0 for all. Default: 50 for a table, else all.", valueName: "count"))
  var limit: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "The rows as they were then: 10/3000/1, 2026-11-21T10:00:00Z, or @ and microseconds.",
      valueName: "position|time"))
  var asOf: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "As it was known here at that time, late changes left out.", valueName: "time"))
  var knownAt: String?

  @Flag(name: .long, help: "Every version of the rows, as it is known now.")
  var history = false

  @Option(name: .long, help: "table, json or csv.")
  var format: RowFormat = .table

  @Flag(name: .long, help: "The same as --format json.")
  var json = false

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit must be 0 or more.") }
    if id != nil, collection == nil { throw ValidationError("--id needs a collection.") }
    if history || asOf != nil || knownAt != nil, collection == nil {
      throw ValidationError("--history, --as-of and --known-at need a collection.")
    }
    if history, asOf != nil { throw ValidationError("--history and --as-of exclude each other.") }
    _ = try query()
  }

  /// What is asked of the history; nil when nothing is.
  private func query() throws -> HistoryQuery? {
    guard history || asOf != nil || knownAt != nil else { return nil }
    var query = HistoryQuery()
    query.id = id
    if let asOf {
      guard let moment = MomentText.moment(asOf) else {
        throw ValidationError("--as-of: neither a position (10/3000/1) nor a time: \(asOf)")
      }
      query.asOf = moment
    }
    if let knownAt {
      guard let time = MomentText.time(knownAt) else {
        throw ValidationError("--known-at: not a time (2026-11-21T10:00:00Z): \(knownAt)")
      }
      query.knownAt = time
    }
    return query
  }

  func run() throws {
    let reader = try StoreReader(path: file)
    let format = json ? RowFormat.json : format
    if let collection {
      try printRows(of: collection, reader, format)
    } else {
      try printCollections(reader, format)
    }
  }

  private func printCollections(_ reader: StoreReader, _ format: RowFormat) throws {
    var printer = try RowPrinter(format: format, columns: ["collection", "rows"])
    for size in try reader.collections() {
      try printer.add([.text(size.name), .integer(Int64(size.rows))])
    }
    try printer.finish()
  }

  private func printRows(
    of collection: String, _ reader: StoreReader, _ format: RowFormat
  ) throws {
    let collection = try reader.collection(named: collection)
    let limit = limit ?? (format == .table ? 50 : 0)
    // One row more than is shown tells whether there are more.
    let most = limit > 0 ? limit + 1 : nil
    var query = try query()
    query?.limit = most
    let columns =
      query == nil
      ? reader.columns(of: collection)
      : reader.columns(ofHistory: collection, asVersions: history)
    var printer = try RowPrinter(format: format, columns: columns)
    var count = 0
    let rows = { [query] (body: ([StoredValue]) throws -> Void) in
      if let query {
        try reader.history(of: collection, query, asVersions: history, body)
      } else {
        try reader.rows(of: collection, id: id, limit: most, body)
      }
    }
    try rows { row in
      count += 1
      if limit == 0 || count <= limit { try printer.add(row) }
    }
    try printer.finish()
    if id != nil, count == 0 { Talk.say("no row has this _id") }
    if query != nil, try reader.isHistoryStopped(collection) {
      Talk.say("its history was switched off: what came since is not in it")
    }
    if limit > 0, count > limit {
      Talk.say("only \(Figures.count(limit, "row")); --limit 0 shows all")
    }
  }
}
