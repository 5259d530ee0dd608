/// Something that happened, and that somebody may ask about later.
package struct StoreEvent: Sendable, Hashable {
  /// When, microseconds since 1970; enters no row.
  package var at: Int64 = 0
  /// One word for programs: `columnAdded`, `repair`, `epochSuspected`.
  package var kind: String
  /// The collection's number; nil where none is concerned.
  package var collection: Int64?
  /// The file's number; nil where none is concerned.
  package var file: Int64?
  /// A sentence for a person.
  package var text: String

  /// Makes one of its parts.
  package init(
    at: Int64, kind: String, collection: Int64? = nil, file: Int64? = nil, text: String
  ) {
    self.at = at
    self.kind = kind
    self.collection = collection
    self.file = file
    self.text = text
  }
}
