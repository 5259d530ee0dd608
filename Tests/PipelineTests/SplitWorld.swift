import SourceWorld

/// Transactions over three tables, in files of some changes each.
struct SplitWorld {
  static let tables = ["t", "u", "v"]
  /// By the file's name.
  var files: [String: [LogRecord]] = [:]
  /// The table whose key nobody knows; nil for none.
  var heldTable: String?
  /// By the table and the row's `_id`.
  private var transactions: [String: Int] = [:]

  init(_ random: inout SeededRandom) {
    if random.chance(30) { heldTable = Self.tables[random.below(3)] }
    var log: [String: [LogRecord]] = [:]
    var row = 0
    for transaction in 1...20 {
      let begin = row + 1
      for _ in 0...random.below(4) {
        row += 1
        let table = Self.tables[random.below(3)]
        let count = log[table, default: []].count + 1
        log[table, default: []].append(
          .ase(
            count, "a", transaction: begin, row: row, count: count, table: table))
        transactions["\(table) \(count)"] = transaction
      }
    }
    for (table, records) in log.sorted(by: { $0.key < $1.key }) {
      var rest = records[...]
      for number in 1...records.count where !rest.isEmpty {
        let size = random.within(1...3)
        files["\(table)_\(number).json"] = Array(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
    }
  }

  /// The transactions that are split, as the rows show it.
  func split(_ delivered: [String: [LogRecord]], in bench: LogBench) throws -> [String: Int] {
    var applied: [String: Set<Int>] = [:]
    var waiting: [String: Set<Int>] = [:]
    for table in Self.tables {
      let rows = Set(try bench.rows(table) ?? [])
      for record in delivered.values.joined() where record.table == table {
        guard let transaction = transactions["\(table) \(record.id)"] else { continue }
        if rows.contains("\(record.id) a -") {
          applied[table, default: []].insert(transaction)
        } else {
          waiting[table, default: []].insert(transaction)
        }
      }
    }
    var counts: [String: Int] = [:]
    var all: Set<Int> = []
    for (table, waiting) in waiting {
      let others = applied.filter { $0.key != table }.values.reduce(into: Set()) {
        $0.formUnion($1)
      }
      let split = waiting.intersection(others)
      if !split.isEmpty { counts[table] = split.count }
      all.formUnion(split)
    }
    counts["all"] = all.count
    return counts
  }
}
