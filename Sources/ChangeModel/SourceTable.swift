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

  /// Whether it may be the same table: nothing that is known of both differs.
  package func mayBe(_ other: SourceTable) -> Bool {
    func agree(_ one: String?, _ two: String?) -> Bool { one == nil || two == nil || one == two }
    return name == other.name && agree(catalog, other.catalog) && agree(schema, other.schema)
  }

  /// Whether another name of the table says a part that this one leaves out.
  package func saysLess(than other: SourceTable) -> Bool {
    (catalog == nil && other.catalog != nil) || (schema == nil && other.schema != nil)
  }

  /// The parts that are known, joined by dots.
  package var description: String {
    [catalog, schema, name].compactMap { $0 }.joined(separator: ".")
  }
}
