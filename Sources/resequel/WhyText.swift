import ChangeModel
import Pipeline

/// A row's story, for people.
enum WhyText {
  /// What the row is, its changes from the oldest on, and what could not be read.
  static func text(of story: RowStory, showsValues: Bool) -> String {
    var blocks = [heading(story)]
    let lineages = Set(story.changes.map(\.lineage)).count
    let epochs = Set(story.changes.map(\.epoch)).count
    for (index, change) in story.changes.enumerated() {
      var lines = ["#\(index + 1)  \(headline(change, story, lineages > 1, epochs > 1))"]
      lines += details(change, showsValues).map { "    " + $0 }
      blocks.append(lines.joined(separator: "\n"))
    }
    if !story.missing.isEmpty {
      blocks.append(
        list("The story is incomplete. These files may hold more of it:", story.missing))
    }
    if !story.waiting.isEmpty {
      blocks.append(list("Of these files more is awaited:", story.waiting))
    }
    let cautions =
      [QuarantineText.caution(count: story.quarantined)].compactMap(\.self)
      + story.gaps.map(\.text)
    if !cautions.isEmpty {
      blocks.append(
        (["Not known whether it is about this row:"] + cautions.map { "  " + $0 })
          .joined(separator: "\n"))
    }
    return TerminalText.safeLines(blocks.joined(separator: "\n\n")) + "\n"
  }

  private static func heading(_ story: RowStory) -> String {
    let row = "\(story.collection) \(TerminalText.safe(text(story.id)))"
    let changes = Figures.count(story.changes.count, "change")
    switch story.state {
    case .live: return "\(row) is a row. It saw \(changes)."
    case .deleted: return "\(row) is deleted. It saw \(changes)."
    case .waiting: return "\(row) is no row yet. It saw \(changes), not applied yet."
    case .unknown where story.isComplete: return "\(row) was never seen."
    case .unknown: return "\(row) is not in the files that are there."
    }
  }

  private static func headline(
    _ change: ToldChange, _ story: RowStory, _ showsLineage: Bool, _ showsEpoch: Bool
  ) -> String {
    var parts = [operation(change, story), "at \(PositionText.text(of: change.rank))"]
    if showsEpoch { parts.append("epoch \(change.epoch)") }
    if showsLineage { parts.append("of \(change.lineage.isEmpty ? "no log" : change.lineage)") }
    if let counter = change.counter { parts.append("count \(counter)") }
    if change.rank.eventTime != .min { parts.append(TimeText.text(change.rank.eventTime)) }
    return TerminalText.safe(parts.joined(separator: ", "))
  }

  private static func operation(_ change: ToldChange, _ story: RowStory) -> String {
    if let oldID = change.oldID { return "move from \(text(oldID)) to \(text(change.id))" }
    let name = "\(change.operation)"
    return change.id == story.id || change.operation == .delete && story.changes.count == 1
      ? name : "\(name) of \(text(change.id))"
  }

  private static func details(_ change: ToldChange, _ showsValues: Bool) -> [String] {
    let file = TerminalText.safe(change.file)
    var lines = ["\(file), record \(change.rank.recordIndex) at byte \(change.byteOffset)"]
    if !change.values.isEmpty {
      let values = change.values.map { column, value in
        let name = TerminalText.safe(column)
        return showsValues ? "\(name) = \(RowPrinter.cell(StoredValue(value)))" : name
      }
      lines.append("sets \(values.joined(separator: ", "))")
    }
    lines.append(TerminalText.safe(outcome(of: change)))
    if let other = change.conflict {
      lines.append("in conflict with #\(other): the log has both at one position")
    }
    if let newer = change.lateAfter {
      lines.append("came late: #\(newer) was applied before its file was seen")
    }
    return lines + change.repairs.map { TerminalText.safe("repair: \($0)") }
  }

  private static func outcome(of change: ToldChange) -> String {
    switch change.outcome {
    case .won(let columns): "won: today's \(columns.joined(separator: ", "))"
    case .ended where change.oldID != nil: "won: the row went to \(text(change.id)) then"
    case .ended: "won: there is no such row since"
    case .overwritten: "overwritten by newer changes"
    case .beforeDelete(let number): "before the row went, in #\(number)"
    case .beforeInsert(let number): "before the row began anew, in #\(number)"
    case .repeated(let number): "repeat of #\(number), which counts"
    case .counted: "counts a row of this content in or out; another is this one"
    case .truncated: "before the table was emptied"
    case .waiting: "waits; not applied yet"
    }
  }

  private static func list(_ heading: String, _ files: [MissingFile]) -> String {
    ([heading] + files.map { "  \($0.path): \($0.reason)" }).joined(separator: "\n")
  }

  private static func text(_ id: [UInt8]) -> String { String(decoding: id, as: UTF8.self) }
}
