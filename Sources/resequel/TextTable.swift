/// Rows of text under headings, each column as wide as its widest cell.
struct TextTable {
  /// On which side a column's cells stand.
  enum Alignment: Sendable {
    case left, right
  }

  private let alignments: [Alignment]
  private var rows: [[String]]
  private var widths: [Int]

  /// Makes a table of headings.
  init(columns: [(heading: String, alignment: Alignment)]) {
    alignments = columns.map(\.alignment)
    rows = [columns.map(\.heading)]
    widths = columns.map { TerminalText.width($0.heading) }
  }

  /// Adds a row: one text per column, already fit for a terminal.
  mutating func add(_ cells: [String]) {
    precondition(cells.count == widths.count, "one cell per column")
    for (index, cell) in cells.enumerated() {
      widths[index] = max(widths[index], TerminalText.width(cell))
    }
    rows.append(cells)
  }

  /// The lines: headings, a rule, the rows. None ends with a space.
  func lines() -> [String] {
    var lines = rows.map(line)
    lines.insert(widths.map { String(repeating: "-", count: $0) }.joined(separator: "  "), at: 1)
    return lines
  }

  private func line(_ cells: [String]) -> String {
    var line = ""
    for (index, cell) in cells.enumerated() {
      let padding = String(repeating: " ", count: widths[index] - TerminalText.width(cell))
      line += alignments[index] == .right ? padding + cell : cell + padding
      if index < cells.count - 1 { line += "  " }
    }
    while line.last == " " { line.removeLast() }
    return line
  }
}
