package import ChangeModel
import Glibc
import Synchronization

/// A temporary file for what does not fit in memory: changes, and their values.
///
/// It has no name, so that nothing is left of it whatever happens. One reader at a time may append;
/// any thread may read what was appended before.
package final class SpillFile: Sendable {
  let descriptor: CInt
  private let end = Atomic<UInt64>(0)
  private let directory: BatchPath
  /// `O_TMPFILE`, a macro that Swift does not import.
  private static let unnamed = O_DIRECTORY | 0o20_000_000
  /// `O_NOATIME`, likewise: nobody asks when it was read last.
  private static let untimed: CInt = 0o1_000_000

  /// Makes an empty file.
  ///
  /// - Parameter directory: a directory with room for them, on a local disk.
  /// - Throws: a fatal error when no file can be made there.
  package init(directory: BatchPath) throws(IngestError) {
    self.directory = directory
    var descriptor = directory.withCString { path in
      SystemFailure.retrying { open(path, Self.unnamed | Self.untimed | O_RDWR | O_CLOEXEC, 0o600) }
    }
    if descriptor < 0 {
      // Not every file system can make a file without a name.
      var template = directory.appending(Array(".resequel-spill-XXXXXX".utf8)).bytes + [0]
      descriptor = template.withUnsafeMutableBytes { template in
        let name = template.baseAddress!.assumingMemoryBound(to: CChar.self)
        let made = mkstemp(name)
        guard made >= 0 else { return made }
        unlink(name)
        _ = fcntl(made, F_SETFD, FD_CLOEXEC)
        return made
      }
    }
    guard descriptor >= 0 else {
      throw SystemFailure.error(.fatal, file: directory, doing: "make a temporary file in it")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// How many bytes the file has.
  package var byteCount: UInt64 { end.load(ordering: .acquiring) }

  /// Appends bytes.
  ///
  /// - Throws: a fatal error when the disk is full.
  package func append(_ bytes: UnsafeRawBufferPointer) throws(IngestError) {
    var rest = bytes
    var offset = end.load(ordering: .relaxed)
    while !rest.isEmpty {
      let count = SystemFailure.retrying {
        pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset))
      }
      if count <= 0 {
        throw SystemFailure.error(
          .fatal, file: directory, doing: "write to a temporary file in it")
      }
      offset += UInt64(count)
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
    end.store(offset, ordering: .releasing)
  }

  /// Fills memory with bytes that were appended before.
  ///
  /// - Throws: a fatal error when the disk fails.
  package func read(at offset: UInt64, into bytes: UnsafeMutableRawBufferPointer)
    throws(IngestError)
  {
    var done = 0
    while done < bytes.count {
      let count = SystemFailure.retrying {
        pread(
          descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
      }
      if count <= 0 {
        throw SystemFailure.error(.fatal, file: directory, doing: "read a temporary file in it")
      }
      done += count
    }
  }

  /// Gives bytes back that will not be read any more, as far as the file system can: what is written
  /// next needs the memory that they lie in, and the disk may be nearly full.
  package func discard(at offset: UInt64, count: Int) {
    // Whole pages only.
    let start = (offset + 4095) & ~4095
    let end = (offset + UInt64(count)) & ~4095
    guard end > start,
      let pages = mmap(nil, Int(end - start), PROT_WRITE, MAP_SHARED, descriptor, off_t(start)),
      pages != MAP_FAILED
    else { return }
    madvise(pages, Int(end - start), MADV_REMOVE)
    munmap(pages, Int(end - start))
  }
}
