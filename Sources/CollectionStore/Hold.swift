package import ChangeModel

/// Why the changes of a table wait, and what releases them.
package struct Hold: Sendable, Hashable {
  /// The table's name, quoted nowhere.
  package var source: SourceTable
  /// The collection that it would be, or is.
  package var name: String
  /// One word for programs: `keyUnknown`.
  package var reason: String
  /// How many changes wait.
  package var changes: Int
  /// What is wrong, for a person.
  package var cause: String
  /// Candidates with their evidence, best first.
  package var evidence: [String]
  /// The exact flag or configuration lines to add.
  package var hint: String

  /// Makes one of its parts.
  package init(
    source: SourceTable, name: String, reason: String, changes: Int, cause: String,
    evidence: [String], hint: String
  ) {
    self.source = source
    self.name = name
    self.reason = reason
    self.changes = changes
    self.cause = cause
    self.evidence = evidence
    self.hint = hint
  }
}
