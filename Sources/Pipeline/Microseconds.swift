extension Duration {
  /// The whole microseconds of it.
  var microseconds: Int64 {
    let (seconds, attoseconds) = components
    let whole = seconds.multipliedReportingOverflow(by: 1_000_000)
    return whole.overflow ? .max : whole.partialValue.addingClamped(attoseconds / 1_000_000_000_000)
  }
}

extension Int64 {
  /// The sum, or the greatest number where it is too great.
  func addingClamped(_ other: Int64) -> Int64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
