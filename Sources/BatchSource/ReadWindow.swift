/// A stretch of a batch file's decompressed bytes, valid until the reader is used again.
package struct ReadWindow {
  /// The bytes: those that were not consumed before, and new ones behind them. At least
  /// ``paddingByteCount`` more may be read behind the last one; they are zero.
  package let bytes: UnsafeRawBufferPointer
  /// Where the first of them stands in the file's decompressed bytes.
  package let offset: UInt64
  /// Whether nothing follows.
  package let isEnd: Bool

  /// How many bytes behind the end of a window are readable.
  package static let paddingByteCount = 64
}
