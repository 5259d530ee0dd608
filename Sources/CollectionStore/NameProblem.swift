package import ChangeModel
import SQLiteKit

/// A table whose names SQLite, or we, cannot take: it is held until somebody renames something.
package struct NameProblem: Error, Sendable, Hashable, CustomStringConvertible {
  /// What is wrong with the names.
  package enum Kind: Sendable, Hashable {
    /// The name begins with `sqlite_` or `_resequel_`, is empty, or holds a NUL.
    case unusableTable
    /// Another source table, or something that the user made, has the name.
    case takenTable(by: String)
    /// Two columns differ only in the case of ASCII letters, which SQLite ignores.
    case sameColumns(String, String)
    /// A column is named like one of ours.
    case reservedColumn(String)
    /// A column's name is empty or holds a NUL.
    case unusableColumn(String)
    /// More columns than a SQLite table can have.
    case tooManyColumns(Int)
  }

  /// What is wrong.
  package var kind: Kind
  /// The table it is about.
  package var source: SourceTable

  /// Makes one of its parts.
  package init(kind: Kind, source: SourceTable) {
    self.kind = kind
    self.source = source
  }

  /// How many columns a source table may have: SQLite's 2,000, less our four.
  package static let mostColumns = 1996

  /// What is wrong, for a person.
  package var cause: String {
    switch kind {
    case .unusableTable: "a SQLite table cannot be named \"\(source.name)\""
    case .takenTable(let owner): "the name \"\(source.name)\" is taken by \(owner)"
    case .sameColumns(let first, let second):
      "columns \"\(first)\" and \"\(second)\" differ only in case, which SQLite ignores"
    case .reservedColumn(let name): "column \"\(name)\" is named like one of resequel's own"
    case .unusableColumn(let name): "a SQLite column cannot be named \"\(name)\""
    case .tooManyColumns(let count):
      "\(count) columns are more than the \(Self.mostColumns) that a collection can have"
    }
  }

  /// The configuration lines that release the table; nil where only leaving it out helps.
  package var hint: String {
    switch kind {
    case .unusableTable, .takenTable:
      """
      Give it a name of its own in the configuration file:
      collections:
        \(Self.yaml(suggestedTable)):
          source: \(Self.yaml(source.description))
      """
    case .sameColumns(_, let name), .reservedColumn(let name), .unusableColumn(let name):
      """
      Give the column another name in the configuration file:
      collections:
        \(Self.yaml(source.name)):
          rename: {\(Self.yaml(name)): \(Self.yaml(suggestedColumn(name)))}
      """
    case .tooManyColumns:
      "Leave the table out: --skip \(source.name)"
    }
  }

  /// The cause, and the hint below it.
  package var description: String { "\(source): \(cause)\n  \(hint)" }

  private var suggestedTable: String {
    let parts = [source.catalog, source.schema, source.name].compactMap { $0 }
    let joined = parts.filter { !$0.isEmpty }.joined(separator: "_").filter { $0 != "\0" }
    return parts.count > 1 && !Self.isReserved(joined) ? joined : "t_" + joined
  }

  private func suggestedColumn(_ name: String) -> String {
    let clean = name.filter { $0 != "\0" }
    if clean.isEmpty { return "column" }
    return clean.hasPrefix("_") ? "source" + clean : clean + "_2"
  }

  private static func yaml(_ text: String) -> String {
    let isPlain =
      !text.isEmpty
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 95
          || $0 == 46
      } && !(48...57).contains(text.utf8.first ?? 48)
    if isPlain { return text }
    let escaped = text.unicodeScalars.map { scalar in
      switch scalar {
      case "\"": "\\\""
      case "\\": "\\\\"
      case "\0": "\\0"
      case "\n": "\\n"
      default: String(scalar)
      }
    }
    return "\"" + escaped.joined() + "\""
  }

  // MARK: The rules

  static func isReserved(_ table: String) -> Bool {
    let folded = Identifier.folded(table)
    return folded.hasPrefix("sqlite_") || folded.hasPrefix("_resequel_")
  }

  static func checkTable(_ name: String, of source: SourceTable) throws {
    guard !name.isEmpty, !name.unicodeScalars.contains("\0"), !isReserved(name) else {
      throw NameProblem(kind: .unusableTable, source: source)
    }
  }

  /// Checks column names against each other and against ours.
  ///
  /// - Parameter key: where it is the one column `_id`, that column is allowed.
  static func checkColumns(
    _ columns: [Collection.Column], of source: SourceTable, key: KeyRule
  ) throws {
    if columns.count > mostColumns {
      throw NameProblem(kind: .tooManyColumns(columns.count), source: source)
    }
    var seen: [String: String] = [:]
    for column in columns {
      if column.name.isEmpty || column.name.unicodeScalars.contains("\0") {
        throw NameProblem(kind: .unusableColumn(column.source), source: source)
      }
      let folded = Identifier.folded(column.name)
      if let other = seen.updateValue(column.source, forKey: folded) {
        throw NameProblem(kind: .sameColumns(other, column.source), source: source)
      }
      let isKey = column.isID && key == .columns([column.source])
      if ourColumns.contains(folded), !isKey {
        throw NameProblem(kind: .reservedColumn(column.source), source: source)
      }
    }
  }

  /// `rowid` and its like are no columns of ours, and a column may be named so.
  private static let ourColumns: Set<String> = ["_id", "_event_time", "_position", "_file"]
}
