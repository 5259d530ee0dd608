import Glibc

/// What the environment says to the tests.
enum Environment {
  /// The value of a variable, or nil where it is not set.
  static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  /// How many cores there are.
  static var cores: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// The number in a variable.
  static func count(_ name: String, default count: Int) -> Int {
    value(name).flatMap { Int($0) } ?? count
  }
}
