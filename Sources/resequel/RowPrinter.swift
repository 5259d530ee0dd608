import ArgumentParser

/// How rows are printed.
enum RowFormat: String, ExpressibleByArgument, CaseIterable {
  /// Aligned columns; long values are cut.
  case table
  /// One object a line, keys in byte order behind `_id` and `_event_time`.
  case json
  /// A heading and lines; NULL is nothing, an empty text is `""`.
  case csv
}

/// Prints rows in one of the formats. JSON and CSV are written as they come and hold every value
/// exactly; a table is written at the end, when its widths are known.
struct RowPrinter: ~Copyable {
  /// The widest that a cell of a table is printed.
  static let cellWidthMax = 48

  private let format: RowFormat
  private let columns: [String]
  private let keyOrder: [Int]
  private var output = OutputWriter()
  private var table: TextTable
  private var json = JSONWriter()

  /// Makes a printer of rows with these columns, and prints the heading of a CSV.
  init(format: RowFormat, columns: [String]) throws {
    self.format = format
    self.columns = columns
    keyOrder = RowPrinter.keyOrder(columns)
    table = TextTable(columns: columns.map { (TerminalText.safe($0), .left) })
    if format == .csv {
      try output.write(columns.map { CSVText.field($0) }.joined(separator: ",") + "\n")
    }
  }

  /// Prints a row: one value per column.
  mutating func add(_ row: [StoredValue]) throws {
    switch format {
    case .table: table.add(row.map(RowPrinter.cell))
    case .csv: try output.write(row.map(CSVText.field).joined(separator: ",") + "\n")
    case .json: try output.write(object(row))
    }
  }

  /// Prints what is left to print.
  consuming func finish() throws {
    if format == .table {
      for line in table.lines() { try output.write(line + "\n") }
    }
    try output.flush()
  }

  /// `_id` and `_event_time`, then the rest in byte order: which column came first in a file that
  /// came first must not show.
  private static func keyOrder(_ columns: [String]) -> [Int] {
    let first = ["_id", "_event_time"]
    return columns.indices.sorted { left, right in
      let ranks = [left, right].map { first.firstIndex(of: columns[$0]) ?? first.count }
      if ranks[0] != ranks[1] { return ranks[0] < ranks[1] }
      return columns[left].utf8.lexicographicallyPrecedes(columns[right].utf8)
    }
  }

  private mutating func object(_ row: [StoredValue]) -> [UInt8] {
    json.object { json in
      for index in keyOrder {
        json.key(columns[index])
        json.value(row[index])
      }
    }
    return json.takeLine()
  }

  /// A cell of a table. NULL is bare; a text that would read like it is quoted.
  static func cell(_ value: StoredValue) -> String {
    switch value {
    case .null: "NULL"
    case .integer(let number): String(number)
    case .real(let number): number.description
    case .blob(let bytes):
      TerminalText.truncated("x'\(StoredValue.hex(bytes))'", to: RowPrinter.cellWidthMax)
    case .text(let text):
      if text.isEmpty || text == "NULL" {
        "'\(text)'"
      } else {
        TerminalText.truncated(TerminalText.safe(text), to: RowPrinter.cellWidthMax)
      }
    }
  }
}

/// Fields of a CSV line, as PostgreSQL writes them: NULL is nothing, an empty text is `""`.
enum CSVText {
  /// A text as a field.
  static func field(_ text: String) -> String {
    let needsQuotes =
      text.isEmpty
      || text.utf8.contains { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }
    guard needsQuotes else { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" { quoted += "\"" }
      quoted.unicodeScalars.append(scalar)
    }
    return quoted + "\""
  }

  /// A value as a field.
  static func field(_ value: StoredValue) -> String {
    switch value {
    case .null: ""
    case .integer(let number): String(number)
    case .real(let number): number.description
    case .text(let text): field(text)
    case .blob(let bytes): StoredValue.hex(bytes)
    }
  }
}
