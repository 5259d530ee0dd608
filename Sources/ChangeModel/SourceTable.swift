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

  /// The parts that are known, joined by dots.
  package var description: String {
    [catalog, schema, name].compactMap { $0 }.joined(separator: ".")
  }
}
