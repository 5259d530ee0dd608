/// One file of the drop.
///
/// Found by ``DropScanner`` or ``DropWatcher``, read by ``BatchFileReader``.
package struct BatchFile: Sendable, Hashable {
  /// The directory that was scanned, absolute, without symbolic links; for a file that was named
  /// itself, its directory.
  package var root: BatchPath
  /// The path below the root.
  package var relativePath: BatchPath
  /// The number in the name; nil where there is none. Ranks as 0.
  package var ordinal: UInt64?
  /// Which version of the file was seen.
  package var identity: FileIdentity

  /// Makes a file of its place and the version that was seen there.
  package init(root: BatchPath, relativePath: BatchPath, identity: FileIdentity) {
    self.root = root
    self.relativePath = relativePath
    self.identity = identity
    ordinal = BatchFileName(relativePath.lastComponent).ordinal
  }

  init(root: BatchPath, relativePath: BatchPath, ordinal: UInt64?, identity: FileIdentity) {
    self.root = root
    self.relativePath = relativePath
    self.ordinal = ordinal
    self.identity = identity
  }

  /// The absolute path, as it is opened.
  package var path: BatchPath { root.appending(relativePath.bytes) }

  /// What the name says.
  package var name: BatchFileName { BatchFileName(relativePath.lastComponent) }

  /// The relative path without the number's digits: the series that the file belongs to. Extensions
  /// stay, so that `t_1.csv` and `t_1.csv.gz` are never the same place of one series.
  package var series: BatchPath {
    let name = relativePath.lastComponent
    let digits = name.withUnsafeBufferPointer { BatchFileName.parse($0).number }
    var series = relativePath
    series.bytes.removeSubrange(
      name.startIndex + digits.lowerBound..<name.startIndex + digits.upperBound)
    return series
  }
}
