import Glibc

/// The mounted file systems, as `/proc/self/mountinfo` lists them.
///
/// Tells which directories cannot be watched: on FUSE and network mounts, changes made elsewhere
/// raise no notification.
package struct MountInfo: Sendable, Hashable {
  /// One mounted file system.
  package struct Mount: Sendable, Hashable {
    /// Where it is mounted.
    package var path: BatchPath
    /// Its type: `ext4`, `fuse.s3fs`.
    package var type: String
  }

  /// The mounts, in the order of mounting.
  package let mounts: [Mount]

  /// Parses the text of a `mountinfo` file. Lines of another form are passed over.
  package init(parsing text: some Collection<UInt8>) {
    mounts = text.split(separator: UInt8(ascii: "\n")).compactMap { Self.mount($0) }
  }

  /// The mounts of this process; nil where the kernel does not tell.
  package static func current() -> MountInfo? {
    guard let text = SmallFile.read(BatchPath("/proc/self/mountinfo"), limit: 16 << 20) else {
      return nil
    }
    return MountInfo(parsing: text)
  }

  /// The mount that a path lies on; nil where none is known. The path must be absolute, without
  /// symbolic links.
  package func mount(of path: BatchPath) -> Mount? {
    var best: Mount?
    for mount in mounts where mount.path.contains(path) {
      // Of two mounts on one directory the later one hides the earlier.
      if mount.path.bytes.count >= best?.path.bytes.count ?? 0 { best = mount }
    }
    return best
  }

  /// Whether a path lies on a file system that other machines (or a FUSE daemon) change without
  /// our kernel's knowing. A path on an unknown mount counts as remote: polling is always right.
  package func isRemote(_ path: BatchPath) -> Bool {
    guard let mount = mount(of: path) else { return true }
    return Self.isRemote(type: mount.type)
  }

  /// The network or FUSE mount that a file lies on, or would if it were made; nil for none, and
  /// where it cannot be known.
  package func remoteMount(holding file: BatchPath) -> Mount? {
    let parent = file.parent.bytes.isEmpty ? BatchPath(".") : file.parent
    guard let path = file.resolved() ?? parent.resolved(), let mount = mount(of: path),
      Self.isRemote(type: mount.type)
    else { return nil }
    return mount
  }

  /// Whether a file system of a type is a network or FUSE one.
  package static func isRemote(type: String) -> Bool {
    if type == "fuse" || type.hasPrefix("fuse.") || type.hasPrefix("fuseblk") { return true }
    return remoteTypes.contains(type)
  }

  private static let remoteTypes: Set<String> = [
    "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "v9fs", "afs", "ceph", "glusterfs", "lustre",
    "gpfs", "beegfs", "orangefs", "pvfs2", "ocfs2", "gfs2", "virtiofs", "vboxsf", "vmhgfs",
    "prl_fs", "drvfs", "davfs", "sshfs", "s3fs", "goofys", "ncpfs", "coda", "wekafs", "autofs",
  ]

  /// Parses `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw`: the fifth field is
  /// the mount point, the first one behind the dash the type.
  private static func mount(_ line: some Collection<UInt8>) -> Mount? {
    let fields = line.split(separator: UInt8(ascii: " "))
    guard fields.count > 6,
      let dash = fields.dropFirst(6).firstIndex(where: { $0.elementsEqual([0x2D]) }),
      dash + 1 < fields.count
    else { return nil }
    return Mount(
      path: BatchPath(unescaped(fields[4])),
      type: String(decoding: unescaped(fields[dash + 1]), as: UTF8.self))
  }

  /// Undoes the kernel's `\040` for spaces, tabs, newlines and backslashes.
  private static func unescaped(_ field: some Collection<UInt8>) -> [UInt8] {
    let bytes = Array(field)
    var plain: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let digits = bytes[(index + 1)...].prefix(3)
      if bytes[index] == UInt8(ascii: "\\"), digits.count == 3,
        digits.allSatisfy({ $0 &- UInt8(ascii: "0") < 8 })
      {
        plain.append(digits.reduce(0) { $0 << 3 | ($1 & 7) })
        index += 4
      } else {
        plain.append(bytes[index])
        index += 1
      }
    }
    return plain
  }
}
