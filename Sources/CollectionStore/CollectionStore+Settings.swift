import SQLiteKit

/// Settings, and the warnings that are kept among them.
extension CollectionStore {
  /// A remembered setting; nil where it was never set.
  package func setting(_ name: String) throws -> String? {
    let statement = try connection.cached("SELECT value FROM _resequel_settings WHERE name = ?")
    defer { statement.clear() }
    try statement.bind(1, name)
    return try statement.step() ? statement.text(0) : nil
  }

  /// Remembers a setting; nil forgets it.
  package func setSetting(_ name: String, _ value: String?) throws {
    let statement = try connection.cached(
      value == nil
        ? "DELETE FROM _resequel_settings WHERE name = ?"
        : "INSERT OR REPLACE INTO _resequel_settings (name, value) VALUES (?, ?)")
    defer { statement.clear() }
    try statement.bind(1, name)
    if let value { try statement.bind(2, value) }
    try statement.run()
  }

  /// What the last run had to say that holds until the next: one sentence each.
  package func keptWarnings() throws -> [String] {
    try JSONText.strings(setting("warnings") ?? "[]", connection)
  }

  /// Remembers that, in a transaction of its own.
  package func keepWarnings(_ warnings: [String]) throws {
    try transaction {
      try setSetting("warnings", warnings.isEmpty ? nil : JSONText.array(warnings))
    }
  }
}
