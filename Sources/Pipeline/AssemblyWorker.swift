import ChangeModel
import CollectionStore

/// Assembles the rows of one stretch of keys after another, a batch at a time.
///
/// Unchecked: a worker is handed over whole, from the task that assembles to the one that deals out
/// keys and back, and never used by two at a time.
final class AssemblyWorker: @unchecked Sendable {
  private var assembler: RowAssembler
  private let reader: ValueReader
  private var packer: RowPacker?
  /// What is left of the stretch.
  private var keys = 0..<0

  /// Makes an idle worker.
  ///
  /// - Parameter loaded: the collection, where its rows are packed to be loaded.
  init(_ assembler: RowAssembler, reading reader: ValueReader, for loaded: Collection?) {
    self.assembler = assembler
    self.reader = reader
    packer = loaded.map { RowPacker($0) }
  }

  /// How many changes repeated one at the same place of the log.
  var repeats: Int { assembler.repeats }

  /// The key whose row is assembled next.
  var nextKey: Int { keys.lowerBound }

  /// Whether the stretch is finished.
  var isDone: Bool { keys.isEmpty }

  /// Begins a stretch.
  func begin(_ keys: Range<Int>) {
    self.keys = keys
  }

  /// Assembles rows until the batch is full or the stretch is finished.
  func assemble(into rows: AssembledRows) throws {
    let start = keys.lowerBound
    rows.batch.removeAll()
    try assembler.assemble(&keys, into: &rows.batch, reading: reader)
    rows.keys = start..<keys.lowerBound
    packer?.pack(rows.batch, into: rows.packed)
  }
}

/// A batch that is filled, written and filled again: its memory is not given back meanwhile.
///
/// Unchecked: it belongs to one task at a time.
final class AssembledRows: @unchecked Sendable {
  var batch = RowBatch(collection: 0)
  /// The keys of the rows, by their place in the order of ``RowIDs``.
  var keys = 0..<0
  /// The same rows packed, where they are to be loaded.
  let packed = PackedRows()

  /// Writes the rows.
  func write(to store: CollectionStore) throws -> ApplyCounts {
    try store.load(packed) ?? store.apply(batch, mode: .merge)
  }
}
