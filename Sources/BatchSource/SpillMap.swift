import Glibc

/// What a temporary file holds, as memory that the system fills where it is looked at: many small
/// pieces from anywhere in the file cost less so than by a call for each.
///
/// A disk that cannot read the file any more ends the program (SIGBUS), as a killed run ends: the
/// database stays as it was. Unchecked: nothing changes what was appended to the file.
package final class SpillMap: @unchecked Sendable {
  /// What was appended before the map was made; valid as long as the map is.
  package let bytes: UnsafeRawBufferPointer

  /// Maps the beginning of a file; nil where its file system cannot do that.
  init?(_ descriptor: CInt, count: Int) {
    guard let start = mmap(nil, count, PROT_READ, MAP_SHARED, descriptor, 0), start != MAP_FAILED
    else { return nil }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit { munmap(UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count) }
}
