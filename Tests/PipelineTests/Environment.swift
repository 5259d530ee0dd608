import Glibc

/// What the environment says to the tests, and what is said to it.
enum Environment {
  /// The value of a variable, or nil where it is not set.
  static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// How many cores there are.
  static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Says on stderr how far a long test is.
  static func say(_ text: String) {
    let line = Array("\(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
  }

  /// The number in a variable.
  static func count(_ name: String, default count: Int) -> Int {
    value(name).flatMap { Int($0) } ?? count
  }
}
