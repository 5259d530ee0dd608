import Pipeline
import Testing

@Suite struct DurationTests {
  // Prevents: a unit that is read as another.
  @Test(arguments: [
    ("250ms", Duration.milliseconds(250)), ("5s", .seconds(5)), ("10m", .seconds(600)),
    ("24h", .seconds(86_400)), ("90d", .seconds(90 * 86_400)), ("0", .zero), ("0s", .zero),
    ("36500d", DurationText.longest),
  ])
  func `a number and a unit are a duration`(text: String, duration: Duration) {
    #expect(DurationText(text) == .finite(duration))
  }

  @Test func `forever has no end`() {
    #expect(DurationText("forever") == .forever)
  }

  // Prevents: a duration that is guessed, or one that overflows.
  @Test(arguments: [
    "", "5", "s", "5 s", " 5s", "5S", "-5s", "+5s", "1.5s", "5sec", "5min", "٥s", "36501d",
    "9223372036854775807d", "99999999999999999999s", "Forever",
  ])
  func `anything else is refused`(text: String) {
    #expect(DurationText(text) == nil)
  }

  // Prevents: limits that are told in a form that cannot be typed in.
  @Test(arguments: ["250ms", "5s", "90s", "10m", "25h", "1d", "90d", "0"])
  func `a duration is written as it is read`(text: String) {
    guard case .finite(let duration)? = DurationText(text) else {
      Issue.record("not read: \(text)")
      return
    }
    #expect(DurationText.text(of: duration) == text)
  }
}
