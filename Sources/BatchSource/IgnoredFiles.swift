/// The directory entries that a scan passed over: counted all, named up to ``exampleLimit``.
package struct IgnoredFiles: Sendable, Hashable {
  /// Why an entry is no batch file.
  package enum Reason: String, Sendable, CaseIterable {
    /// Its name begins with a dot.
    case hidden = "hidden"
    /// It is named like something still being written.
    case temporary = "temporary name"
    /// It is a sign that some tool leaves (`_SUCCESS`).
    case marker = "marker"
    /// Its extension is not one of a batch file.
    case unknownExtension = "unknown extension"
    /// It is a socket, a pipe or a device.
    case notRegular = "not a regular file"
  }

  /// One entry that was passed over.
  package struct Example: Sendable, Hashable {
    /// Its absolute path.
    package var path: BatchPath
    /// Why.
    package var reason: Reason
  }

  /// How many entries are named at most.
  package static let exampleLimit = 1000

  /// How many there were of each kind.
  package private(set) var counts: [Reason: Int] = [:]
  /// The first of them, in no particular order.
  package private(set) var examples: [Example] = []

  /// Makes an empty list.
  package init() {}

  /// How many there were.
  package var count: Int { counts.values.reduce(0, +) }

  /// Those that may be a mistake rather than a work in progress.
  package var suspectCount: Int {
    counts[.unknownExtension, default: 0] + counts[.notRegular, default: 0]
  }

  mutating func add(_ reason: Reason, _ path: @autoclosure () -> BatchPath) {
    counts[reason, default: 0] += 1
    if examples.count < Self.exampleLimit {
      examples.append(Example(path: path(), reason: reason))
    }
  }
}
