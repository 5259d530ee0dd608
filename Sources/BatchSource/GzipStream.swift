import CISAL
import Glibc

/// Decompresses gzip: one member or several behind each other, and zeros after the last, as tape
/// and block tools pad.
final class GzipStream {
  private enum State {
    case between, inMember, padding
  }

  private let stream: UnsafeMutableRawPointer
  private var state = State.between
  private var memberCount = 0

  /// Makes a stream at its beginning; nil when memory is short.
  init?() {
    guard let stream = resequel_gunzip_create() else { return nil }
    self.stream = stream
  }

  deinit { free(stream) }

  /// Begins anew with another file.
  func reset() {
    state = .between
    memberCount = 0
  }

  /// Whether the input may end here.
  var isAtEnd: Bool { state != .inMember && memberCount > 0 }

  /// Decompresses some of the input. Neither consumes nor produces when it needs more input.
  func step(_ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer)
    -> StreamStep
  {
    switch state {
    case .inMember: return inflateSome(input, into: output)
    case .padding: return skipPadding(input)
    case .between:
      guard let first = input.first else { return StreamStep() }
      if first == 0, memberCount > 0 {
        state = .padding
        return skipPadding(input)
      }
      if first != 0x1F { return StreamStep(fault: "garbage follows the compressed data") }
      resequel_gunzip_begin(stream)
      state = .inMember
      return inflateSome(input, into: output)
    }
  }

  private func skipPadding(_ input: UnsafeRawBufferPointer) -> StreamStep {
    let count = input.firstIndex { $0 != 0 } ?? input.count
    return StreamStep(
      consumed: count,
      fault: count < input.count ? "garbage follows the compressed data" : nil)
  }

  private func inflateSome(
    _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
  ) -> StreamStep {
    var inputCount = UInt32(clamping: input.count)
    var outputCount = UInt32(clamping: output.count)
    let answer = resequel_gunzip_step(
      stream, input.baseAddress, &inputCount, output.baseAddress, &outputCount)
    var step = StreamStep(consumed: Int(inputCount), produced: Int(outputCount))
    if answer < 0 {
      step.fault = Self.fault(answer)
    } else if answer == 1 {
      state = .between
      memberCount += 1
    }
    return step
  }

  private static func fault(_ code: CInt) -> String {
    switch code {
    case ISAL_INVALID_BLOCK: "invalid block"
    case ISAL_INVALID_SYMBOL: "invalid code"
    case ISAL_INVALID_LOOKBACK: "invalid distance"
    case ISAL_INVALID_WRAPPER: "invalid gzip header"
    case ISAL_UNSUPPORTED_METHOD: "unknown compression method"
    case ISAL_INCORRECT_CHECKSUM: "wrong checksum"
    default: "gzip error \(code)"
    }
  }
}
