/// Tells names that are not (or not yet) batch files by how uploaders, editors and mounts name
/// what they are still writing.
enum TemporaryName {
  private static let suffixes = [
    "~", ".tmp", ".temp", ".part", ".partial", ".filepart", ".part.minio", ".crdownload",
    ".download", ".swp", ".gstmp", ".inprogress", ".uploading", "_$folder$",
  ].map { Array($0.utf8) }
  private static let prefixes = ["#", "_temporary", "~", ".~tmp~"].map { Array($0.utf8) }
  private static let markers = ["_SUCCESS", "_STARTED", "_COMMITTED", "lost+found"]
    .map { Array($0.utf8) }

  /// Why a name is passed over; nil for one that is not.
  static func reason(_ name: [UInt8]) -> IgnoredFiles.Reason? {
    name.withUnsafeBufferPointer { reason($0) }
  }

  /// Why a name is passed over; nil for one that is not.
  static func reason(_ name: UnsafeBufferPointer<UInt8>) -> IgnoredFiles.Reason? {
    guard let first = name.first else { return .hidden }
    if first == UInt8(ascii: ".") { return .hidden }
    for prefix in prefixes where starts(name, with: prefix) { return .temporary }
    for suffix in suffixes where ends(name, with: suffix) { return .temporary }
    for marker in markers where name.elementsEqual(marker) { return .marker }
    return isDownload(name) ? .temporary : nil
  }

  /// Whether a name is one under which the AWS tools download: a known name, a dot, and eight
  /// hexadecimal digits.
  private static func isDownload(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let stem = name.count - 9
    guard stem > 0, name[stem] == UInt8(ascii: "."),
      name[(stem + 1)...].allSatisfy({ isHexDigit($0) })
    else { return false }
    let parsed = BatchFileName.parse(UnsafeBufferPointer(rebasing: name[..<stem]))
    return parsed.stemEnd < stem
  }

  private static func isHexDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") <= 9
      || BatchFileName.lowercase(byte) &- UInt8(ascii: "a") < 6
  }

  private static func starts(_ name: UnsafeBufferPointer<UInt8>, with prefix: [UInt8]) -> Bool {
    name.count >= prefix.count && name[..<prefix.count].elementsEqual(prefix)
  }

  private static func ends(_ name: UnsafeBufferPointer<UInt8>, with suffix: [UInt8]) -> Bool {
    guard name.count >= suffix.count else { return false }
    let start = name.count - suffix.count
    for index in suffix.indices
    where BatchFileName.lowercase(name[start + index]) != suffix[index] { return false }
    return true
  }
}
