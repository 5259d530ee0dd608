/// What is known of a source table before its records are decoded: from flags, configuration, and
/// what the store remembers.
package struct TablePlan: Sendable, Hashable {
  /// What identifies its rows; nil when the data must say.
  package var key: KeyRule?
  /// What ranks its changes.
  package var order: OrderRule = .auto
  /// The only lineage whose changes are taken; nil for all.
  package var lineage: String?
  /// What its columns' texts are turned into, by source column name.
  package var types: [String: ColumnType] = [:]
  /// How its CSV files are written, where they do not say so themselves.
  package var csv = CSVDialect()
  /// Whether its changes are left out (`--only`, `--skip`, housekeeping tables): they are decoded
  /// for their counters and positions, and counted.
  package var isSkipped = false

  /// Makes a plan in which nothing is said.
  package init() {}
}

/// What ranks the changes of a table.
package enum OrderRule: Sendable, Hashable {
  /// The source's own position.
  case auto
  /// These fields of the record, most significant first.
  case fields([OrderField])
  /// The files' ordinals, and the order inside each file.
  case files
}

/// A field of the record that ranks its change.
package struct OrderField: Sendable, Hashable {
  /// How the text of an order field is compared.
  package enum Kind: String, Sendable, CaseIterable {
    /// A decimal integer, below 2^64.
    case int
    /// Hexadecimal digits, up to 128 bits; separators `:` and `-` and a leading `0x` are skipped.
    case hex
    /// PostgreSQL's `16/B374D848`.
    case pgLSN
    /// The number behind the last dot: `log-bin.000010`.
    case logFileSuffix
    /// Bytes, up to 16.
    case text
  }
  /// The path in the record, parts joined by dots: `cursor.scn`.
  package var path: String
  /// How its text is compared.
  package var kind: Kind

  /// Makes an order field.
  package init(path: String, kind: Kind) {
    self.path = path
    self.kind = kind
  }
}

/// What a column's text is turned into before it is stored.
package enum ColumnType: String, Sendable, CaseIterable {
  case integer, real, text, boolean
}

/// How a CSV file is written; nil where nothing is said.
package struct CSVDialect: Sendable, Hashable {
  package var delimiter: UInt8?
  package var quote: UInt8?
  package var escape: UInt8?
  package var null: String?
  package var hasHeader: Bool?
  /// The table's columns in the order of the file.
  package var columns: [String]?
  /// Makes a dialect in which nothing is said.
  package init() {}
}
