/// Numbers as people read them.
enum Figures {
  /// `1,204,332`.
  static func count(_ number: some BinaryInteger) -> String {
    let digits = Array(String(number.magnitude))
    var text = number < 0 ? "-" : ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { text.append(",") }
      text.append(digit)
    }
    return text
  }

  /// `1 file`, `2 files`.
  static func count(_ number: Int, _ noun: String) -> String {
    count(number) + " " + noun + (number == 1 ? "" : "s")
  }

  /// `340.1 MB`, in powers of ten.
  static func bytes(_ number: UInt64) -> String {
    let units = ["kB", "MB", "GB", "TB"]
    guard number >= 1000 else { return "\(number) B" }
    var amount = Double(number) / 1000
    var unit = 0
    // 999.95 would round up to 1000.0.
    while amount >= 999.95, unit < units.count - 1 {
      amount /= 1000
      unit += 1
    }
    return tenths(amount) + " " + units[unit]
  }

  /// One digit behind the point.
  static func tenths(_ number: Double) -> String {
    guard number.isFinite, number < 1e15 else { return "-" }
    let tenths = Int((number * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// `0:07`, `12:30`, `3:04:05`.
  static func clock(seconds: Int) -> String {
    let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60]
    let padded = parts.map { $0 < 10 ? "0\($0)" : "\($0)" }
    return parts[0] > 0
      ? "\(parts[0]):\(padded[1]):\(padded[2])" : "\(parts[1]):\(padded[2])"
  }
}
