import BatchSource
import ChangeModel
import Testing

/// Telling an unmounted bucket from an empty one.
struct DropIdentityTests {
  let drop = BatchPath("/mnt/drop")
  let mounted = DropIdentity(device: 7, inode: 1)
  let bare = DropIdentity(device: 1, inode: 99)

  func isDrop(
    _ now: DropIdentity, _ remembered: DropIdentity?, known: Int, present: Int, new: Int
  ) -> Bool {
    do throws(IngestError) {
      try now.check(
        against: remembered, drop: drop, knownCount: known, presentKnownCount: present,
        newCount: new)
      return true
    } catch {
      #expect(error.severity == .fatal)
      #expect(error.cause.hasSuffix("the bucket seems to be unmounted"))
      return false
    }
  }

  // An unmounted bucket is an empty directory: to go on would be to wait for ever.
  @Test func `another directory without the known files is no drop`() {
    #expect(!isDrop(bare, mounted, known: 3, present: 0, new: 0))
    #expect(!isDrop(bare, mounted, known: 3, present: 0, new: 5))
    #expect(!isDrop(bare, mounted, known: 0, present: 0, new: 0))
    #expect(!isDrop(mounted, mounted, known: 3, present: 0, new: 0))
  }

  // A bucket that was mounted again, or whose old files expired, must not stop a run.
  @Test func `a drop with its files or its numbers is the drop`() {
    #expect(isDrop(mounted, nil, known: 0, present: 0, new: 0))
    #expect(isDrop(mounted, mounted, known: 0, present: 0, new: 0))
    #expect(isDrop(mounted, mounted, known: 3, present: 1, new: 0))
    #expect(isDrop(bare, mounted, known: 3, present: 1, new: 0))
    #expect(isDrop(mounted, mounted, known: 3, present: 0, new: 2))
  }
}
