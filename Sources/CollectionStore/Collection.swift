package import ChangeModel

/// A source table as the store knows it: one that became a SQLite table.
package struct Collection: Sendable, Hashable {
  /// How the rows lie in the file.
  package enum Layout: String, Sendable {
    /// A table with rowids, and an index over `_id`: for wide rows.
    case rowid
    /// WITHOUT ROWID, in the order of `_id`: for narrow rows.
    case clustered
  }

  /// How the key is known.
  package enum KeyOrigin: String, Sendable {
    case flag, configuration, schema, inferred
  }

  /// The store's number for it, never used again for another.
  package var id: Int64
  /// The table's name.
  package var name: String
  /// Whose changes it takes.
  package var source: SourceTable
  /// What identifies its rows.
  package var key: KeyRule
  /// How that is known.
  package var keyOrigin: KeyOrigin
  /// How its rows lie in the file.
  package var layout: Layout
  /// Its columns, at their indexes in ``Cell/column`` and ``RowState``.
  package var columns: [Column]
  /// The rank of its last truncation or complete re-snapshot: nothing older counts. Nil for none.
  package var floor: Rank?
  /// The rank up to which nothing can be missing; see ``CollectionStore/close(upTo:collection:)``.
  package internal(set) var closed: Rank?
  /// The highest that ``closed`` ever was: at or below it rows may have forgotten what they need to
  /// merge a change.
  package internal(set) var pruned: Rank?

  /// A column of a collection.
  package struct Column: Sendable, Hashable {
    /// Its name in our table.
    package var name: String
    /// Its name at the source.
    package var source: String

    /// Makes a column; named as at the source unless told otherwise.
    package init(name: String, source: String? = nil) {
      self.name = name
      self.source = source ?? name
    }

    /// Whether it is the document's key itself: a source column `_id` that is the whole key is not
    /// stored a second time.
    var isID: Bool { name == "_id" }
  }

  /// A row at which clustered tables, measured, stop being the better ones: bytes of its values.
  package static let widestClusteredRow = 64

  /// Chooses the layout from the width of sampled rows, in bytes of their values.
  package static func layout(forRowWidth width: Int) -> Layout {
    width <= widestClusteredRow ? .clustered : .rowid
  }
}
