import CollectionStore

/// Moments as they are written on the command line.
enum MomentText {
  /// Reads a position or a time of the source; nil when the text is neither.
  static func moment(_ text: String) -> HistoryMoment? {
    if let time = time(text) { return .time(time) }
    // A mistyped time is no lineage's name.
    var rest = Substring(text)
    if number(&rest, digits: 4) != nil, take("-", &rest) { return nil }
    return HistoryPosition(text).map { .position($0) }
  }

  /// Reads `2026-11-21T10:00:00.5+01:00` (the time of day may be left out, and the offset for UTC),
  /// or `@` and microseconds since 1970; nil when the text is of neither form.
  ///
  /// - Returns: microseconds since 1970 UTC.
  static func time(_ text: String) -> Int64? {
    if text.hasPrefix("@") { return Int64(text.dropFirst()) }
    var rest = Substring(text)
    guard let year = number(&rest, digits: 4), take("-", &rest),
      let month = number(&rest, digits: 2), (1...12).contains(month), take("-", &rest),
      let day = number(&rest, digits: 2), (1...days(inMonth: month, of: year)).contains(day)
    else { return nil }
    var time = daysSince1970(year, month, day) * 86_400_000_000
    if rest.isEmpty { return time }
    guard take("T", &rest) || take("t", &rest) || take(" ", &rest),
      let ofDay = timeOfDay(&rest), let offset = offset(&rest), rest.isEmpty
    else { return nil }
    time += ofDay - offset
    return time
  }

  private static func timeOfDay(_ rest: inout Substring) -> Int64? {
    guard let hour = number(&rest, digits: 2), hour < 24, take(":", &rest),
      let minute = number(&rest, digits: 2), minute < 60
    else { return nil }
    var micros = (hour * 3600 + minute * 60) * 1_000_000
    guard take(":", &rest) else { return micros }
    guard let second = number(&rest, digits: 2), second < 60 else { return nil }
    micros += second * 1_000_000
    guard take(".", &rest) else { return micros }
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard !digits.isEmpty, digits.count <= 6, let fraction = Int64(digits) else { return nil }
    rest = rest.dropFirst(digits.count)
    return micros + (digits.count..<6).reduce(fraction) { value, _ in value * 10 }
  }

  /// The offset from UTC, in microseconds; none is UTC.
  private static func offset(_ rest: inout Substring) -> Int64? {
    if rest.isEmpty || take("Z", &rest) || take("z", &rest) { return 0 }
    let sign: Int64 = rest.first == "-" ? -1 : 1
    guard take("+", &rest) || take("-", &rest), let hours = number(&rest, digits: 2),
      hours < 24, take(":", &rest), let minutes = number(&rest, digits: 2), minutes < 60
    else { return nil }
    return sign * (hours * 3600 + minutes * 60) * 1_000_000
  }

  private static func take(_ character: Character, _ rest: inout Substring) -> Bool {
    guard rest.first == character else { return false }
    rest.removeFirst()
    return true
  }

  private static func number(_ rest: inout Substring, digits count: Int) -> Int64? {
    let digits = rest.prefix(count)
    guard digits.count == count, digits.allSatisfy({ ("0"..."9").contains($0) }) else {
      return nil
    }
    rest = rest.dropFirst(count)
    return Int64(digits)
  }

  private static func days(inMonth month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days of the Gregorian calendar. Years begin in March here, so that leap days end them.
  private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return year * 365 + year / 4 - year / 100 + year / 400 + dayOfYear - 719_468
  }
}
