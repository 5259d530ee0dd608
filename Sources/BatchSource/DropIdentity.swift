package import ChangeModel

/// What tells a mounted drop from the empty directory that is left when it is unmounted.
package struct DropIdentity: Sendable, Hashable {
  /// The device of the drop's directory.
  package var device: UInt64
  /// Its number there; changes with every mount on some FUSE file systems.
  package var inode: UInt64

  /// Makes an identity of its parts.
  package init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  /// Compares a drop with what is remembered of it.
  ///
  /// A bucket mounted anew has other numbers but shows its old files; a directory whose files have
  /// expired has no old files but its old numbers, and new files. What has neither is no longer
  /// the drop.
  ///
  /// - Parameters:
  ///   - remembered: what the drop was when files were last seen in it; nil for never.
  ///   - drop: the drop's path, for the message.
  ///   - knownCount: how many files are known from earlier scans.
  ///   - presentKnownCount: how many of those are there now, in any version.
  ///   - newCount: how many other batch files are there.
  /// - Throws: a fatal error when the drop is another directory, or its known files are all gone.
  package func check(
    against remembered: DropIdentity?, drop: BatchPath, knownCount: Int, presentKnownCount: Int,
    newCount: Int
  ) throws(IngestError) {
    guard let remembered, knownCount > 0 || remembered != self else { return }
    if presentKnownCount > 0 { return }
    if remembered == self, newCount > 0 { return }
    if remembered != self {
      throw IngestError(
        .fatal, file: drop.description,
        cause: knownCount > 0
          ? "another directory is in the drop's place, and none of its \(knownCount) known files "
            + "is there: the bucket seems to be unmounted"
          : "another directory is in the drop's place: the bucket seems to be unmounted",
        hint: "mount the drop again, and run again")
    }
    throw IngestError(
      .fatal, file: drop.description,
      cause: "all \(knownCount) known files are gone and no others came: the bucket seems to be "
        + "unmounted",
      hint: "mount the drop again, and run again")
  }
}
