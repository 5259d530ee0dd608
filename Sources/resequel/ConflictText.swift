import CollectionStore
import Pipeline

/// Rows about which two files disagree, for people.
enum ConflictText {
  /// Which rows, and how to see both sides; nil where all agree.
  ///
  /// - Parameter database: the database's path, as the user gave it.
  static func lines(
    of conflicts: ConflictOverview, table: String, database: String
  ) -> [String]? {
    guard let first = conflicts.ids.first else { return nil }
    let why = ShellText.command(
      ["resequel", "why"], naming: [database, table, String(decoding: first, as: UTF8.self)])
    let shown = conflicts.ids.map { String(decoding: $0, as: UTF8.self) }
    let rest = conflicts.count - shown.count
    return [
      "In conflict in \(table): \(shown.joined(separator: ", "))"
        + (rest > 0 ? " and \(Figures.count(rest)) more" : ""),
      "  two files tell different changes at one place of the log; the same one wins in every order "
        + "of arrival",
      "  see both: \(why)",
    ]
  }

  /// The count and the first rows, as members of an object.
  static func write(_ conflicts: ConflictOverview, _ json: inout JSONWriter) {
    json.key("conflicts")
    json.value(conflicts.count)
    json.key("conflicting_rows")
    json.array(conflicts.ids) { json, id in json.value(String(decoding: id, as: UTF8.self)) }
  }
}
