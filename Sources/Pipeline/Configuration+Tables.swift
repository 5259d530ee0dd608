package import ChangeModel

extension Configuration {
  /// What is known of a source table before its records are read: flags over configuration file.
  package func tablePlan(for table: SourceTable) -> TablePlan {
    var plan = collectionSettings(for: table)?.settings.plan ?? TablePlan()
    if let rule = keys.first(where: { Configuration.pattern($0.table, matches: table) })?.rule {
      plan.key = rule
    }
    plan.isSkipped = isSkipped(table)
    return plan
  }

  /// The collection that a source table goes to: the one that claims it in the configuration file,
  /// else the one of its own name.
  package func collectionName(for table: SourceTable) -> String {
    collectionSettings(for: table)?.name ?? table.name
  }

  /// The settings of the collection that claims a source table; nil where none does.
  ///
  /// Where several do, one that names it in full wins over one with a pattern, then the first name
  /// in byte order, so that the answer does not depend on the order of a dictionary.
  package func collectionSettings(
    for table: SourceTable
  ) -> (name: String, settings: CollectionConfiguration)? {
    var best: (rank: Int, name: String, settings: CollectionConfiguration)?
    for (name, settings) in collections {
      let rank: Int
      if let source = settings.source {
        guard let glob = Glob(source), Configuration.glob(glob, matches: table) else { continue }
        rank = glob.isLiteral ? 0 : 2
      } else {
        guard name == table.name else { continue }
        rank = 1
      }
      if let best, (best.rank, best.name) <= (rank, name) { continue }
      best = (rank, name, settings)
    }
    return best.map { ($0.name, $0.settings) }
  }

  /// Whether a table's changes are left out: `--skip`, not in `--only`, or a housekeeping table.
  package func isSkipped(_ table: SourceTable) -> Bool {
    if Configuration.isHousekeeping(table) { return true }
    if !only.isEmpty, !only.contains(where: { Configuration.pattern($0, matches: table) }) {
      return true
    }
    return skip.contains { Configuration.pattern($0, matches: table) }
  }

  /// Whether Arcion writes a table for itself: heartbeats, audit tables, failed transactions.
  package static func isHousekeeping(_ table: SourceTable) -> Bool {
    isHousekeeping(table.name)
  }

  /// The same by the table's name alone.
  static func isHousekeeping(_ name: String) -> Bool {
    let name = name.utf8.map { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
    return name.starts(with: "replicate_io_".utf8) || name.starts(with: "blitzz_io_".utf8)
  }

  /// Whether a pattern matches a table's own name or its full `catalogue.schema.table`.
  static func pattern(_ pattern: String, matches table: SourceTable) -> Bool {
    guard let glob = Glob(pattern) else { return false }
    return Configuration.glob(glob, matches: table)
  }

  private static func glob(_ glob: Glob, matches table: SourceTable) -> Bool {
    glob.matches(table.name) || glob.matches(table.description)
  }
}
