import BatchSource
import ChangeModel

/// Stretches of temporary files that were read lately: values that are wanted one after the other
/// often lie beside each other, and reading costs more by its calls than by its bytes.
///
/// A file is seen as blocks. The first value that is wanted of a block is read alone; the second
/// brings the block, unless another block took its place between the two.
struct SpillWindows {
  private struct Window {
    /// Which file and block it is for, and whether its bytes are here.
    var file: ObjectIdentifier?
    var block: UInt64 = 0
    var bytes: Range<UInt64>?
  }

  private static let count = 32
  private static let blockBytes: UInt64 = 32 << 10
  /// A value that begins in a block may end so far behind it.
  private static let overlap: UInt64 = 8 << 10
  private static let room = Int(blockBytes + overlap)

  private var windows = Array(repeating: Window(), count: count)
  private let memory = ValueBlock(expecting: count * room)
  /// For values that are read alone.
  private let alone = ValueBlock()

  /// Reads bytes of a file; they are valid until the next are read.
  ///
  /// - Throws: a fatal error when the disk fails.
  mutating func read(
    _ file: SpillFile, at offset: UInt64, count: Int
  ) throws(IngestError) -> UnsafeRawBufferPointer {
    let block = offset / Self.blockBytes
    let place = Int(truncatingIfNeeded: block) & (Self.count - 1)
    let bytes = offset..<offset + UInt64(count)
    if windows[place].block == block, windows[place].file == ObjectIdentifier(file) {
      if windows[place].bytes == nil { try fill(place, file) }
      if let there = windows[place].bytes, bytes.upperBound <= there.upperBound {
        let start = memory.room(for: Self.count * Self.room) + place * Self.room
        return UnsafeRawBufferPointer(
          start: start + Int(offset - there.lowerBound), count: count)
      }
    } else {
      windows[place] = Window(file: ObjectIdentifier(file), block: block)
    }
    alone.removeAll()
    let room = UnsafeMutableRawBufferPointer(start: alone.room(for: count), count: count)
    try file.read(at: offset, into: room)
    return UnsafeRawBufferPointer(room)
  }

  /// Reads the block that a window is for.
  private mutating func fill(_ place: Int, _ file: SpillFile) throws(IngestError) {
    let start = windows[place].block * Self.blockBytes
    let end = min(start + UInt64(Self.room), file.byteCount)
    let room = memory.room(for: Self.count * Self.room) + place * Self.room
    try file.read(
      at: start, into: UnsafeMutableRawBufferPointer(start: room, count: Int(end - start)))
    windows[place].bytes = start..<end
  }
}
