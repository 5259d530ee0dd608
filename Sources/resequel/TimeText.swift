import Glibc

/// Times as people and programs read them.
enum TimeText {
  /// `2023-07-13T20:43:05Z`, with six digits of a fraction where there is one.
  ///
  /// - Parameter microseconds: since 1970 UTC.
  static func text(_ microseconds: Int64) -> String {
    let (second, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    var seconds = time_t(fraction < 0 ? second - 1 : second)
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return "\(microseconds) µs" }
    func padded(_ number: Int32, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let date = [(parts.tm_year + 1900, 4), (parts.tm_mon + 1, 2), (parts.tm_mday, 2)]
    let time = [(parts.tm_hour, 2), (parts.tm_min, 2), (parts.tm_sec, 2)]
    var text = date.map(padded).joined(separator: "-") + "T"
    text += time.map(padded).joined(separator: ":")
    if fraction != 0 {
      text += "." + padded(Int32(fraction < 0 ? fraction + 1_000_000 : fraction), 6)
    }
    return text + "Z"
  }

  /// The same in whole seconds, for what our own clock told.
  static func seconds(_ microseconds: Int64) -> String {
    text(microseconds - microseconds % 1_000_000)
  }
}
