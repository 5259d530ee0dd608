import BatchSource
import ChangeModel
import Sequencing

/// The values of some changes that left memory with them, and come back: into memory, or where they
/// are too many for that (of one key, or of keys that moves link) into another temporary file.
struct CarriedValues {
  private(set) var place: ValueStore.Place
  private let directory: BatchPath

  private static let heldByteCount = 24 << 20
  /// So many bytes are copied at a time from file to file.
  private static let pieceByteCount = 1 << 20

  /// Makes no values.
  ///
  /// - Parameters:
  ///   - block: where they go first; empty.
  ///   - directory: where a temporary file is made if one is needed.
  init(in block: ValueBlock, _ directory: BatchPath) {
    place = .memory(block)
    self.directory = directory
  }

  /// Adds values that are in a file.
  ///
  /// - Returns: where they begin now.
  mutating func add(
    from source: SpillFile, at offset: UInt64, _ count: Int
  ) throws(IngestError) -> UInt64 {
    if case .memory(let block) = place {
      if block.count + count <= Self.heldByteCount {
        try source.read(
          at: offset,
          into: UnsafeMutableRawBufferPointer(start: block.room(for: count), count: count))
        return UInt64(block.add(count).offset)
      }
      let file = try SpillFile(directory: directory)
      try file.append(block.bytes)
      place = .file(file, offset: 0)
    }
    guard case .file(let file, _) = place else {
      preconditionFailure("values come back to memory or to a file")
    }
    let start = file.byteCount
    if start + UInt64(count) > ValuePlace.offsetEnd {
      throw IngestError(
        .fatal, cause: "one key, or keys that move, have more than 32 GiB of values in one call",
        hint: "Replay the files in several calls.")
    }
    let piece = UnsafeMutableRawBufferPointer.allocate(
      byteCount: min(count, Self.pieceByteCount), alignment: 16)
    defer { piece.deallocate() }
    for done in stride(from: 0, to: count, by: piece.count) {
      let bytes = UnsafeMutableRawBufferPointer(rebasing: piece.prefix(count - done))
      try source.read(at: offset + UInt64(done), into: bytes)
      try file.append(UnsafeRawBufferPointer(bytes))
    }
    return start
  }
}
