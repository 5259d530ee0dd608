/// A hole in a collection's log.
package struct GapRecord: Sendable, Hashable {
  /// How sure it is.
  package enum Kind: String, Sendable {
    /// The running counts skip.
    case proven
    /// A number is missing between the files.
    case suspected
    /// What is missing is there, in files that are not complete yet.
    case arriving
  }
  /// The files' path without the number.
  package var series: [UInt8]
  /// The numbers of the files between which something is missing.
  package var afterOrdinal: UInt64
  package var beforeOrdinal: UInt64
  /// How sure it is.
  package var kind: Kind
  /// The running counts that are missing; nil where unknown.
  package var counters: ClosedRange<Int64>?
  /// The path that the first missing file would have, as bytes.
  package var likelyFile: [UInt8]
  /// When it was first seen, microseconds since 1970.
  package var since: Int64
  /// Until when changes behind it wait, likewise; nil for ever.
  package var deadline: Int64?
  /// Whether it is not waited for any longer.
  package var isWaived: Bool
  /// How many changes wait behind it.
  package var waiting = 0

  /// Makes one of its parts.
  package init(
    series: [UInt8], afterOrdinal: UInt64, beforeOrdinal: UInt64, kind: Kind,
    counters: ClosedRange<Int64>?, likelyFile: [UInt8], since: Int64, deadline: Int64?,
    isWaived: Bool
  ) {
    self.series = series
    self.afterOrdinal = afterOrdinal
    self.beforeOrdinal = beforeOrdinal
    self.kind = kind
    self.counters = counters
    self.likelyFile = likelyFile
    self.since = since
    self.deadline = deadline
    self.isWaived = isWaived
  }
}
