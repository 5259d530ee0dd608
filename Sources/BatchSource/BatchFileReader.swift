package import ChangeModel
import Glibc
package import Hashing

/// Reads batch files as windows of decompressed bytes; gzip and zstd are recognised by content.
///
/// In: a ``BatchFile``. Out: ``ReadWindow``s, then a ``ReadOutcome``. One reader serves any number
/// of files one after another, and keeps its buffers; it belongs to one thread.
///
/// ```swift
/// try reader.open(file)
/// while true {
///   let window = try reader.next()
///   reader.consume(decode(window.bytes))  // whole records; the rest comes again
///   if window.isEnd { break }
/// }
/// let outcome = try reader.finish()
/// ```
package final class BatchFileReader {
  /// How much memory a reader uses.
  package struct Limits: Sendable {
    /// The bytes of a window, as long as records fit.
    package var windowByteCount = 1 << 20
    /// The largest window: a record that does not fit in it makes its file fail.
    package var windowByteCountMax = 256 << 20
    /// The bytes read at a time of compressed files.
    package var inputByteCount = 256 << 10

    /// Makes the usual limits.
    package init() {}
  }

  let limits: Limits
  var source = RawFile()
  private let hasher = ContentHasher()
  private var decompressor = Decompressor.none
  private var gzip: GzipStream?
  private var zstd: ZstdStream?

  private var window: UnsafeMutableRawBufferPointer
  /// The bytes of the window that are given out, or will be.
  private var filled = 0..<0
  /// Where `filled.lowerBound` stands in the decompressed bytes.
  private var windowOffset: UInt64 = 0
  private var input: UnsafeMutableRawBufferPointer?
  private var pendingInput = 0..<0

  private var byteCount: UInt64 = 0
  private var skipCount: UInt64 = 0
  private var isExhausted = false
  private var isTruncated = false
  private var fault: IngestError?

  private enum Decompressor {
    case none
    case gzip(GzipStream)
    case zstd(ZstdStream)
  }

  /// Makes a reader that has no file yet.
  package init(limits: Limits = Limits()) {
    precondition(limits.windowByteCount > 0 && limits.inputByteCount > 0)
    self.limits = limits
    window = Self.allocate(limits.windowByteCount)
  }

  deinit {
    window.deallocate()
    input?.deallocate()
  }

  /// Begins a file; one that was not finished is dropped.
  ///
  /// - Parameters:
  ///   - file: the file. If it changed since it was found, the new version is read.
  ///   - startOffset: the decompressed bytes before it are read and hashed but not given out.
  /// - Throws: a file error when it cannot be opened, or is no regular file.
  package func open(_ file: BatchFile, startOffset: UInt64 = 0) throws(IngestError) {
    try source.open(file)
    hasher.reset()
    filled = 0..<0
    pendingInput = 0..<0
    windowOffset = startOffset
    byteCount = 0
    skipCount = startOffset
    isExhausted = false
    isTruncated = false
    fault = nil
    do throws(IngestError) {
      try recogniseCompression(of: file)
    } catch {
      source.close()
      throw error
    }
  }

  /// The next window: what was not consumed of the last one, and more behind it.
  ///
  /// When nothing was consumed, the window grows.
  ///
  /// - Throws: a file error when the file cannot be read on, its compressed data is corrupt (after
  ///   everything before the fault was given out), or a record is longer than the largest window.
  package func next() throws(IngestError) -> ReadWindow {
    precondition(source.isOpen, "next() without open()")
    try makeRoom()
    let oldEnd = filled.upperBound
    while filled.upperBound < capacity, !isExhausted, fault == nil {
      try fillOnce()
    }
    if let fault, filled.upperBound == oldEnd { throw fault }
    memset(window.baseAddress! + filled.upperBound, 0, ReadWindow.paddingByteCount)
    return ReadWindow(
      bytes: UnsafeRawBufferPointer(rebasing: window[filled]), offset: windowOffset,
      isEnd: isExhausted && fault == nil)
  }

  /// Says that the first bytes of the window are done with.
  package func consume(_ count: Int) {
    precondition(count >= 0 && count <= filled.count, "more consumed than there was")
    filled = filled.lowerBound + count..<filled.upperBound
    windowOffset += UInt64(count)
  }

  /// Ends the file: hashes what was not read of it, and looks whether it changed meanwhile.
  ///
  /// May be called at any time after ``open(_:startOffset:)``, also after an error.
  ///
  /// - Throws: a file error when the rest cannot be read.
  package func finish() throws(IngestError) -> ReadOutcome {
    precondition(source.isOpen, "finish() without open()")
    defer { close() }
    while true {
      let count = try source.read(into: window)
      if count == 0 { break }
      hasher.update(UnsafeRawBufferPointer(rebasing: window[..<count]))
    }
    return ReadOutcome(
      identity: source.identity, rawByteCount: source.byteCount, contentHash: hasher.finish(),
      byteCount: byteCount, compression: compression, isTruncated: isTruncated,
      hasChanged: source.hasChanged())
  }

  /// Drops the file without an outcome.
  package func close() {
    source.close()
    filled = 0..<0
  }

  /// How the open file is compressed.
  package var compression: BatchFileName.Compression {
    switch decompressor {
    case .none: .none
    case .gzip: .gzip
    case .zstd: .zstd
    }
  }

  /// The hash of the first bytes of a file as they are on disk: tells whether an older version is
  /// the beginning of this one.
  ///
  /// - Returns: nil when the file has fewer bytes.
  /// - Throws: a file error when it cannot be read.
  package func prefixHash(of file: BatchFile, byteCount: UInt64) throws(IngestError)
    -> ContentHash?
  {
    try source.open(file)
    defer { close() }
    hasher.reset()
    var rest = byteCount
    while rest > 0 {
      let wanted = Int(min(rest, UInt64(capacity)))
      let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: window[..<wanted]))
      if count == 0 { return nil }
      hasher.update(UnsafeRawBufferPointer(rebasing: window[..<count]))
      rest -= UInt64(count)
    }
    return hasher.finish()
  }

  // MARK: The window

  private var capacity: Int { window.count - ReadWindow.paddingByteCount }

  private static func allocate(_ capacity: Int) -> UnsafeMutableRawBufferPointer {
    .allocate(byteCount: capacity + ReadWindow.paddingByteCount, alignment: 64)
  }

  /// Moves what was not consumed to the front; where that fills half of the window, a record seems
  /// not to fit, and the window is doubled.
  private func makeRoom() throws(IngestError) {
    let rest = UnsafeRawBufferPointer(rebasing: window[filled])
    if rest.count * 2 > capacity, !isExhausted, fault == nil {
      guard capacity < limits.windowByteCountMax else {
        if rest.count < capacity { return moveToFront(rest) }
        throw IngestError(
          .file, file: source.path.description, byteOffset: windowOffset,
          cause: "a record is longer than \(limits.windowByteCountMax) bytes",
          hint: "check that the file holds records of a known format")
      }
      let larger = Self.allocate(min(capacity * 2, limits.windowByteCountMax))
      larger.copyMemory(from: rest)
      window.deallocate()
      window = larger
      filled = 0..<rest.count
    } else {
      moveToFront(rest)
    }
  }

  private func moveToFront(_ rest: UnsafeRawBufferPointer) {
    guard filled.lowerBound > 0 else { return }
    memmove(window.baseAddress!, rest.baseAddress!, rest.count)
    filled = 0..<rest.count
  }

  // MARK: Filling

  private func fillOnce() throws(IngestError) {
    let room = UnsafeMutableRawBufferPointer(
      rebasing: window[filled.upperBound..<capacity])
    var produced = 0
    switch decompressor {
    case .none:
      produced = try source.read(into: room)
      if produced == 0 { isExhausted = true }
      hasher.update(UnsafeRawBufferPointer(rebasing: room[..<produced]))
    case .gzip(let stream):
      produced = try decompress(into: room, stream.step, isAtEnd: stream.isAtEnd)
    case .zstd(let stream):
      produced = try decompress(into: room, stream.step, isAtEnd: stream.isAtEnd)
    }
    byteCount += UInt64(produced)
    if skipCount > 0 {
      let skipped = Int(min(skipCount, UInt64(produced)))
      memmove(room.baseAddress!, room.baseAddress! + skipped, produced - skipped)
      skipCount -= UInt64(skipped)
      produced -= skipped
    }
    filled = filled.lowerBound..<filled.upperBound + produced
  }

  /// Decompresses what one read gave, or a part of it. Returns how many bytes that made.
  private func decompress(
    into room: UnsafeMutableRawBufferPointer,
    _ step: (UnsafeRawBufferPointer, UnsafeMutableRawBufferPointer) -> StreamStep,
    isAtEnd: @autoclosure () -> Bool
  ) throws(IngestError) -> Int {
    let input = self.input!
    let done = step(UnsafeRawBufferPointer(rebasing: input[pendingInput]), room)
    pendingInput = pendingInput.lowerBound + done.consumed..<pendingInput.upperBound
    // A decoder that neither takes nor gives, with input and room, would be asked for ever.
    let isStuck = done.consumed == 0 && done.produced == 0 && !pendingInput.isEmpty
    if let cause = done.fault ?? (isStuck ? "the decoder stands still" : nil) {
      fault = IngestError(
        .file, file: source.path.description,
        cause: "\(compression) data is corrupt at byte "
          + "\(source.byteCount - UInt64(pendingInput.count)) of the file: \(cause)",
        hint: "upload the file again")
      return done.produced
    }
    if done.consumed > 0 || done.produced > 0 { return done.produced }
    let count = try source.read(into: input)
    hasher.update(UnsafeRawBufferPointer(rebasing: input[..<count]))
    pendingInput = 0..<count
    if count == 0 {
      isExhausted = true
      isTruncated = !isAtEnd()
    }
    return 0
  }

  // MARK: Compression

  /// Reads the first bytes and decides by them.
  private func recogniseCompression(of file: BatchFile) throws(IngestError) {
    decompressor = .none
    var magic: (UInt32) = 0
    let count = try withUnsafeMutableBytes(of: &magic) { magic throws(IngestError) in
      try source.peek(into: magic)
    }
    let found = withUnsafeBytes(of: magic) { magic in
      CompressionMagic.compression(
        UnsafeRawBufferPointer(rebasing: magic[..<count]), hint: file.name.compression)
    }
    switch found {
    case .none: return
    case .gzip:
      if gzip == nil { gzip = GzipStream() }
      gzip?.reset()
      if let gzip { decompressor = .gzip(gzip) }
    case .zstd:
      if zstd == nil { zstd = ZstdStream() }
      zstd?.reset()
      if let zstd { decompressor = .zstd(zstd) }
    }
    if case .none = decompressor {
      throw IngestError(.fatal, file: file.path.description, cause: "out of memory")
    }
    if input == nil {
      input = .allocate(byteCount: limits.inputByteCount, alignment: 64)
    }
  }
}
