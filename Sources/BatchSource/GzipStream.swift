import CZlib

/// Decompresses gzip: one member or several behind each other, and zeros after the last, as tape
/// and block tools pad.
final class GzipStream {
  private enum State {
    case between, inMember, padding
  }

  private let stream: UnsafeMutablePointer<z_stream>
  private var state = State.between
  private var memberCount = 0

  /// Makes a stream at its beginning; nil when memory is short.
  init?() {
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    if resequel_inflate_init_gzip(stream) != Z_OK {
      stream.deallocate()
      return nil
    }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

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
      inflateReset(stream)
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
    let inputCount = min(input.count, Int(UInt32.max))
    let outputCount = min(output.count, Int(UInt32.max))
    stream.pointee.next_in = UnsafeMutablePointer(
      mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
    stream.pointee.avail_in = UInt32(inputCount)
    stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(outputCount)
    let answer = inflate(stream, Z_NO_FLUSH)
    var step = StreamStep(
      consumed: inputCount - Int(stream.pointee.avail_in),
      produced: outputCount - Int(stream.pointee.avail_out))
    switch answer {
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END:
      state = .between
      memberCount += 1
    default:
      step.fault = stream.pointee.msg.map { String(cString: $0) } ?? "gzip error \(answer)"
    }
    return step
  }
}
