import CollectionStore
import Pipeline

/// A hole in a collection's log, for people: what is missing, since when, and what that means.
enum GapText {
  /// What is missing, what became of what lies behind it, and what to do.
  static func lines(of gap: GapRecord, table: String) -> [String] {
    [what(gap, table: table), "  " + consequence(of: gap), "  " + hint(for: gap)]
  }

  private static func what(_ gap: GapRecord, table: String) -> String {
    switch gap.kind {
    case .proven:
      let changes = gap.counters.map { counters in
        let last = counters.count > 1 ? " to \(counters.upperBound)" : ""
        return Figures.count(counters.count, "change")
          + ", count\(counters.count > 1 ? "s" : "") \(counters.lowerBound)\(last); "
      }
      return "Missing in \(table): \(gap.fileText) (\(changes ?? "")the running counts prove it)"
    case .arriving:
      return "Arriving in \(table): \(gap.text)"
    case .suspected:
      return "Perhaps missing in \(table): \(gap.fileText) (the numbers of the files skip)"
    }
  }

  private static func consequence(of gap: GapRecord) -> String {
    let since = "since \(TimeText.seconds(gap.since)); "
    if gap.isWaived {
      return since
        + "not waited for: what lies behind it is applied, and provisional until the file comes"
    }
    let until = gap.deadline.map { "until \(TimeText.seconds($0))" } ?? "for ever"
    let isOver = gap.deadline.map { $0 <= WallClock.microseconds() } ?? false
    let verb = isOver ? "had to wait" : gap.waiting == 1 ? "waits" : "wait"
    return since
      + "\(Figures.count(gap.waiting, "change")) behind it \(verb) \(until)"
      + (gap.kind == .arriving ? "" : " (gap_wait)")
      + (isOver ? ", and the next sync goes on without it" : "")
      + "; the table is as it was before the gap"
  }

  private static func hint(for gap: GapRecord) -> String {
    if gap.kind == .arriving { return "it is read once it has been unchanged for --settle" }
    return gap.isWaived
      ? "bring the whole file, and the rows are repaired; provisional files: "
        + "SELECT * FROM _resequel_provisional"
      : "bring the whole file, or go on without it: sync with --gap-wait 0"
  }
}
