import Scanning

/// Tells JSON from CSV by a file's first bytes; its name is only a hint.
enum FormatDetection {
  /// - Parameter isResumed: whether records of the file were read before: then an array may go on.
  /// - Returns: nil when that cannot be told yet and more bytes follow.
  static func format(
    of bytes: UnsafeRawBufferPointer, name: String, isResumed: Bool, isEnd: Bool
  ) -> FileLayout.Format? {
    guard let first = bytes.firstIndex(where: { !JSONTokens.isSpace($0) }) else {
      return isEnd || bytes.count >= 1 << 16 ? (isNamedCSV(name) ? .csv : .json) : nil
    }
    if isNamedCSV(name) { return opensRecord(bytes[first...]) ? .json : .csv }
    let opensJSON = bytes[first] == UInt8(ascii: "{") || bytes[first] == UInt8(ascii: "[")
    if opensJSON || (isResumed && continuesArray(bytes[first...])) { return .json }
    // A malformed first record does not make a file of JSON lines CSV.
    if isNamed(name, [".json", ".jsonl", ".ndjson"]) {
      if JSONResync().nextRecord(in: bytes, from: first) != nil { return .json }
      if !isEnd, bytes.count < 1 << 20 { return nil }
      return bytes.contains(UInt8(ascii: ",")) ? .csv : .json
    }
    return .csv
  }

  /// Whether bytes begin as gzip's and zstd's do, and no text does.
  static func isCompressed(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x1F, 0x8B, 0x08]) || bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD])
  }

  /// Whether bytes begin with a record, or an array of them, and not with a text that only begins
  /// like one: with its first member's name, which no text without quotes can hold.
  private static func opensRecord(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    let first = bytes.lazy.filter { !JSONTokens.isSpace($0) }.prefix(3)
    return first.elementsEqual(Array("[{\"".utf8)) || first.starts(with: Array("{\"".utf8))
  }

  /// Whether bytes go on with an array behind one of its elements: with a comma and an object, or
  /// what there is of them yet.
  private static func continuesArray(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
    guard bytes.first == UInt8(ascii: ",") else { return false }
    let next = bytes.dropFirst().first { !JSONTokens.isSpace($0) }
    return next == nil || next == UInt8(ascii: "{")
  }

  private static func isNamedCSV(_ name: String) -> Bool { isNamed(name, [".csv", ".tsv"]) }

  private static func isNamed(_ name: String, _ suffixes: [String]) -> Bool {
    var name = name.lowercased()[...]
    for compression in [".gz", ".zst"] where name.hasSuffix(compression) {
      name = name.dropLast(compression.count)
    }
    return suffixes.contains { name.hasSuffix($0) }
  }
}
