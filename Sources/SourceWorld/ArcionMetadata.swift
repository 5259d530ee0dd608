/// Writes the files that say what the batch files hold: `schemas.yaml` and `object_metadata.yaml`.
struct ArcionMetadata {
  private let emitter: RecordEmitter

  init(emitter: RecordEmitter) { self.emitter = emitter }

  /// All of them.
  ///
  /// - Parameter rowCounts: the names and record counts of each series' files.
  func files(rowCounts: [[(name: String, rows: Int)]]) -> [FilePiece] {
    var files: [FilePiece] = []
    for writer in 0..<emitter.plan.writerCount {
      let root = writer == 0 ? "" : "replicant-\(writer + 1)/"
      files.append(piece("\(root)schemas.yaml", schemas))
    }
    guard emitter.plan.naming == .part && !emitter.plan.sharesFiles else { return files }
    for series in rowCounts.indices where !rowCounts[series].isEmpty {
      let path = "\(emitter.directory(ofSeries: series))object_metadata.yaml"
      files.append(piece(path, objectMetadata(rowCounts[series])))
    }
    return files
  }

  private func piece(_ path: String, _ text: String) -> FilePiece {
    FilePiece(
      path: path, bytes: Array(text.utf8), isFirst: true, isLast: true, events: [], recordEnds: [])
  }

  private var schemas: String {
    var text = "schemas:\n"
    let tables = emitter.world.tables
    let hasCatalog = tables.first?.catalog != nil
    if let catalog = tables.first?.catalog { text += "- catalog: \(quote(catalog))\n" }
    if let schema = tables.first?.schema {
      text += "\(hasCatalog ? "  " : "- ")schema: \(quote(schema))\n"
    }
    text += "  tables:\n"
    for table in tables { text += describe(table) }
    return text + "user-roles: {}\n"
  }

  private func describe(_ table: WorldTable) -> String {
    var text = "  - columns:\n"
    for column in table.columns {
      text += "    - name: \(quote(column.name))\n"
      if column.isKey { text += "      not-null: true\n" }
      text += "      type: \(column.content.declaredType)\n"
    }
    text += "    name: \(quote(table.name))\n    object-type: TABLE\n"
    text += "    primary-key:\n      columns:\n"
    for name in table.keyNames { text += "      - \(quote(name))\n" }
    return text + "      name: \(quote("PRIMARY"))\n"
  }

  private func objectMetadata(_ rowCounts: [(name: String, rows: Int)]) -> String {
    let escape = emitter.plan.hasBackslashes ? "'\\'" : "'\"'"
    var text = "ctrl-chars:\n  delimiter: ','\n  escape: \(escape)\n  line-end: '\n\n    '\n"
    text += "  null-string: 'NULL'\n  quote: '\"'\nfile-row-count:\n"
    for file in rowCounts {
      text += "- file-name: \(quote(file.name))\n  row-count: \(file.rows)\n"
    }
    return text + "version: 0\n"
  }

  // A JSON string is a YAML string.
  private func quote(_ text: String) -> String {
    String(decoding: JSONText.quote(text), as: UTF8.self)
  }
}
