import CollectionStore

extension TableSize {
  /// Writes it as `{"name": …, "rows": …}`.
  func write(to json: inout JSONWriter) {
    json.object { json in
      json.key("name")
      json.value(name)
      json.key("rows")
      json.value(rows)
    }
  }

  /// All collections of a database; none where it cannot be read: the run that comes before has
  /// said what there is to say.
  static func all(in database: String) -> [TableSize] {
    guard let reader = try? StoreReader(path: database), let sizes = try? reader.collections()
    else { return [] }
    return sizes
  }
}
