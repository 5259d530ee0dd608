import Glibc

/// The road to stderr: words for people. Where even that fails there is nobody to tell.
enum Talk {
  /// Says a text, and ends the line. What would move the cursor is written out: texts may hold
  /// names from files.
  static func say(_ text: String) {
    write(TerminalText.safeLines(text) + "\n")
  }

  /// Writes a text as it is, in one `write(2)` where the system takes it whole.
  static func write(_ text: String) {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.write(STDERR_FILENO, $0.baseAddress! + done, bytes.count - done)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      done += count
    }
  }
}
