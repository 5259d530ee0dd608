import Glibc

/// Interrupts a ``DropWatcher`` that waits, from any thread.
package final class WakeUp: Sendable {
  let readEnd: CInt
  private let writeEnd: CInt

  /// Makes one that is not rung. Where the system has no pipe left, ringing does nothing, and waits
  /// last until their timeout.
  package init() {
    var ends: [CInt] = [-1, -1]
    if pipe(&ends) == 0 {
      for end in ends {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
      }
    }
    readEnd = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    if readEnd >= 0 { close(readEnd) }
    if writeEnd >= 0 { close(writeEnd) }
  }

  /// Ends the wait under way, or the next one. May be called from a signal source.
  package func ring() {
    var byte: UInt8 = 1
    // A full pipe is rung already.
    if writeEnd >= 0 { _ = write(writeEnd, &byte, 1) }
  }

  /// Whether it was rung since the last call.
  func wasRung() -> Bool {
    guard readEnd >= 0 else { return false }
    var bytes: (UInt64, UInt64) = (0, 0)
    var isRung = false
    while withUnsafeMutableBytes(of: &bytes, { read(readEnd, $0.baseAddress, $0.count) }) > 0 {
      isRung = true
    }
    return isRung
  }
}
