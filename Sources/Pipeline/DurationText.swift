/// A length of time as flags and configuration files write it: `250ms`, `5s`, `10m`, `24h`, `90d`,
/// `0`, or `forever`.
package enum DurationText: Sendable, Hashable {
  /// This long.
  case finite(Duration)
  /// Without an end.
  case forever

  /// The longest that can be written, a hundred years, so that no sum of times overflows.
  package static let longest = Duration.seconds(36_500 * 86_400)

  /// Reads a whole number and its unit (`ms`, `s`, `m`, `h`, `d`), `0`, or `forever`; nil for
  /// anything else, and for more than ``longest``.
  package init?(_ text: String) {
    if text == "forever" {
      self = .forever
      return
    }
    let digits = text.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    guard !digits.isEmpty, let count = Int64(Substring(digits)) else { return nil }
    let milliseconds: Int64
    switch text.utf8.dropFirst(digits.count).map({ $0 }) {
    case []:
      guard count == 0 else { return nil }
      milliseconds = 1
    case Array("ms".utf8): milliseconds = 1
    case Array("s".utf8): milliseconds = 1000
    case Array("m".utf8): milliseconds = 60_000
    case Array("h".utf8): milliseconds = 3_600_000
    case Array("d".utf8): milliseconds = 86_400_000
    default: return nil
    }
    let (product, overflow) = count.multipliedReportingOverflow(by: milliseconds)
    guard !overflow else { return nil }
    let duration = Duration.milliseconds(product)
    guard duration <= DurationText.longest else { return nil }
    self = .finite(duration)
  }

  /// A duration as it would be written: `50ms`, `90s`, `1d`.
  package static func text(of duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    if attoseconds != 0 { return "\(seconds * 1000 + attoseconds / 1_000_000_000_000_000)ms" }
    let units: [(seconds: Int64, name: String)] = [(86_400, "d"), (3600, "h"), (60, "m")]
    for unit in units where seconds != 0 && seconds.isMultiple(of: unit.seconds) {
      return "\(seconds / unit.seconds)\(unit.name)"
    }
    return seconds == 0 ? "0" : "\(seconds)s"
  }

  /// What a duration may look like, for messages.
  package static let form =
    "a whole number and a unit (250ms, 5s, 10m, 24h, 90d), 0, or forever"
}
