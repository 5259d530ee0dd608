import Glibc

/// How many files the process may have open.
enum DescriptorLimit {
  /// How many of them one fetcher may keep open: no more than four of them are in use at a time, and
  /// the rest is for the database, its readers and the drop.
  ///
  /// The process's limit is raised to the highest that needs no privilege: whoever has thousands of
  /// small files would open each of them again for every record.
  static let fetcherShare: Int = {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 64 }
    if limit.rlim_cur < limit.rlim_max {
      var raised = limit
      raised.rlim_cur = min(limit.rlim_max, 1 << 20)
      if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
    }
    let spare = Int(min(limit.rlim_cur, 1 << 20)) - 512
    return max(64, min(spare / 4, 16_384))
  }()
}
