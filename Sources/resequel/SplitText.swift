import ChangeModel
import CollectionStore

/// The transactions of the source that are split between tables, for people and for programs.
enum SplitText {
  /// How many there are, and where parts of them wait; nil for none.
  static func lines(of report: StatusReport) -> [String]? {
    let count = report.split.count
    if count == 0 { return nil }
    let transactions = Figures.count(count, "transaction")
    let parts =
      count == 1
      ? "is split: a part of it waits while others are applied"
      : "are split: parts of them wait while others are applied"
    return ["\(report.split.isExact ? "" : "at least ")\(transactions) \(parts)"]
      + waiting(report).map { "  waiting in \($0.name): parts of \(Figures.count($0.count))" }
  }

  /// `transactions`, whether these are all, and where parts of them wait.
  static func write(_ report: StatusReport, _ json: inout JSONWriter) {
    json.object { json in
      json.key("transactions")
      json.value(report.split.count)
      json.key("exact")
      json.value(report.split.isExact)
      json.key("waiting_in")
      json.array(waiting(report)) { json, table in
        json.object { json in
          json.key("name")
          json.value(table.name)
          json.key("transactions")
          json.value(table.count)
        }
      }
    }
  }

  /// The tables where parts wait: those without a collection come first.
  private static func waiting(_ report: StatusReport) -> [(name: String, count: Int)] {
    let tables =
      report.held.map { (source: $0.source, name: $0.source.description) }
      + report.collections.map { (source: $0.collection.source, name: $0.collection.name) }
    return tables.compactMap { table in
      report.splitByTable[table.source].map { (table.name, $0.count) }
    }
  }
}
