import Glibc

/// The time of day, for notes in the manifest. Nothing that decides a row comes from it.
package enum WallClock {
  /// Microseconds since 1970 UTC.
  package static func microseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
  }
}
