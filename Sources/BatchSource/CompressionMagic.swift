/// Recognises compressed data by its first bytes.
enum CompressionMagic {
  private static let gzip: [UInt8] = [0x1F, 0x8B]
  private static let zstd: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD]

  /// How data that begins with `bytes` is compressed.
  ///
  /// - Parameters:
  ///   - bytes: the first four bytes, or all where there are fewer.
  ///   - hint: what the name says. Decides only where a file is cut off within its first bytes, so
  ///     that the beginning of an upload is not taken for a text.
  static func compression(_ bytes: UnsafeRawBufferPointer, hint: BatchFileName.Compression)
    -> BatchFileName.Compression
  {
    if bytes.starts(with: gzip) { return .gzip }
    if bytes.starts(with: zstd) { return .zstd }
    // Skippable frames: 0x184D2A50 to 0x184D2A5F, little-endian.
    if bytes.count == 4, bytes[0] & 0xF0 == 0x50, bytes[1] == 0x2A, bytes[2] == 0x4D,
      bytes[3] == 0x18
    {
      return .zstd
    }
    if bytes.isEmpty || bytes.count >= 4 { return .none }
    if gzip.starts(with: bytes) { return .gzip }
    // One byte may be a text that begins with a parenthesis; two are no UTF-8.
    if zstd.starts(with: bytes), bytes.count > 1 || hint == .zstd { return .zstd }
    return .none
  }
}
