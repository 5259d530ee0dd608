/// Names of tables and columns as SQL text.
package enum Identifier {
  /// Returns a name in double quotes, with those inside doubled.
  ///
  /// - Precondition: no NUL in it, which would end the statement.
  package static func quoted(_ name: String) -> String {
    var text = "\""
    for scalar in name.unicodeScalars {
      precondition(scalar != "\0", "a name with a NUL cannot be quoted")
      if scalar == "\"" { text.unicodeScalars.append("\"") }
      text.unicodeScalars.append(scalar)
    }
    return text + "\""
  }

  /// Returns a text in single quotes, with those inside doubled.
  ///
  /// - Precondition: no NUL in it.
  package static func literal(_ value: String) -> String {
    var text = "'"
    for scalar in value.unicodeScalars {
      precondition(scalar != "\0", "a text with a NUL cannot be a literal")
      if scalar == "'" { text.unicodeScalars.append("'") }
      text.unicodeScalars.append(scalar)
    }
    return text + "'"
  }

  /// Returns a name as SQLite compares names: ASCII letters in lower case, all else as it is.
  package static func folded(_ name: String) -> String {
    var text = String.UnicodeScalarView()
    for scalar in name.unicodeScalars {
      if ("A"..."Z").contains(scalar), let lower = Unicode.Scalar(scalar.value + 32) {
        text.append(lower)
      } else {
        text.append(scalar)
      }
    }
    return String(text)
  }
}
