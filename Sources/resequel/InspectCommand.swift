import ArgumentParser

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

  @Option(name: .long, help: "table, json or csv.")
  var format: RowFormat = .table

  @Flag(name: .long, help: "The same as --format json.")
  var json = false

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit must be 0 or more.") }
    if id != nil, collection == nil { throw ValidationError("--id needs a collection.") }
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
    var printer = try RowPrinter(format: format, columns: reader.columns(of: collection))
    var count = 0
    // One row more than is shown tells whether there are more.
    try reader.rows(of: collection, id: id, limit: limit > 0 ? limit + 1 : nil) { row in
      count += 1
      if limit == 0 || count <= limit { try printer.add(row) }
    }
    try printer.finish()
    if id != nil, count == 0 { Talk.say("no row has this _id") }
    if limit > 0, count > limit {
      Talk.say("only \(Figures.count(limit, "row")); --limit 0 shows all")
    }
  }
}
