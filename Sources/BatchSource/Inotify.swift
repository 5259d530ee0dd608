import Glibc

/// The kernel's notifications of changes in directories.
final class Inotify {
  /// Something that happened in a watched directory.
  struct Event {
    /// The watch that it came through; -1 for an overflow.
    var watch: CInt
    /// What happened: `IN_…` bits.
    var mask: UInt32
    /// The entry that it happened to; empty for the directory itself.
    var name: [UInt8]

    func has(_ bits: CInt) -> Bool { mask & UInt32(bitPattern: bits) != 0 }
  }

  /// What happened when a directory was to be watched.
  enum Addition {
    case watching(CInt)
    /// The directory is gone, or closed to us; listing it tells more.
    case absent
    /// The kernel gives no more watches.
    case refused(String)
  }

  let descriptor: CInt
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private static let mask =
    IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | IN_MOVED_FROM | IN_DELETE
    | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_EXCL_UNLINK

  /// Makes one without watches; nil when the kernel gives none.
  init?() {
    descriptor = inotify_init1(CInt(IN_CLOEXEC | IN_NONBLOCK))
    if descriptor < 0 { return nil }
  }

  deinit { close(descriptor) }

  /// Watches a directory. A directory that is watched already keeps its watch.
  func add(_ directory: BatchPath) -> Addition {
    let watch = directory.withCString {
      inotify_add_watch(descriptor, $0, UInt32(bitPattern: Self.mask))
    }
    if watch >= 0 { return .watching(watch) }
    return errno == ENOSPC || errno == ENOMEM ? .refused(SystemFailure.text(errno)) : .absent
  }

  /// Ends a watch.
  func remove(_ watch: CInt) {
    inotify_rm_watch(descriptor, watch)
  }

  /// Takes the events that are there; does not wait.
  func read(_ body: (Event) -> Void) {
    while true {
      let count = buffer.withUnsafeMutableBytes { buffer in
        SystemFailure.retrying { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
      }
      guard count > 0 else { return }
      buffer.withUnsafeBytes { buffer in
        var offset = 0
        let headerCount = MemoryLayout<inotify_event>.size
        while offset + headerCount <= count {
          let header = buffer.loadUnaligned(fromByteOffset: offset, as: inotify_event.self)
          let start = offset + headerCount
          let end = min(start + Int(header.len), count)
          let name = buffer[start..<end].prefix { $0 != 0 }
          body(Event(watch: header.wd, mask: header.mask, name: Array(name)))
          offset = end
        }
      }
    }
  }
}
