/// What a batch file's name says: its number, and hints of its format and compression.
///
/// `nation_12.json.gz` has the number 12 (compared as a number, so 10 follows 9), the format hint
/// JSON, the compression hint gzip. The number is what stands behind the last `_`, in front of the
/// extensions; `.part_12` is the same with a longer base. Extensions are hints only: compression
/// and format are recognised by content. Case is ignored in them.
package struct BatchFileName: Sendable, Hashable {
  /// What the extension says of the format.
  package enum Format: UInt8, Sendable {
    /// No extension.
    case unstated
    case json
    /// `.jsonl` or `.ndjson`.
    case jsonLines
    case csv
    /// `.txt`.
    case text
    /// An extension that no batch file has.
    case unknown
  }

  /// What the extension says of the compression.
  package enum Compression: UInt8, Sendable {
    case none, gzip, zstd
  }

  /// The name as it stands in its directory.
  package let bytes: [UInt8]
  /// Which of the bytes are the number's digits; empty where there is none.
  package let numberRange: Range<Int>
  /// The number, nil where the name has none (or one above 2^64-1): then the file is a series of
  /// its own.
  package let ordinal: UInt64?
  /// What the extension says of the format.
  package let format: Format
  /// What the extension says of the compression.
  package let compression: Compression

  /// Parses a file name, without its directory.
  package init(_ name: some Collection<UInt8>) {
    let bytes = Array(name)
    let parsed = bytes.withUnsafeBufferPointer { Self.parse($0) }
    self.bytes = bytes
    numberRange = parsed.number
    ordinal = parsed.ordinal
    format = parsed.format
    compression = parsed.compression
  }

  /// The name without number, number mark and extensions: `nation` of `nation_12.json.gz`.
  package var base: ArraySlice<UInt8> {
    guard ordinal != nil else {
      return bytes[..<Self.stemEnd(bytes.withUnsafeBufferPointer { Self.parse($0) })]
    }
    let marked = bytes[..<numberRange.lowerBound]
    let part = Array(".part_".utf8)
    return marked.suffix(part.count).elementsEqual(part)
      ? marked.dropLast(part.count) : marked.dropLast(1)
  }
}

extension BatchFileName {
  /// The parts of a name, as places in it.
  struct Parsed {
    var number: Range<Int> = 0..<0
    var ordinal: UInt64?
    var format = Format.unstated
    var compression = Compression.none
    /// Where the extensions begin.
    var stemEnd = 0
  }

  private static let compressions: [(suffix: StaticString, value: Compression)] = [
    (".gz", .gzip), (".zst", .zstd),
  ]
  private static let formats: [(suffix: StaticString, value: Format)] = [
    (".json", .json), (".jsonl", .jsonLines), (".ndjson", .jsonLines), (".csv", .csv),
    (".txt", .text),
  ]

  private static func stemEnd(_ parsed: Parsed) -> Int { parsed.stemEnd }

  /// Parses a name without copying it.
  static func parse(_ name: UnsafeBufferPointer<UInt8>) -> Parsed {
    var parsed = Parsed()
    var end = name.count
    for (suffix, value) in compressions where ends(name, end, with: suffix) {
      parsed.compression = value
      end -= suffix.utf8CodeUnitCount
      break
    }
    for (suffix, value) in formats where ends(name, end, with: suffix) {
      parsed.format = value
      end -= suffix.utf8CodeUnitCount
      break
    }
    parsed.stemEnd = end
    parsed.number = end..<end
    var start = end
    while start > 0, name[start - 1] &- UInt8(ascii: "0") <= 9 { start -= 1 }
    if start < end, start > 0, name[start - 1] == UInt8(ascii: "_"),
      let number = number(name, start..<end)
    {
      parsed.number = start..<end
      parsed.ordinal = number
    } else if parsed.format == .text
      || (parsed.format == .unstated && name[..<end].contains(UInt8(ascii: ".")))
    {
      // Without a number a text is a README, not a batch.
      parsed.format = .unknown
    }
    return parsed
  }

  private static func number(_ name: UnsafeBufferPointer<UInt8>, _ digits: Range<Int>) -> UInt64? {
    var value: UInt64 = 0
    for index in digits {
      let (tens, isLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, isTooLarge) = tens.addingReportingOverflow(
        UInt64(name[index] &- UInt8(ascii: "0")))
      if isLarge || isTooLarge { return nil }
      value = sum
    }
    return value
  }

  private static func ends(
    _ name: UnsafeBufferPointer<UInt8>, _ end: Int, with suffix: StaticString
  ) -> Bool {
    let count = suffix.utf8CodeUnitCount
    guard end >= count else { return false }
    for index in 0..<count where lowercase(name[end - count + index]) != suffix.utf8Start[index] {
      return false
    }
    return true
  }

  static func lowercase(_ byte: UInt8) -> UInt8 {
    byte &- UInt8(ascii: "A") < 26 ? byte | 0x20 : byte
  }
}
