import BatchSource
import Testing

/// Reading the kernel's list of mounts.
struct MountInfoTests {
  let text = """
    22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda rw
    30 22 0:26 / /proc rw,nosuid - proc proc rw
    41 22 0:40 / /mnt/my\\040bucket rw,nosuid,nodev - fuse.s3fs s3fs rw,user_id=0
    42 22 0:41 / /mnt/nas rw,relatime shared:9 master:3 - nfs4 nas:/x rw
    43 22 254:2 / /mnt/over rw - ext4 /dev/vdb rw
    44 22 0:50 / /mnt/over rw - fuse.goofys b rw
    45 42 254:3 / /mnt/nas/local rw - xfs /dev/vdc rw
    a line of another form

    """

  // A mount that is not recognised would be watched, and its files never seen.
  @Test func `remote mounts are told from local ones`() {
    let info = MountInfo(parsing: Array(text.utf8))
    #expect(info.mounts.count == 7)
    let expected: [(path: String, type: String, isRemote: Bool)] = [
      ("/home/drop", "ext4", false), ("/", "ext4", false), ("/mnt", "ext4", false),
      ("/mnt/my bucket", "fuse.s3fs", true), ("/mnt/my bucket/a/b", "fuse.s3fs", true),
      ("/mnt/my bucket2", "ext4", false), ("/mnt/nas/x", "nfs4", true),
      ("/mnt/nas/local/x", "xfs", false), ("/mnt/over/x", "fuse.goofys", true),
    ]
    for (path, type, isRemote) in expected {
      #expect(info.mount(of: BatchPath(path))?.type == type, "\(path)")
      #expect(info.isRemote(BatchPath(path)) == isRemote, "\(path)")
    }
    #expect(MountInfo(parsing: []).isRemote(BatchPath("/x")))
  }

  // A database that does not exist yet lies where its directory does.
  @Test func `a file to be made lies on its directory's mount`() {
    let drop = TemporaryDirectory()
    let info = MountInfo(
      parsing: Array("1 1 1:1 / / rw - ext4 x rw\n2 1 1:2 / \(drop.path) rw - nfs x rw\n".utf8))
    #expect(info.remoteMount(holding: drop.path.appending("new.db".utf8))?.type == "nfs")
    #expect(info.remoteMount(holding: BatchPath("/new.db")) == nil)
    #expect(info.remoteMount(holding: BatchPath("/missing/new.db")) == nil)
  }

  // The kernel's own text must be of the form that we parse.
  @Test func `this machine's mounts are read`() {
    let info = MountInfo.current()
    #expect(info?.mount(of: BatchPath("/proc/self"))?.type == "proc")
  }
}
