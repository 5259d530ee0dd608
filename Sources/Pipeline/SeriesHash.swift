import BatchSource
import Hashing

/// The hashes of series, as ranks hold them. It remembers the last: files one after the other are
/// mostly of one series.
struct SeriesHash {
  private var last: (series: [UInt8], hash: UInt32)?

  /// The hash of a series: of a file's path without its number, as it is shown.
  static func of(_ series: [UInt8]) -> UInt32 {
    StableHash.hash32(BatchPath(series).description)
  }

  /// The same.
  mutating func hash(of series: [UInt8]) -> UInt32 {
    if let last, last.series == series { return last.hash }
    let hash = Self.of(series)
    last = (series, hash)
    return hash
  }
}
