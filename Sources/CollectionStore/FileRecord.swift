/// A batch file in the manifest: one version of the content that a path had.
package struct FileRecord: Sendable, Hashable {
  /// What became of the file.
  package enum State: String, Sendable, CaseIterable {
    /// Seen, not read yet.
    case pending
    /// All of it that can be used is in the collections.
    case applied
    /// Its last record is cut off; the rest is awaited.
    case torn
    /// It cannot be read; each run tries it again.
    case failed
    /// A later version of the same path counts in its place.
    case superseded
  }

  /// The manifest's number for it; 0 until ``CollectionStore/insert(_:)``.
  package var id: Int64 = 0
  /// The path's bytes, as the drop's listing gave them.
  package var path: [UInt8]
  /// 1, and one more for each new content under the path.
  package var version = 1
  /// Bytes on disk.
  package var size: UInt64 = 0
  /// Modification time, nanoseconds since 1970.
  package var modified: Int64 = 0
  /// The device that it lay on.
  package var device: UInt64 = 0
  /// Its inode there.
  package var inode: UInt64 = 0
  /// The content's hash; empty while it is not known.
  package var hash: [UInt8] = []
  /// What became of it.
  package var state = State.pending
  /// Why it is not applied; nil where there is nothing to say. A second line says what to do.
  package var reason: String?
  /// Decompressed bytes up to the end of the last whole record.
  package var consumed: UInt64 = 0
  /// Whole records in those bytes.
  package var records = 0
  /// Its path without the number.
  package var series: [UInt8] = []
  /// The number in its name; nil where there is none.
  package var ordinal: UInt64?
  /// When it was first seen, microseconds since 1970. Enters no row.
  package var seenAt: Int64 = 0

  /// Makes the record of a file of which only the path is known.
  package init(path: [UInt8]) {
    self.path = path
  }
}

extension FileRecord {
  /// What is wrong with it, and what to do; nil where nothing is.
  package var causeAndHint: (cause: String?, hint: String?) {
    let lines = reason?.split(separator: "\n", maxSplits: 1).map(String.init) ?? []
    return (lines.first, lines.dropFirst().first)
  }
}

/// What a file held for one collection, or for a table that is held.
package struct FileShare: Sendable, Hashable {
  /// The file's number.
  package var file: Int64
  /// The collection's, or held table's.
  package var collection: Int64
  /// How many of its changes are in the file.
  package var changes = 0
  /// The lowest of the source's running counts; nil without any.
  package var counterMin: Int64?
  /// The highest.
  package var counterMax: Int64?
  /// How many changes had one.
  package var counterCount = 0
  /// What the file says about order and completeness, encoded; nil where that is not known.
  package var evidence: [UInt8]?
  /// Which keys it may hold changes of (see `KeyFilter`); nil: any.
  package var keyFilter: [UInt8]?
  /// Whether these changes wait for what a person must give.
  package var isHeld = false
  /// How many of them wait behind a gap.
  package var waiting = 0
  /// How many were applied although they lie behind a gap.
  package var provisional = 0

  /// Makes a share without changes.
  package init(file: Int64, collection: Int64) {
    self.file = file
    self.collection = collection
  }
}
