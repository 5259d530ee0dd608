package import Hashing

/// What reading a batch file showed, besides its bytes.
package struct ReadOutcome: Sendable {
  /// The version that was read, as it was when the file was opened.
  package var identity: FileIdentity
  /// How many bytes the file has on disk.
  package var rawByteCount: UInt64
  /// The hash of those.
  package var contentHash: ContentHash
  /// How many bytes were decompressed, those before the start offset included.
  package var byteCount: UInt64
  /// How the file is compressed, going by its content.
  package var compression: BatchFileName.Compression
  /// Whether compressed data stops in the middle: what came before it was given out, the rest is
  /// awaited.
  package var isTruncated: Bool
  /// Whether the file changed, or another took its name, while it was read: what was read may be
  /// of two versions, and must not be committed.
  package var hasChanged: Bool
}
