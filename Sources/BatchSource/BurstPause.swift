/// How long a watcher waits for more of a burst of files before it tells of those that came.
///
/// Files in thousands often come in an order of names, so that most of the first ones wait for
/// others anyway: taking them in by pieces would be reading them twice. A wait is never longer than
/// the files that are there take to be read, and none is made for few.
struct BurstPause {
  private var firstCameAt: Duration?
  private var lastCount = 0

  /// As many files are a burst.
  private static let fileCount = 32
  /// Reading a file takes about so long.
  private static let timePerFile = Duration.microseconds(100)
  private static let longest = Duration.milliseconds(500)
  /// When nothing came for so long, the burst is over.
  static let quiet = Duration.milliseconds(5)

  /// Whether to wait for more.
  ///
  /// - Parameters:
  ///   - count: how many files came so far.
  ///   - now: any moment's time, as before.
  mutating func isWorthIt(_ count: Int, at now: Duration) -> Bool {
    guard count >= Self.fileCount, count > lastCount else { return false }
    lastCount = count
    let start = firstCameAt ?? now
    firstCameAt = start
    return now - start < min(Self.timePerFile * count, Self.longest)
  }
}
