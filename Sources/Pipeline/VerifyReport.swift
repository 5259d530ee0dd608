package import CollectionStore

/// What the files that are still there determine, beside what the database holds.
package struct VerifyReport: Sendable {
  /// The collections, by name.
  package var collections: [CollectionCheck] = []
  /// Batch files among the paths that the manifest does not know with this content; not used.
  package var extraFiles: [String] = []
  /// What of the paths could not be looked at: one sentence each.
  package var troubles: [String] = []

  /// Whether any rows could be compared.
  package var isComparable: Bool { collections.contains { $0.incomparable == nil } }
  /// Whether all rows that could be compared are equal.
  package var isEqual: Bool { collections.allSatisfy { $0.differenceCount == 0 } }
}

/// One collection, recomputed.
package struct CollectionCheck: Sendable {
  /// Its name.
  package var name: String
  /// Why no rows of it could be compared; nil where some could, or there are none at all.
  package var incomparable: String?
  /// The digests of the rows that were compared: as stored, and as recomputed. Empty where none
  /// could be.
  package var storedDigest = ""
  package var recomputedDigest = ""
  /// How many rows the database holds, and how many of them were compared.
  package var rows = 0
  package var comparedRows = 0
  /// How many files of the manifest hold changes of it, and how many of these were read.
  package var files = 0
  package var filesRead = 0
  /// The files that could not be used.
  package var missing: [MissingFile] = []
  /// How many changes are left out because they wait.
  package var waitingChanges = 0
  /// How many records in quarantine may be its: they are on neither side.
  package var quarantined = 0
  /// What is known to be missing of its log: it is on neither side.
  package var gaps: [GapRecord] = []
  /// How many rows differ, and the first of them.
  package var differenceCount = 0
  package var differences: [RowDifference] = []

  /// Makes a check that found nothing yet.
  init(name: String) {
    self.name = name
  }

  /// Whether every row was compared.
  package var isCovered: Bool { incomparable == nil && comparedRows == rows && missing.isEmpty }
}

/// A file of the manifest that cannot be read as it was.
package struct MissingFile: Sendable, Hashable {
  /// Its path, for people.
  package var path: String
  /// What is wrong, in a few words: `gone`, `its content changed`.
  package var reason: String
}

/// A row that is not what the files say.
package struct RowDifference: Sendable {
  /// Its `_id`.
  package var id: [UInt8]
  /// Whether the database has it, and whether the files say that it is there.
  package var isStored: Bool
  package var isRecomputed: Bool
  /// The columns that differ, where both have the row.
  package var columns: [Column] = []

  /// A column that differs.
  package struct Column: Sendable {
    package var name: String
    package var stored: PlainValue
    package var recomputed: PlainValue
  }
}
