import CZstd

/// Decompresses zstd: any number of frames, also skippable ones.
final class ZstdStream {
  private let context: OpaquePointer
  /// How much input the decoder asks for next; 0 between frames.
  private var wantedCount = 0
  private var hasFrame = false

  /// Makes a stream at its beginning; nil when memory is short.
  init?() {
    guard let context = ZSTD_createDCtx() else { return nil }
    self.context = context
  }

  deinit { ZSTD_freeDCtx(context) }

  /// Begins anew with another file.
  func reset() {
    ZSTD_DCtx_reset(context, ZSTD_reset_session_only)
    wantedCount = 0
    hasFrame = false
  }

  /// Whether the input may end here.
  var isAtEnd: Bool { hasFrame && wantedCount == 0 }

  /// Decompresses some of the input. Neither consumes nor produces when it needs more input.
  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    -> StreamStep
  {
    if wantedCount == 0, input.isEmpty { return StreamStep() }
    // Block by block: a call that meets a corrupt block does not tell what it made before it.
    let frameHeaderCount = 5
    let inputCount = min(input.count, wantedCount == 0 ? frameHeaderCount : wantedCount)
    var source = ZSTD_inBuffer(src: input.baseAddress, size: inputCount, pos: 0)
    var target = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
    let answer = ZSTD_decompressStream(context, &target, &source)
    guard ZSTD_isError(answer) == 0 else {
      return StreamStep(
        consumed: 0, produced: 0, fault: String(cString: ZSTD_getErrorName(answer)).lowercased())
    }
    wantedCount = answer
    hasFrame = true
    return StreamStep(consumed: source.pos, produced: target.pos)
  }
}
