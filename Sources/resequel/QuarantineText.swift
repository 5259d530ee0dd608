import ChangeModel

/// Records in quarantine, for people.
enum QuarantineText {
  /// How many there are, the first of them, and how to see all; nil where there are none.
  static func lines(count: Int, first: [IngestError]) -> [String]? {
    if count == 0 { return nil }
    let verb = count == 1 ? "is" : "are"
    var lines = ["In quarantine: \(Figures.count(count, "record")) that \(verb) not in the tables"]
    lines += first.map { "  \($0)" }
    if count > first.count { lines.append("  and \(Figures.count(count - first.count)) more") }
    return lines + [
      "  see all: SELECT * FROM _resequel_quarantined; how it ends: README, \"Quarantine\""
    ]
  }

  /// What a reader of some rows must know; nil where no record that may be theirs is set aside.
  static func caution(count: Int) -> String? {
    if count == 0 { return nil }
    return "\(Figures.count(count, "record")) in quarantine: SELECT * FROM _resequel_quarantined"
  }

  /// The first records, as a member of an object.
  static func write(_ first: [IngestError], _ json: inout JSONWriter) {
    json.key("quarantined_records")
    json.array(first) { json, record in SummaryJSON.write(record, &json) }
  }
}
