import Glibc

/// The clocks that a watcher reads; passed in, so that tests can turn them.
package struct WatchClock: Sendable {
  /// Time since any fixed moment; never goes back.
  package var monotonic: @Sendable () -> Duration
  /// Nanoseconds since 1970 UTC, to be compared with the times of files.
  package var wall: @Sendable () -> Int64

  /// Makes clocks of two functions.
  package init(
    monotonic: @escaping @Sendable () -> Duration, wall: @escaping @Sendable () -> Int64
  ) {
    self.monotonic = monotonic
    self.wall = wall
  }

  /// The system's clocks.
  package static let system = WatchClock(
    monotonic: { .nanoseconds(read(CLOCK_MONOTONIC)) }, wall: { read(CLOCK_REALTIME) })

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
