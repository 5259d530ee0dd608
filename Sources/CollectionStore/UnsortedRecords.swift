import ChangeModel

/// Records that are made in any order and needed in that of the `_id`s in them: entries of an index,
/// tombstones.
struct UnsortedRecords {
  /// Where a record lies, and in it its `_id`.
  private struct Entry {
    /// The first bytes of the `_id`, which decide nearly always.
    var prefix: UInt64
    var start: UInt32
    var idStart: UInt32
    var idEnd: UInt32
    var end: UInt32
  }

  private var bytes: [UInt8] = []
  private var entries: [Entry] = []

  /// How many bytes of memory they take.
  var byteCount: Int { bytes.count + entries.count * MemoryLayout<Entry>.stride }

  /// Adds a record.
  ///
  /// - Parameter id: where in it its `_id` lies.
  mutating func append(_ record: UnsafeRawBufferPointer, id: Range<Int>) {
    let start = bytes.count
    bytes.append(contentsOf: record)
    var prefix: UInt64 = 0
    for place in 0..<8 {
      prefix = prefix << 8 | (place < id.count ? UInt64(record[id.lowerBound + place]) : 0)
    }
    entries.append(
      Entry(
        prefix: prefix, start: UInt32(start), idStart: UInt32(start + id.lowerBound),
        idEnd: UInt32(start + id.upperBound), end: UInt32(bytes.count)))
  }

  /// Gives out the records in the order of their `_id`s, and forgets them.
  ///
  /// - Throws: a fatal error where two of them have one `_id`.
  mutating func removeAll(
    _ body: (UnsafeRawBufferPointer) throws(IngestError) -> Void
  ) throws(IngestError) {
    let entries = sortedEntries()
    let bytes = self.bytes
    self = UnsortedRecords()
    var failure: IngestError?
    bytes.withUnsafeBytes { bytes in
      do throws(IngestError) {
        for index in entries.indices {
          let entry = entries[index]
          if index > 0, !Self.precedes(entries[index - 1], entry, bytes) {
            throw IngestError(
              .fatal, cause: "two rows of one table have the same _id",
              hint: "This is a bug: report it, with the key of the table.")
          }
          try body(UnsafeRawBufferPointer(rebasing: bytes[Int(entry.start)..<Int(entry.end)]))
        }
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
  }

  private mutating func sortedEntries() -> [Entry] {
    var entries: [Entry] = []
    swap(&entries, &self.entries)
    bytes.withUnsafeBytes { bytes in entries.sort { Self.precedes($0, $1, bytes) } }
    return entries
  }

  private static func precedes(
    _ left: Entry, _ right: Entry, _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    if left.prefix != right.prefix { return left.prefix < right.prefix }
    return UnsafeRawBufferPointer(rebasing: bytes[Int(left.idStart)..<Int(left.idEnd)])
      .isBefore(UnsafeRawBufferPointer(rebasing: bytes[Int(right.idStart)..<Int(right.idEnd)]))
  }
}
