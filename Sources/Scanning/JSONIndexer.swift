import CSimdJSON

/// Finds the structural characters of JSON text, by simdjson's stage 1.
///
/// Reusable: it holds the memory of the last index. One for each thread.
package final class JSONIndexer {
  /// What came of indexing.
  package enum Outcome: Sendable {
    /// The tokens are complete and the text is valid UTF-8.
    case indexed
    /// The tokens are complete, but the text is not valid UTF-8 somewhere.
    case notUTF8
    /// There are no tokens: a string is not closed, or holds a control character.
    case badString
    /// There are no tokens: nothing but white space.
    case empty
    /// There are no tokens: 4 GiB or more, or more than there is memory for.
    case tooLong
  }

  private let indexer: OpaquePointer
  /// The tokens of the last text, valid until the next call.
  package private(set) var tokens: JSONTokens

  /// Makes an indexer; its memory grows with the longest text.
  package init() {
    guard let indexer = resequel_json_indexer_create() else {
      preconditionFailure("out of memory")
    }
    self.indexer = indexer
    tokens = JSONTokens.none
  }

  deinit { resequel_json_indexer_destroy(indexer) }

  /// Indexes a text, which must begin outside of any string. It is not copied: ``tokens`` point
  /// into it.
  package func index(_ text: UnsafeRawBufferPointer) -> Outcome {
    guard let base = text.baseAddress else { return .empty }
    var offsets: UnsafePointer<UInt32>?
    var count = 0
    let status = resequel_json_index(
      indexer, base.assumingMemoryBound(to: UInt8.self), text.count, &offsets, &count)
    if let offsets {
      tokens = JSONTokens(base: base, byteCount: text.count, offsets: offsets, count: count)
    } else {
      tokens = JSONTokens(
        base: base, byteCount: text.count, offsets: JSONTokens.noOffsets, count: 0)
    }
    switch Int(status) {
    case RESEQUEL_JSON_INDEXED: return .indexed
    case RESEQUEL_JSON_NOT_UTF8: return .notUTF8
    case RESEQUEL_JSON_BAD_STRING: return .badString
    case RESEQUEL_JSON_EMPTY: return .empty
    default: return .tooLong
    }
  }
}

/// Whether bytes are valid UTF-8.
package func isUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  guard let base = bytes.baseAddress else { return true }
  return resequel_is_utf8(base.assumingMemoryBound(to: UInt8.self), bytes.count)
}
