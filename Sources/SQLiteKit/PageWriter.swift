package import ChangeModel
import Dispatch
import Glibc

/// Appends pages to a database file, many at a time, which are written while the next come.
///
/// Nobody else may write to the file meanwhile, SQLite included.
package final class PageWriter {
  /// Bytes of a page.
  package let pageSize: Int
  private let descriptor: CInt
  private let name: String
  private let directOffset: UInt64?
  private var buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  /// The buffer that is being written, or was written last.
  private var other: UnsafeMutableRawBufferPointer
  private var background: BackgroundWrite?
  private let diskQueue = DispatchQueue(label: "resequel.pages")
  /// How many pages the file has, or will have when what is being written is there; those in the
  /// buffer are not counted.
  private var writtenCount: Int

  /// So many bytes are written at a time.
  private static let bufferByteCount = 512 << 10

  /// Makes a writer.
  ///
  /// - Parameters:
  ///   - descriptor: of the file, open for writing as long as the writer is used.
  ///   - name: the database as errors name it.
  ///   - pageCount: how many pages the file has.
  ///   - directOffset: of a file that must be on the disk in the end: its pages begin to go there as
  ///     they are written, and from here in the file on past the system's cache. Nil for one that
  ///     need not be there.
  package init(
    descriptor: CInt, name: String, pageSize: Int, pageCount: Int, directOffset: UInt64? = nil
  ) {
    self.descriptor = descriptor
    self.name = name
    self.pageSize = pageSize
    self.directOffset = directOffset
    writtenCount = pageCount
    let count = max(pageSize, Self.bufferByteCount / pageSize * pageSize)
    buffer = .allocate(byteCount: count, alignment: 4096)
    other = .allocate(byteCount: count, alignment: 4096)
  }

  deinit {
    _ = background?.wait()
    buffer.deallocate()
    other.deallocate()
  }

  /// How many pages the file has, those included that are not written yet.
  package var pageCount: Int { writtenCount + used / pageSize }

  /// The number of the page that is appended next; the first one of a file is 1.
  var nextNumber: UInt32 { number(behind: pageCount) }

  /// The number of the page that is appended behind so many.
  func number(behind count: Int) -> UInt32 {
    // SQLite never uses the page that holds the bytes which it locks.
    let next = count + 1
    return UInt32(next == lockPage ? next + 1 : next)
  }

  private var lockPage: Int { 0x4000_0000 / pageSize + 1 }

  /// Appends a page.
  ///
  /// - Returns: its number, which ``nextNumber`` had told.
  @discardableResult
  func append(_ page: UnsafeRawBufferPointer) throws(IngestError) -> UInt32 {
    if pageCount + 1 == lockPage {
      UnsafeMutableRawBufferPointer(rebasing: try room()).initializeMemory(
        as: UInt8.self, repeating: 0)
    }
    UnsafeMutableRawBufferPointer(rebasing: try room()).copyMemory(from: page)
    return UInt32(pageCount)
  }

  private func room() throws(IngestError) -> Slice<UnsafeMutableRawBufferPointer> {
    if used == buffer.count { try writeBuffer() }
    used += pageSize
    return buffer[used - pageSize..<used]
  }

  /// Begins to write the full buffer, and goes on with the other.
  private func writeBuffer() throws(IngestError) {
    try settle()
    let offset = UInt64(writtenCount) * UInt64(pageSize)
    background = BackgroundWrite(
      UnsafeRawBufferPointer(buffer), to: descriptor, at: offset,
      directOffset.map { offset < $0 ? .soon : .direct } ?? .none, diskQueue: diskQueue)
    writtenCount = pageCount
    used = 0
    swap(&buffer, &other)
  }

  /// Waits for what is being written.
  private func settle() throws(IngestError) {
    let code = background?.wait() ?? 0
    background = nil
    if code != 0 { throw failure(code, doing: "write") }
  }

  /// Writes what is in the buffer.
  package func flush() throws(IngestError) {
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<used])
    try write(bytes, at: UInt64(writtenCount) * UInt64(pageSize))
    writtenCount = pageCount
    used = 0
  }

  /// Writes a page anew that the file has already.
  func overwrite(_ number: UInt32, with page: UnsafeRawBufferPointer) throws(IngestError) {
    try write(page, at: UInt64(number - 1) * UInt64(pageSize))
  }

  /// Writes bytes at a place of the file.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IngestError) {
    try settle()
    try transfer(bytes.count, doing: "write") { done in
      pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
    }
  }

  /// Reads bytes of the file.
  func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws(IngestError) {
    try settle()
    try transfer(bytes.count, doing: "read") { done in
      pread(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
    }
  }

  /// Repeats a call that transfers some bytes until all of them are.
  private func transfer(
    _ count: Int, doing action: String, _ call: (_ done: Int) -> Int
  ) throws(IngestError) {
    var done = 0
    while done < count {
      let more = call(done)
      if more < 0, errno == EINTR { continue }
      guard more > 0 else { throw failure(more < 0 ? errno : EIO, doing: action) }
      done += more
    }
  }

  /// What is said of a row that is larger than SQLite's limit.
  var tooBig: IngestError {
    Failure.describe(code: Failure.tooBig, message: "", action: "write", database: name)
  }

  /// What SQLite would have said of it.
  private func failure(_ code: CInt, doing action: String) -> IngestError {
    let isFull = code == ENOSPC || code == EDQUOT
    return Failure.describe(
      code: isFull ? Failure.full : Failure.inputOutput, message: String(cString: strerror(code)),
      action: action, database: name)
  }
}
