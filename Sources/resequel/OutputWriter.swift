import Glibc

/// Why stdout could not be written.
enum OutputError: Error, CustomStringConvertible {
  /// The reader went away (EPIPE): no error, there is just nobody left to tell.
  case closed
  /// The system refused, with this `errno`.
  case failed(Int32)

  var description: String {
    switch self {
    case .closed: "stdout was closed"
    case .failed(let number): "cannot write to stdout: \(String(cString: strerror(number)))"
    }
  }
}

/// The one road to stdout: a buffer over `write(2)` that hides no error.
struct OutputWriter: ~Copyable {
  private var buffer: [UInt8] = []
  private let capacity = 1 << 16

  /// Writes a text.
  mutating func write(_ text: String) throws(OutputError) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= capacity { try flush() }
  }

  /// Writes bytes.
  mutating func write(_ bytes: [UInt8]) throws(OutputError) {
    buffer.append(contentsOf: bytes)
    if buffer.count >= capacity { try flush() }
  }

  /// Hands everything to the system. To be called at the end: nothing else does it.
  mutating func flush() throws(OutputError) {
    var done = 0
    while done < buffer.count {
      let count = buffer.withUnsafeBytes { bytes in
        Glibc.write(STDOUT_FILENO, bytes.baseAddress! + done, bytes.count - done)
      }
      if count >= 0 {
        done += count
        continue
      }
      switch errno {
      case EINTR: continue
      case EAGAIN: OutputWriter.waitForRoom()
      case EPIPE: throw .closed
      default: throw .failed(errno)
      }
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// Somebody made the pipe non-blocking: wait until it takes bytes again.
  private static func waitForRoom() {
    var descriptor = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    poll(&descriptor, 1, -1)
  }
}
