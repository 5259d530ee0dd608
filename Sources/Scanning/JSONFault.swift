/// What is wrong with JSON text, and where.
package struct JSONFault: Error, Sendable, Hashable {
  /// What is wrong.
  package enum Kind: Sendable {
    /// The text ends inside the value: more bytes may complete it.
    case unexpectedEnd
    case expectedValue, expectedName, expectedColon, expectedComma
    case badScalar, badEscape, badString, tooDeep, notUTF8, notAnObject
  }
  /// What is wrong.
  package var kind: Kind
  /// The byte of the text at which it shows.
  package var byteOffset: Int

  /// Makes a fault.
  package init(_ kind: Kind, at byteOffset: Int) {
    self.kind = kind
    self.byteOffset = byteOffset
  }

  /// What is wrong, for a person.
  package var cause: String {
    switch kind {
    case .unexpectedEnd: "the record is cut off"
    case .expectedValue: "malformed JSON: a value is missing"
    case .expectedName: "malformed JSON: a member name is missing"
    case .expectedColon: "malformed JSON: a colon is missing"
    case .expectedComma: "malformed JSON: a comma or closing bracket is missing"
    case .badScalar: "malformed JSON: neither a number, true, false nor null"
    case .badEscape: "malformed JSON: an invalid escape in a string"
    case .badString: "malformed JSON: a string that is not closed or holds a control character"
    case .tooDeep: "malformed JSON: nested deeper than \(JSONWalker.depthMax)"
    case .notUTF8: "the text is not valid UTF-8"
    case .notAnObject: "the record is not a JSON object"
    }
  }
}
