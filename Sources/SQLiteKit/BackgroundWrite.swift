import Dispatch
import Glibc

/// A write to a file that goes on beside the thread that began it.
///
/// Unchecked: the thread that began it looks at its outcome only after its end.
final class BackgroundWrite: @unchecked Sendable {
  private let end = DispatchSemaphore(value: 0)
  private var code: CInt = 0

  /// Begins a write.
  ///
  /// - Parameters:
  ///   - bytes: stay as they are until it has ended.
  ///   - isDirect: whether they go to the disk without a copy in the system's cache, where the file
  ///     system can do that; nobody else uses the descriptor meanwhile.
  init(_ bytes: UnsafeRawBufferPointer, to descriptor: CInt, at offset: UInt64, isDirect: Bool) {
    nonisolated(unsafe) let bytes = bytes
    DispatchQueue.global().async { [self] in
      code = Self.write(bytes, to: descriptor, at: offset, isDirect: isDirect)
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
    _ bytes: UnsafeRawBufferPointer, to descriptor: CInt, at offset: UInt64, isDirect: Bool
  ) -> CInt {
    let flags = isDirect ? fcntl(descriptor, F_GETFL) : -1
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
    return 0
  }
}
