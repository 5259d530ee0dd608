import ChangeModel
import CollectionStore

/// A batch of rows that is filled, written and filled again: its memory is not given back meanwhile.
///
/// Unchecked: it belongs to one task at a time.
final class AssembledRows: @unchecked Sendable {
  var content = Content()

  /// What is assembled: rows for ``CollectionStore/apply(_:mode:)``, or packed ones for
  /// ``CollectionStore/load(_:)``.
  struct Content: ~Copyable {
    var batch = RowBatch(collection: 0)
    var packed = PackedRows()
    var isPacked = false
    /// The keys of the rows, by their place in the order of ``RowIDs``.
    var keys = 0..<0
    /// How many changes repeated one at the same place of the log.
    var repeats = 0

    /// The bytes of texts and records.
    var byteCount: Int { batch.buffer.bytes.count + packed.byteCount }

    /// Empties it and keeps its memory.
    mutating func removeAll() {
      batch.removeAll()
      packed.removeAll()
      repeats = 0
    }
  }

  /// Writes the rows.
  ///
  /// - Returns: what became of them; nil where packed rows cannot be loaded any more: then they are to
  ///   be assembled again.
  func write(to store: CollectionStore) throws -> ApplyCounts? {
    guard var counts = try counts(of: store) else { return nil }
    counts.repeats += content.repeats
    return counts
  }

  private func counts(of store: CollectionStore) throws -> ApplyCounts? {
    try content.isPacked ? store.load(content.packed) : store.apply(content.batch, mode: .merge)
  }
}
