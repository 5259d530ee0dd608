import ChangeModel
import Yams

/// The part of the configuration file that speaks of one collection.
enum CollectionSection {
  /// Its keys.
  static let keys = [
    "source", "key", "format", "csv", "order", "lineage", "types", "rename", "merge", "history",
    "resnapshot",
  ]
  /// Keys that this program does not support yet.
  static let futureKeys = ["files", "transform", "retention"]
  /// The keys under `csv`.
  static let csvKeys = ["delimiter", "quote", "escape", "null", "header", "columns"]

  /// Reads the settings of the collection `name`.
  static func read(
    _ node: Node, name: String, _ reader: ConfigurationReader
  ) throws(IngestError) -> CollectionConfiguration {
    var collection = CollectionConfiguration()
    let place = "collection \"\(name)\""
    for (key, value) in try reader.entries(of: node, known: keys, future: futureKeys, in: place) {
      switch key {
      case "source": collection.source = try source(value, reader)
      case "key": collection.plan.key = try rule(value, reader)
      case "csv": collection.plan.csv = try dialect(value, reader)
      case "order": collection.plan.order = try order(value, reader)
      case "lineage":
        let lineage = try reader.text(value, of: key)
        collection.plan.lineage = lineage == "all" ? nil : lineage
      case "types": collection.plan.types = try types(value, reader)
      case "rename": collection.rename = try names(value, reader)
      case "history": collection.history = try history(value, reader)
      case "resnapshot": collection.resnapshot = try reader.oneOf(value, of: key)
      default: try expectDefault(value, of: key, reader)
      }
    }
    if collection.history != nil, let key = collection.plan.key,
      let problem = HistoryRule.problem(of: name, key: key)
    {
      throw reader.error(node, problem.cause, hint: problem.hint)
    }
    return collection
  }

  private static func history(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> HistoryRule? {
    switch node.scalar?.string {
    case "true": return HistoryRule()
    case "false": return nil
    default: break
    }
    guard node.mapping != nil else {
      throw reader.error(node, "\"history\": expected true, false, or {except: [columns]}")
    }
    var rule = HistoryRule()
    for (key, value) in try reader.entries(of: node, known: ["except"], in: "history") {
      rule.except = Set(try reader.texts(value, of: key))
    }
    return rule
  }

  /// Keys of which this program knows only the default value so far.
  private static func expectDefault(
    _ node: Node, of key: String, _ reader: ConfigurationReader
  ) throws(IngestError) {
    let word = key == "format" ? "auto" : "columns"
    guard node.scalar?.string == word else {
      throw reader.unsupported(node, "\"\(key)\" other than \(word)")
    }
  }

  private static func source(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> String {
    if node.mapping != nil { throw reader.unsupported(node, "\"source\" by files") }
    let text = try reader.text(node, of: "source")
    if text.hasPrefix("files:") { throw reader.unsupported(node, "\"source\" by files") }
    guard Glob(text) != nil else {
      throw reader.error(node, "\"source\": the pattern has an unclosed [ or a trailing \\")
    }
    return text
  }

  private static func rule(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> KeyRule {
    let names = try reader.texts(node, of: "key").map { Substring($0) }
    guard let rule = KeyFlag.rule(names: names) else {
      throw reader.error(
        node, "\"key\": expected a list of different columns, @row, or @append")
    }
    return rule
  }

  private static func dialect(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> CSVDialect {
    var dialect = CSVDialect()
    for (key, value) in try reader.entries(of: node, known: csvKeys, in: "csv") {
      switch key {
      case "delimiter": dialect.delimiter = try byte(value, of: key, reader)
      case "quote": dialect.quote = try byte(value, of: key, reader)
      case "escape": dialect.escape = try byte(value, of: key, reader)
      case "null":
        guard let text = value.scalar?.string else {
          throw reader.error(value, "\"null\": expected the text that stands for NULL")
        }
        dialect.null = text
      case "header": dialect.hasHeader = try reader.flag(value, of: key)
      default: dialect.columns = try reader.texts(value, of: key)
      }
    }
    return dialect
  }

  private static func byte(
    _ node: Node, of key: String, _ reader: ConfigurationReader
  ) throws(IngestError) -> UInt8 {
    let text = node.scalar?.string ?? ""
    if text == "tab" || text == "\\t" { return 9 }
    guard text.utf8.count == 1, let byte = text.utf8.first, byte != 10, byte != 13, byte < 128
    else {
      throw reader.error(node, "\"\(key)\": expected one ASCII character, or tab")
    }
    return byte
  }

  private static func order(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> OrderRule {
    if node.scalar?.string == "auto" { return .auto }
    if node.scalar?.string == "files" { return .files }
    guard let sequence = node.sequence, !sequence.isEmpty else {
      throw reader.error(
        node, "\"order\": expected auto, files, or a list of {path: cursor.scn, kind: int}")
    }
    var fields: [OrderField] = []
    for element in sequence {
      var path: String?
      var kind: OrderField.Kind?
      for (key, value) in try reader.entries(of: element, known: ["path", "kind"], in: "order") {
        if key == "path" {
          path = try reader.text(value, of: key)
        } else {
          kind = try reader.oneOf(value, of: key)
        }
      }
      guard let path, let kind else {
        throw reader.error(element, "\"order\": each field needs a path and a kind")
      }
      fields.append(OrderField(path: path, kind: kind))
    }
    return .fields(fields)
  }

  private static func types(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> [String: ColumnType] {
    var types: [String: ColumnType] = [:]
    for (column, value) in try reader.entries(of: node, in: "types") {
      types[column] = try reader.oneOf(value, of: column)
    }
    return types
  }

  private static func names(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> [String: String] {
    var names: [String: String] = [:]
    for (column, value) in try reader.entries(of: node, in: "rename") {
      names[column] = try reader.text(value, of: column)
    }
    return names
  }
}
