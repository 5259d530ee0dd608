import BatchSource
package import ChangeModel

/// Everything a run may be told: the flags of the command line over the configuration file.
package struct Configuration: Sendable {
  /// What a file with a known name and new content means.
  package enum OnModified: String, Sendable, CaseIterable {
    case add, supersede, error
  }

  /// The SQLite file.
  package var database: String = ""
  /// `--key`: a glob over table names, and what identifies their rows. The first match counts.
  package var keys: [(table: String, rule: KeyRule)] = []
  /// `--only`: globs over table names; empty for all.
  package var only: [String] = []
  /// `--skip`: globs over table names.
  package var skip: [String] = []
  /// The directory that `sync` follows; nil where only the command line says.
  package var drop: String?
  /// How often a drop without notifications is listed.
  package var poll: Duration = .seconds(5)
  /// How long a file found by listing must have been unchanged.
  package var settle: Duration = .seconds(2)
  /// For how long, of a burst, files that come later go along with those that came first.
  package var longestBurst: Duration = .seconds(1)
  /// How long changes behind a gap wait; nil is for ever, zero never waits.
  package var gapWait: Duration? = .seconds(600)
  /// What a file with a known name and new content means.
  package var onModified: OnModified = .add
  /// How many changes of a collection may be repeated (by a resume, say) before it costs more than
  /// merging them: what only repeats of older ones would need is forgotten.
  package var closingLag: UInt64 = 100_000
  /// How many bytes of changes a call holds in memory, before it sorts them and puts them aside in a
  /// temporary file beside the database.
  package var heldByteCount = 40 << 20
  /// How many bytes of their values it holds in memory, before it puts them aside likewise.
  package var heldValueByteCount = 96 << 20
  /// A new table that begins with so many keys is loaded as whole pages; one with fewer is not worth
  /// the preparation.
  package var loadedKeyCount = 4096
  /// Settings per collection name, from the configuration file.
  package var collections: [String: CollectionConfiguration] = [:]

  /// Makes a configuration with every default.
  package init() {}
}

/// What a snapshot that comes after changes means.
package enum Resnapshot: String, Sendable, CaseIterable {
  /// Its rows are merged with those that are there.
  case merge
  /// It holds every row: what it does not name is gone.
  case replace
}

/// What the configuration file says of one collection.
package struct CollectionConfiguration: Sendable {
  /// Globs over `catalogue.schema.table`, or nil: the table named like the collection.
  package var source: String?
  /// Key, order, lineage, types and CSV dialect.
  package var plan = TablePlan()
  /// Our column name by source column name.
  package var rename: [String: String] = [:]
  /// Whether every version of its rows is kept; nil where none is.
  package var history: HistoryRule?
  /// What a snapshot that comes after changes means; nil where nobody said.
  package var resnapshot: Resnapshot?

  /// Makes settings in which nothing is said.
  package init() {}
}

extension Configuration {
  /// Where what is too much for memory is kept meanwhile: beside the database, on its disk.
  var spillDirectory: BatchPath {
    database.isEmpty ? BatchPath("/tmp") : DatabasePlace.directory(of: database)
  }
}
