import CollectionStore
import ChangeModel
import Pipeline

/// A run's summary for people.
enum SummaryText {
  /// The summary: what was done, the tables, then whatever needs attention.
  ///
  /// - Parameter database: the database's path, as the user gave it.
  static func text(of report: RunReport, tables: [TableSize], database: String) -> String {
    guard let summary = report.summary else {
      return stopped + "\n"
    }
    var blocks = [headline(summary, seconds: report.seconds)]
    if !tables.isEmpty { blocks.append(table(of: tables)) }
    for held in summary.held { blocks.append(lines(of: held).joined(separator: "\n")) }
    for gap in summary.gaps {
      blocks.append(GapText.lines(of: gap.gap, table: gap.table).joined(separator: "\n"))
    }
    for conflict in summary.conflicts {
      if let lines = ConflictText.lines(
        of: conflict.overview, table: conflict.table, database: database)
      {
        blocks.append(lines.joined(separator: "\n"))
      }
    }
    if !summary.doubts.isEmpty { blocks.append(list("In doubt:", summary.doubts)) }
    if let lines = QuarantineText.lines(
      count: summary.quarantined, first: summary.quarantinedRecords)
    {
      blocks.append(lines.joined(separator: "\n"))
    }
    if !summary.tornFiles.isEmpty {
      blocks.append(
        list("Cut off in the middle of a record; the rest is awaited:", summary.tornFiles))
    }
    if !summary.failedFiles.isEmpty {
      blocks.append(list("Could not be used:", summary.failedFiles.map(\.description)))
    }
    if !summary.warnings.isEmpty { blocks.append(list("Also:", summary.warnings)) }
    if !summary.remarks.isEmpty { blocks.append(list("Note:", summary.remarks)) }
    if report.wasInterrupted {
      blocks.append(stopped)
    }
    return blocks.map { TerminalText.safeLines($0) }.joined(separator: "\n\n") + "\n"
  }

  private static let stopped = "Stopped; nothing is half done. The same command goes on from here."

  /// A held table: what waits, why, what speaks for what, and what to add.
  static func lines(of held: HeldTable) -> [String] {
    lines(
      ofHold: held.table, changes: held.changes, cause: held.cause, evidence: held.evidence,
      hint: held.hint)
  }

  /// The same of its parts.
  static func lines(
    ofHold table: String, changes: Int, cause: String, evidence: [String], hint: String
  ) -> [String] {
    let verb = changes == 1 ? "waits" : "wait"
    var lines = ["Held: \(Figures.count(changes, "change")) of table \(table) \(verb): \(cause)"]
    lines += evidence.map { "  evidence: " + $0 }
    lines += hint.split(separator: "\n").map { "  " + $0 }
    return lines
  }

  private static func headline(_ summary: RunSummary, seconds: Double) -> String {
    var text = "Applied \(Figures.count(summary.changes, "change"))"
    text += " of \(Figures.count(summary.records, "record"))"
    text += " from \(Figures.count(summary.files, "file")) (\(Figures.bytes(summary.bytes)))"
    text += " in \(Figures.tenths(seconds)) s"
    var details: [String] = []
    details.append("\(Figures.count(summary.rowsWritten, "row")) written")
    details.append("\(Figures.count(summary.rowsDeleted)) deleted")
    if summary.rowsRepaired > 0 {
      details.append("\(Figures.count(summary.rowsRepaired)) repaired by late changes")
    }
    if summary.duplicates > 0 { details.append(Figures.count(summary.duplicates, "duplicate")) }
    if summary.skippedChanges > 0 {
      let tables = named(summary.skippedTables)
      details.append("\(Figures.count(summary.skippedChanges)) of skipped tables (\(tables))")
    }
    if summary.knownFiles > 0 {
      details.append("\(Figures.count(summary.knownFiles, "file")) known already")
    }
    return text + "\n" + details.joined(separator: ", ")
  }

  /// The first few names, and how many more.
  private static func named(_ names: [String]) -> String {
    let shown = names.prefix(5)
    let rest = names.count > 5 ? " and \(Figures.count(names.count - 5)) more" : ""
    return shown.joined(separator: ", ") + rest
  }

  private static func table(of tables: [TableSize]) -> String {
    var table = TextTable(columns: [("table", .left), ("rows", .right)])
    for size in tables {
      table.add([TerminalText.safe(size.name), Figures.count(size.rows)])
    }
    return table.lines().joined(separator: "\n")
  }

  private static func list(_ title: String, _ items: [String]) -> String {
    let shown = items.prefix(20).map { item in
      item.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
    }
    let rest =
      items.count > shown.count ? ["  and \(Figures.count(items.count - shown.count)) more"] : []
    return ([title] + shown + rest).joined(separator: "\n")
  }
}
