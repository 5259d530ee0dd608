package import ChangeModel

/// The text of `--key`: `TABLE=COL[,COL]`, `TABLE=@row` or `TABLE=@append`.
package struct KeyFlag: Sendable, Hashable {
  /// A glob over table names.
  package var table: String
  /// What identifies the rows of those tables.
  package var rule: KeyRule

  /// Reads the text of the flag; nil when it has no `=`, an empty or broken pattern, an empty or
  /// repeated column, or an unknown `@word`.
  package init?(_ text: String) {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    table = String(text[..<equals])
    guard !table.isEmpty, Glob(table) != nil else { return nil }
    let names = text[text.index(after: equals)...]
    guard
      let rule = KeyFlag.rule(names: names.split(separator: ",", omittingEmptySubsequences: false))
    else { return nil }
    self.rule = rule
  }

  /// The rule that column names, or one `@word`, stand for; nil when they stand for none.
  static func rule(names: [Substring]) -> KeyRule? {
    if names.count == 1, names[0].first == "@" {
      switch names[0] {
      case "@row": return .wholeRow
      case "@append": return .append
      default: return nil
      }
    }
    guard !names.isEmpty, names.allSatisfy({ !$0.isEmpty }), Set(names).count == names.count else {
      return nil
    }
    return .columns(names.map(String.init))
  }
}
