import ChangeModel

/// Names in flags and in the configuration file that stand for no table.
extension Catalog {
  /// What to tell of them, one sentence each: none while no table was seen.
  ///
  /// They may be of tables that are still to come.
  func unknownNames(in configuration: Configuration) -> [String] {
    if entries.isEmpty { return [] }
    let flags =
      configuration.keys.map { (of: "--key \($0.table)=\($0.rule.text)", name: $0.table) }
      + configuration.only.map { (of: "--only \($0)", name: $0) }
    let unknownFlags = flags.filter { flag in
      !entries.contains { Configuration.pattern(flag.name, matches: $0.source) }
    }
    let unclaimed = configuration.collections.filter { name, settings in
      !entries.contains { entry in
        settings.source.map { Configuration.pattern($0, matches: entry.source) }
          ?? (entry.source.name == name)
      }
    }
    return unknownFlags.map { unknown($0.name, in: $0.of) }
      + unclaimed.keys.sorted().map { unknown($0, in: "collections: \($0)") }
  }

  private func unknown(_ name: String, in place: String) -> String {
    let tables = entries.map(\.source.name).filter { !Configuration.isHousekeeping($0) }.sorted()
    let nearest = EditDistance.nearest(to: name, among: tables)
    let rest = tables.count > 10 ? " and \(tables.count - 10) more" : ""
    return "\(place): no table of this name was seen"
      + (nearest.map { "; the nearest is \($0), of: " } ?? "")
      + tables.prefix(10).joined(separator: ", ") + rest
  }
}
