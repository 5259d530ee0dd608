/// A table of the source database, as its files name it.
package struct SourceTable: Sendable, Hashable, CustomStringConvertible {
  /// The catalogue, or nil where the source has none or the file does not say.
  package var catalog: String?
  /// The schema, or nil likewise.
  package var schema: String?
  /// The table's own name, never empty.
  package var name: String

  /// Makes a table name of its parts; nil where a part is unknown.
  package init(catalog: String? = nil, schema: String? = nil, name: String) {
    self.catalog = catalog
    self.schema = schema
    self.name = name
  }

  /// Catalogue and schema, as far as they are known; an empty one says nothing.
  private var qualifiers: [String] { [catalog, schema].compactMap(\.self).filter { !$0.isEmpty } }

  /// Whether it may be the same table: where one name says less, the other says that too. A lone
  /// qualifier may be a catalogue or a schema.
  package func mayBe(_ other: SourceTable) -> Bool {
    let (some, more) = saysLess(than: other) ? (self, other) : (other, self)
    if name != other.name { return false }
    if !some.saysLess(than: more) { return some.qualifiers == more.qualifiers }
    return some.qualifiers.allSatisfy(more.qualifiers.contains)
  }

  /// Whether another name of the table has more parts.
  package func saysLess(than other: SourceTable) -> Bool {
    qualifiers.count < other.qualifiers.count
  }

  /// The parts that are known, joined by dots.
  package var description: String {
    [catalog, schema, name].compactMap { $0 }.joined(separator: ".")
  }
}
