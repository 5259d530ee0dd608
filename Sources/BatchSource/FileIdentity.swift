import Glibc

/// What tells one version of a file from another without reading it.
package struct FileIdentity: Sendable, Hashable {
  /// The device that the file lies on.
  package var device: UInt64
  /// Its number there; 0 where the file system gives no lasting ones (FUSE).
  package var inode: UInt64
  /// Its bytes on disk.
  package var size: UInt64
  /// When its content changed, nanoseconds since 1970 UTC.
  package var modificationTime: Int64
  /// When its content, name or attributes changed, nanoseconds since 1970 UTC.
  package var changeTime: Int64

  /// Makes an identity of its parts.
  package init(
    device: UInt64, inode: UInt64, size: UInt64, modificationTime: Int64, changeTime: Int64
  ) {
    self.device = device
    self.inode = inode
    self.size = size
    self.modificationTime = modificationTime
    self.changeTime = changeTime
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    size = UInt64(max(0, status.st_size))
    modificationTime = Self.nanoseconds(status.st_mtim)
    changeTime = Self.nanoseconds(status.st_ctim)
  }

  /// Whether both are the same version of the same file, as far as can be seen from outside.
  package func isSameVersion(as other: FileIdentity) -> Bool {
    device == other.device && size == other.size && modificationTime == other.modificationTime
      && changeTime == other.changeTime
      && (inode == other.inode || inode == 0 || other.inode == 0)
  }

  private static func nanoseconds(_ time: timespec) -> Int64 {
    let (whole, isTooLarge) = Int64(time.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
    if isTooLarge { return time.tv_sec < 0 ? .min : .max }
    let (sum, isOver) = whole.addingReportingOverflow(Int64(time.tv_nsec))
    return isOver ? .max : sum
  }
}
