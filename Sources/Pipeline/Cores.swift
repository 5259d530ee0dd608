import CAffinity
import Glibc

/// How much of the machine a run uses.
enum Cores {
  /// The processors that this process may run on, at least 1: a container may have fewer than the
  /// machine.
  static var count: Int {
    var allowed = cpu_set_t()
    // Fails where the machine has more processors than the set has bits: 1024.
    guard sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &allowed) == 0 else {
      return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
    return withUnsafeBytes(of: allowed) { $0.reduce(0) { $0 + $1.nonzeroBitCount } }
  }
}
