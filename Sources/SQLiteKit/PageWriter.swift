package import ChangeModel
import Glibc

/// Appends pages to a database file, many at a time.
///
/// Nobody else may write to the file meanwhile, SQLite included.
package final class PageWriter {
  /// Bytes of a page.
  package let pageSize: Int
  private let descriptor: CInt
  private let name: String
  private let buffer: UnsafeMutableRawBufferPointer
  private var used = 0
  /// How many pages were written to the file, those in the buffer not counted.
  private var writtenCount: Int

  /// So many bytes are written at a time.
  private static let bufferByteCount = 512 << 10

  /// Makes a writer.
  ///
  /// - Parameters:
  ///   - descriptor: of the file, open for writing as long as the writer is used.
  ///   - name: the database as errors name it.
  ///   - pageCount: how many pages the file has.
  package init(descriptor: CInt, name: String, pageSize: Int, pageCount: Int) {
    self.descriptor = descriptor
    self.name = name
    self.pageSize = pageSize
    writtenCount = pageCount
    buffer = .allocate(
      byteCount: max(pageSize, Self.bufferByteCount / pageSize * pageSize), alignment: 4096)
  }

  deinit { buffer.deallocate() }

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
    if used == buffer.count { try flush() }
    used += pageSize
    return buffer[used - pageSize..<used]
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
    try transfer(bytes.count, doing: "write") { done in
      pwrite(
        descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
    }
  }

  /// Reads bytes of the file.
  func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer) throws(IngestError) {
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
