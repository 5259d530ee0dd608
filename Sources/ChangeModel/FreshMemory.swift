import Glibc

/// Memory that was asked for and is not there yet: the system gives each page when it is written to.
package enum FreshMemory {
  /// Has the system give memory to bytes that will soon be written to, which costs two thirds of what
  /// it costs to be interrupted for each page. What they hold stays.
  ///
  /// Without huge pages: a machine that has given its free memory back to its host waits for these
  /// longer than for all the pages that they are made of.
  package static func makeReady(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    let start = base.alignedDown(toMultipleOf: 4096)
    // Where the system does not know how, each page comes when it is written to.
    madvise(start, base - start + bytes.count, MADV_POPULATE_WRITE)
  }
}
