package import ChangeModel
import Yams

/// Arcion's `schemas.yaml`: the columns of each table in the order of its CSV files, their types,
/// and the primary keys.
package final class ArcionSchemas: Sendable {
  /// One table.
  package struct Table: Sendable, Hashable {
    /// Its name; the catalogue is missing for databases without.
    package var name: SourceTable
    /// Its columns, in the order of CSV files.
    package var columns: [Column]
    /// The columns of its primary key; empty for none.
    package var primaryKey: [String]
  }

  /// One column.
  package struct Column: Sendable, Hashable {
    /// Its name.
    package var name: String
    /// The source's type as text (`VARCHAR2(255)`), or empty.
    package var type: String

    /// What its texts are turned into; nil where text stays text.
    package var columnType: ColumnType? { ArcionSchemas.columnType(type) }
  }

  /// All tables.
  package let tables: [Table]

  /// Makes schemas of their tables.
  package init(tables: [Table]) {
    self.tables = tables
  }

  /// Reads the file's text.
  ///
  /// - Throws: severity `file`, when it is not YAML or not of the published shape.
  package init(yaml: String) throws(IngestError) {
    let root = try ArcionYAML.mapping(yaml, named: "schemas.yaml")
    guard let schemas = root["schemas"]?.sequence else {
      throw ArcionYAML.error("schemas.yaml has no list \"schemas\"")
    }
    var tables: [Table] = []
    for schema in schemas {
      let catalog = ArcionYAML.text(schema["catalog"])
      let schemaName = ArcionYAML.text(schema["schema"])
      for table in schema["tables"]?.sequence ?? [] {
        guard let name = ArcionYAML.text(table["name"]) else {
          throw ArcionYAML.error("schemas.yaml has a table without a name")
        }
        var columns: [Column] = []
        for column in table["columns"]?.sequence ?? [] {
          guard let columnName = ArcionYAML.text(column["name"]) else {
            throw ArcionYAML.error("schemas.yaml has a column without a name in table \(name)")
          }
          columns.append(Column(name: columnName, type: ArcionYAML.text(column["type"]) ?? ""))
        }
        let key = table["primary-key"]?["columns"]?.sequence ?? []
        tables.append(
          Table(
            name: SourceTable(catalog: catalog, schema: schemaName, name: name), columns: columns,
            primaryKey: key.compactMap { ArcionYAML.text($0) }))
      }
    }
    self.tables = tables
  }

  /// The table of a name. Case does not count, nor do catalogue and schema where either side lacks
  /// them or where only one table has the name.
  package func table(_ wanted: SourceTable) -> Table? {
    let named = tables.filter { Self.isSame($0.name.name, wanted.name) }
    let exact = named.filter {
      Self.isCompatible($0.name.catalog, wanted.catalog)
        && Self.isCompatible($0.name.schema, wanted.schema)
    }
    if let table = exact.first(where: { $0.name == wanted }) { return table }
    if exact.count == 1 { return exact[0] }
    return exact.isEmpty && named.count == 1 ? named[0] : nil
  }

  private static func isCompatible(_ left: String?, _ right: String?) -> Bool {
    guard let left, let right else { return true }
    return isSame(left, right)
  }

  private static func isSame(_ left: String, _ right: String) -> Bool {
    left == right || left.lowercased() == right.lowercased()
  }

  /// Integers and binary fractions become numbers; decimals and everything else stay text.
  static func columnType(_ type: String) -> ColumnType? {
    var name = type.lowercased().prefix { $0 != "(" }[...]
    for suffix in [" unsigned", " identity", " not null"] where name.hasSuffix(suffix) {
      name = name.dropLast(suffix.count)
    }
    while name.last == " " { name = name.dropLast() }
    switch name {
    case "int", "integer", "smallint", "tinyint", "bigint", "mediumint", "int2", "int4", "int8",
      "serial", "bigserial", "smallserial", "serial8", "byteint", "varint", "counter", "long":
      return .integer
    case "float", "real", "double", "double precision", "float4", "float8", "binary_float",
      "binary_double", "smallfloat":
      return .real
    default: return nil
    }
  }

  /// Whether a type's texts are numbers, decimals included: their keys are made canonical.
  static func isNumeric(_ type: String) -> Bool {
    if columnType(type) != nil { return true }
    let name = type.lowercased().prefix { $0 != "(" && $0 != " " }
    return ["numeric", "decimal", "number", "dec", "money", "smallmoney"].contains(String(name))
  }
}

/// What Arcion's YAML files have in common.
enum ArcionYAML {
  static func error(_ cause: String) -> IngestError {
    IngestError(.file, cause: cause, hint: "replace it by the file that Replicant wrote")
  }

  static func mapping(_ yaml: String, named name: String) throws(IngestError) -> Node {
    let node: Node?
    do {
      node = try compose(yaml: yaml)
    } catch {
      throw Self.error("\(name) is not YAML")
    }
    guard let node, node.mapping != nil else { throw Self.error("\(name) is not a YAML mapping") }
    return node
  }

  private static func compose(yaml: String) throws -> Node? { try Yams.compose(yaml: yaml) }

  /// A scalar's text; nil for null and for what is no scalar.
  static func text(_ node: Node?) -> String? {
    guard let scalar = node?.scalar else { return nil }
    if scalar.style == .plain, ["", "~", "null", "Null", "NULL"].contains(scalar.string) {
      return nil
    }
    return scalar.string
  }
}
