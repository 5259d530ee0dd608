import ChangeModel

/// What the history of a collection keeps.
package struct HistoryRule: Sendable, Hashable {
  /// Columns, by the source's name or ours, whose changes make no version.
  package var except: Set<String> = []

  /// Makes a rule by which every column counts.
  package init(except: Set<String> = []) {
    self.except = except
  }

  /// Why a collection of this key can have no history; nil when it can.
  static func problem(of collection: String, key: KeyRule) -> IngestError? {
    switch key {
    case .columns: nil
    case .wholeRow, .append:
      IngestError(
        .fatal, cause: "\(collection): rows without a key (\(key.text)) have no history",
        hint: "Give it a key, or set history: false for it.")
    }
  }
}
