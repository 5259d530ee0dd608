import ArgumentParser
import SourceWorld

/// `source-world check`
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Compare a database with what the source held in the end.",
    discussion: "Give the flags that generate got. Exit status 1: something differs.")

  @OptionGroup var world: WorldOptions

  @Option(name: [.customLong("db")], help: "The SQLite file.")
  var database: String

  @Flag(inversion: .prefixedNo, help: "Compare _event_time too.")
  var eventTime = true

  @Option(help: "How many differences of each table are shown.")
  var limit = 5

  @Flag(help: "Say it as JSON, a line for each table.")
  var json = false

  func run() throws {
    let played = World(world.plan)
    let source = played.run { _ in }
    let reader = try CollectionReader(path: database)
    var areEqual = true
    for table in played.tables.indices {
      if played.tables[table].isHousekeeping {
        areEqual = try checkAbsence(of: played.tables[table].name, reader) && areEqual
        continue
      }
      let expected = played.sourceTable(source, table)
      areEqual = try check(expected, reader) && areEqual
    }
    if !areEqual { throw ExitCode(1) }
  }

  private func check(_ expected: ExpectedTable, _ reader: CollectionReader) throws -> Bool {
    guard try reader.hasTable(expected.name) else {
      let isRight = expected.rows.isEmpty
      report(expected.name, rows: 0, isRight ? [] : ["there is no such table"], isRight ? 0 : 1)
      return isRight
    }
    var comparison: TableComparison?
    try reader.readTable(expected.name) { columns in
      comparison = TableComparison(
        expected: expected, columns: columns, checksEventTime: eventTime, limit: limit)
    } row: {
      comparison?.see($0)
    }
    guard var comparison else { return false }
    let differences = comparison.finish()
    report(
      expected.name, rows: comparison.rowCount, differences.map(\.description),
      comparison.differenceCount)
    return comparison.differenceCount == 0
  }

  private func checkAbsence(of name: String, _ reader: CollectionReader) throws -> Bool {
    guard try reader.hasTable(name) else { return true }
    report(name, rows: 0, ["the replicator's own table should not be here"], 1)
    return false
  }

  private func report(_ table: String, rows: Int, _ differences: [String], _ count: Int) {
    if json {
      print(
        "{\"table\":\(quote(table)),\"rows\":\(rows),\"equal\":\(count == 0),"
          + "\"differenceCount\":\(count),"
          + "\"differences\":[\(differences.map(quote).joined(separator: ","))]}")
    } else if count == 0 {
      print("\(table): \(grouped(rows)) rows equal the source")
    } else {
      print("\(table): \(grouped(count)) differences from the source")
      for difference in differences { print("  \(difference)") }
      if count > differences.count { print("  and \(grouped(count - differences.count)) more") }
    }
  }
}
