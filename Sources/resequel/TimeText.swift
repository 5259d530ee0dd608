import Glibc

/// Times as people and programs read them.
enum TimeText {
  /// A moment as `2022-07-11T05:21:43Z`, in UTC, whole seconds.
  ///
  /// - Parameter microseconds: since 1970 UTC.
  static func utc(_ microseconds: Int64) -> String {
    var seconds = time_t(microseconds / 1_000_000)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "\(microseconds) µs" }
    var buffer = [CChar](repeating: 0, count: 40)
    let count = strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
