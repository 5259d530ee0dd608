import CSQLite
import Dispatch
import Glibc

/// A write to a file that goes on beside the thread that began it.
///
/// Unchecked: the thread that began it looks at its outcome only after its end.
final class BackgroundWrite: @unchecked Sendable {
  /// When bytes go to the disk.
  enum Urgency {
    /// When the system likes.
    case none
    /// From now on, while the thread goes on: what must be there in the end is waited for less.
    case soon
    /// At once, without a copy in the system's cache, where the file system can do that; nobody else
    /// uses the descriptor meanwhile.
    case direct
  }

  private let end = DispatchSemaphore(value: 0)
  private var code: CInt = 0

  /// Begins a write.
  ///
  /// - Parameters:
  ///   - bytes: stay as they are until it has ended.
  ///   - diskQueue: has a thread of its own, which waits for the disk: of those that tasks share there
  ///     is one for each core.
  init(
    _ bytes: UnsafeRawBufferPointer, to descriptor: CInt, at offset: UInt64, _ urgency: Urgency,
    diskQueue: DispatchQueue
  ) {
    nonisolated(unsafe) let bytes = bytes
    let queue = urgency == .direct ? diskQueue : DispatchQueue.global()
    queue.async { [self] in
      code = Self.write(bytes, to: descriptor, at: offset, urgency)
      end.signal()
    }
  }

  /// Waits for its end.
  ///
  /// - Returns: the system's error number; zero for none.
  func wait() -> CInt {
    end.wait()
    return code
  }

  /// `O_DIRECT`, which Swift does not import.
  #if arch(arm64)
    private static let direct: CInt = 0o200000
  #else
    private static let direct: CInt = 0o40000
  #endif

  private static func write(
    _ bytes: UnsafeRawBufferPointer, to descriptor: CInt, at offset: UInt64, _ urgency: Urgency
  ) -> CInt {
    let flags = urgency == .direct ? fcntl(descriptor, F_GETFL) : -1
    if flags >= 0, fcntl(descriptor, F_SETFL, flags | direct) == 0 {
      let count = pwrite(descriptor, bytes.baseAddress, bytes.count, off_t(offset))
      _ = fcntl(descriptor, F_SETFL, flags)
      if count == bytes.count { return 0 }
      // Whatever was wrong (bytes that its blocks do not fit, say) is said of the ordinary write.
    }
    var done = 0
    while done < bytes.count {
      let count = pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count < 0 ? errno : EIO }
      done += count
    }
    if urgency != .none {
      resequel_begin_write_back(descriptor, Int64(offset), Int64(bytes.count))
    }
    return 0
  }
}
