package import ChangeModel

/// What a scan found.
package struct ScanResult: Sendable {
  /// The files whose version is not known yet, sorted by directory, series and number.
  package var files = BatchFileList()
  /// The files that tell how to read others.
  package var sideFiles = SideFiles()
  /// What was passed over.
  package var ignored = IgnoredFiles()
  /// Files and directories that could not be looked at; all are of severity `file`.
  package var errors: [IngestError] = []
  /// How many files were there in just the version that is known. They are not in ``files``.
  package var unchangedCount = 0
  /// How many of ``files`` are known in another version.
  package var changedCount = 0
  /// The directories scanned, and what they were.
  package var roots: [DropRoot] = []

  /// Makes a result of nothing.
  package init() {}

  /// Adds what was found later of the same roots: files, errors and the side files as they are then.
  package mutating func append(_ later: ScanResult) {
    if files.isEmpty { files = later.files } else { for file in later.files { files.append(file) } }
    sideFiles = later.sideFiles
    errors += later.errors
    unchangedCount += later.unchangedCount
  }

  /// Adds what was found later, in place of earlier versions of the same files.
  package mutating func replace(by later: ScanResult) {
    let paths = Set(later.files.map(\.path))
    let others = files.filter { !paths.contains($0.path) }
    files = BatchFileList()
    for file in others { files.append(file) }
    append(later)
  }
}

/// A directory that was scanned: the drop, or the directory of a file that was named itself.
package struct DropRoot: Sendable, Hashable {
  /// Its absolute path, without symbolic links.
  package var path: BatchPath
  /// What it was when it was scanned.
  package var identity: DropIdentity
  /// Whether it lies on a FUSE or network mount, where nothing notifies us of changes.
  package var isRemote: Bool
}
