import Glibc

/// What is known of the terminal behind a descriptor.
struct Terminal {
  /// Whether there is one that can go back to the start of a line.
  var isInteractive: Bool
  /// Whether colours are wanted (`NO_COLOR` unset or empty).
  var hasColor: Bool
  /// Whether it shows more than ASCII.
  var isUnicode: Bool
  /// How many columns it has.
  var width: Int

  /// Asks about a descriptor.
  init(descriptor: Int32) {
    let type = Terminal.environment("TERM") ?? ""
    isInteractive = isatty(descriptor) == 1 && !type.isEmpty && type != "dumb"
    hasColor = isInteractive && (Terminal.environment("NO_COLOR") ?? "").isEmpty
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].compactMap(Terminal.environment).first { !$0.isEmpty } ?? ""
    let encoding = locale.lowercased()
    isUnicode = encoding.contains("utf-8") || encoding.contains("utf8")
    width = Terminal.width(of: descriptor)
  }

  /// The columns of the terminal behind a descriptor now; 80 where it does not say.
  static func width(of descriptor: Int32) -> Int {
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
