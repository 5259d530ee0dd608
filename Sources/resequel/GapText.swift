import CollectionStore
import Pipeline

/// A hole in a collection's log, for people: what is missing, since when, and what that means.
enum GapText {
  /// Two lines.
  static func lines(of gap: GapRecord, table: String) -> [String] {
    let what = "Missing in \(table): \(gap.text)"
    let since = "  seen \(TimeText.utc(gap.since))"
    if gap.isWaived {
      return [
        what,
        since + "; not waited for any longer. What lies behind it is applied provisionally, and is "
          + "repaired when the file comes: SELECT * FROM _resequel_provisional",
      ]
    }
    let until = gap.deadline.map { "until \(TimeText.utc($0))" } ?? "for ever"
    let waiting = Figures.count(gap.waiting, "change")
    return [
      what,
      since
        + "; \(waiting) behind it \(gap.waiting == 1 ? "waits" : "wait") \(until) (gap_wait), and "
        + "the table is as it was before",
    ]
  }
}
