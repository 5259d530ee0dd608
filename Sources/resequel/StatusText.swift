import ChangeModel
import CollectionStore
import Pipeline

extension StatusReport {
  /// Whether everything that was seen is applied; decides the exit status.
  var isComplete: Bool {
    quarantined.count == 0 && held.isEmpty && troubledFiles.isEmpty && warnings.isEmpty
      && collections.allSatisfy(\.isComplete)
  }

  /// Every hold: of tables without a collection, then of collections.
  var allHolds: [Hold] { held + collections.compactMap(\.hold) }
}

extension CollectionStatus {
  /// Whether all of its changes are applied, and nobody need look at them.
  fileprivate var isComplete: Bool {
    hold == nil && gaps.isEmpty && waiting == 0 && conflicts.count == 0 && note.doubts.isEmpty
  }

  /// What waits without a gap: the end of a transaction is not known yet.
  fileprivate var waitsForTransaction: Bool { waiting > 0 && !gaps.contains { !$0.isWaived } }
}

/// A database's status for people.
enum StatusText {
  /// The collections, then whatever needs attention.
  ///
  /// - Parameter database: the database's path, as the user gave it.
  static func text(of report: StatusReport, database: String) -> String {
    var blocks: [String] = []
    if report.collections.isEmpty {
      blocks.append("No collections.")
    } else {
      blocks.append(table(of: report.collections))
    }
    let files = report.files.filter { $0.count > 0 }
      .map { "\(Figures.count($0.count)) \($0.kind)" }
    blocks.append("files: " + (files.isEmpty ? "none" : files.joined(separator: ", ")))
    blocks += report.allHolds.map(text)
    for status in report.collections {
      let name = status.collection.name
      blocks += status.gaps.map { GapText.lines(of: $0, table: name).joined(separator: "\n") }
      if status.waitsForTransaction {
        blocks.append(
          "Waiting in \(name): \(Figures.count(status.waiting, "change")), for the end of their "
            + "transaction")
      }
      if let lines = ConflictText.lines(of: status.conflicts, table: name, database: database) {
        blocks.append(lines.joined(separator: "\n"))
      }
      blocks += status.note.doubts.map { "In doubt, \(name): \($0)" }
      if let reason = status.note.counters, !["dense", "absent"].contains(reason) {
        blocks.append("The counts of \(name) prove nothing any longer: \(reason)")
      }
    }
    if let lines = SplitText.lines(of: report) { blocks.append(lines.joined(separator: "\n")) }
    blocks += report.troubledFiles.prefix(20).map(text)
    if let lines = QuarantineText.lines(
      count: report.quarantined.count, first: report.quarantined.first)
    {
      blocks.append(lines.joined(separator: "\n"))
    }
    if report.incompleteRows > 0 {
      let rows = Figures.count(report.incompleteRows, "row")
      blocks.append("\(rows) known only in part: SELECT * FROM _resequel_incomplete")
    }
    blocks += report.warnings.map { "Also: " + $0.replacing("\n", with: "\n  ") }
    return TerminalText.safeLines(blocks.joined(separator: "\n\n")) + "\n"
  }

  private static func table(of collections: [CollectionStatus]) -> String {
    var table = TextTable(columns: [
      ("collection", .left), ("source", .left), ("key", .left), ("rows", .right),
      ("deleted", .right), ("files", .right), ("changes", .right), ("waiting", .right),
    ])
    for status in collections {
      table.add([
        TerminalText.safe(status.collection.name),
        TerminalText.safe(status.collection.source.description),
        TerminalText.safe(status.collection.key.text), Figures.count(status.rows),
        Figures.count(status.tombstones), Figures.count(status.files),
        Figures.count(status.appliedChanges), Figures.count(status.waiting),
      ])
    }
    return table.lines().joined(separator: "\n")
  }

  private static func text(of hold: Hold) -> String {
    SummaryText.lines(
      ofHold: hold.source.description, changes: hold.changes, cause: hold.cause,
      evidence: hold.evidence, hint: hold.hint
    ).joined(separator: "\n")
  }

  private static func text(of file: FileRecord) -> String {
    let path = String(decoding: file.path, as: UTF8.self)
    let (cause, hint) = file.causeAndHint
    return "\(file.state.rawValue): \(path)" + (cause.map { ": " + $0 } ?? "")
      + (hint.map { "\n  " + $0 } ?? "")
  }
}
