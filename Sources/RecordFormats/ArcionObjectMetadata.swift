package import ChangeModel
import Yams

/// Arcion's `object_metadata.yaml`: how the CSV files beside it are written, and how many rows each
/// has.
package struct ArcionObjectMetadata: Sendable, Hashable {
  /// The dialect; what the file does not say is nil.
  package var dialect = CSVDialect()
  /// Rows by file name.
  package var rowCounts: [String: Int] = [:]

  /// Makes metadata in which nothing is said.
  package init() {}

  /// Reads the file's text.
  ///
  /// - Throws: severity `file`, when it is not YAML or not of the published shape.
  package init(yaml: String) throws(IngestError) {
    let root = try ArcionYAML.mapping(yaml, named: "object_metadata.yaml")
    if let control = root["ctrl-chars"] {
      dialect.delimiter = try Self.byte(control["delimiter"], "delimiter")
      dialect.quote = try Self.byte(control["quote"], "quote")
      dialect.escape = try Self.byte(control["escape"], "escape")
      // `null-string: NULL` without quotes is the text as well.
      dialect.null = control["null-string"]?.scalar?.string
    }
    for file in root["file-row-count"]?.sequence ?? [] {
      guard let name = ArcionYAML.text(file["file-name"]), let count = file["row-count"]?.int,
        count >= 0
      else { throw ArcionYAML.error("object_metadata.yaml has a file without name or row count") }
      rowCounts[name] = count
    }
  }

  private static func byte(_ node: Node?, _ name: String) throws(IngestError) -> UInt8? {
    guard let text = node?.scalar?.string, !text.isEmpty else { return nil }
    guard text.utf8.count == 1 else {
      throw ArcionYAML.error("object_metadata.yaml: \"\(name)\" is not one byte")
    }
    return text.utf8.first
  }

  /// How many rows the file of a name has, whatever its directory or compression suffix.
  package func rowCount(ofFile name: String) -> Int? {
    let last = name.split(separator: "/").last.map(String.init) ?? name
    if let count = rowCounts[last] { return count }
    for suffix in [".gz", ".zst"] where last.hasSuffix(suffix) {
      return rowCounts[String(last.dropLast(suffix.count))]
    }
    return nil
  }
}
