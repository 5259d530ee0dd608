import ChangeModel
import SQLiteKit

/// Key rules as the store keeps them: `@row`, `@append`, or a JSON array of columns.
enum KeyText {
  static func text(_ key: KeyRule) -> String {
    switch key {
    case .wholeRow: "@row"
    case .append: "@append"
    case .columns(let names): JSONText.array(names)
    }
  }

  static func key(_ text: String, _ connection: Connection) throws -> KeyRule {
    switch text {
    case "@row": .wholeRow
    case "@append": .append
    default: .columns(try JSONText.strings(text, connection))
    }
  }
}

/// The little JSON that the store writes: arrays, read back by SQLite itself.
enum JSONText {
  static func array(_ strings: [String]) -> String {
    "[" + strings.map(string).joined(separator: ",") + "]"
  }

  static func string(_ text: String) -> String {
    let hex = Array("0123456789abcdef")
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case _ where scalar.value < 32:
        quoted += "\\u00"
        quoted.append(hex[Int(scalar.value >> 4)])
        quoted.append(hex[Int(scalar.value & 15)])
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  static func strings(_ array: String, _ connection: Connection) throws -> [String] {
    let statement = try connection.cached("SELECT value FROM json_each(?) ORDER BY key")
    defer { statement.clear() }
    try statement.bind(1, array)
    var strings: [String] = []
    while try statement.step() { strings.append(statement.text(0) ?? "") }
    return strings
  }
}
