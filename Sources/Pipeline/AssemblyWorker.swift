/// Assembles the rows of one stretch of keys after another, a batch at a time.
///
/// Unchecked: a worker is handed over whole, from the task that assembles to the one that deals out
/// keys and back, and never used by two at a time.
final class AssemblyWorker: @unchecked Sendable {
  private var assembler: RowAssembler
  private let reader: ValueReader
  /// What is left of the stretch.
  private var keys = 0..<0

  /// Makes an idle worker.
  init(_ assembler: consuming RowAssembler, reading reader: ValueReader) {
    self.assembler = assembler
    self.reader = reader
  }

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
    try assembler.assemble(&keys, into: &rows.content, reading: reader)
  }

  /// From now on rows are not packed: they cannot be loaded any more.
  func stopPacking() { assembler.stopPacking() }

  /// Assembles rows again that were packed in vain.
  func assembleAgain(_ rows: AssembledRows) throws {
    var keys = rows.content.keys
    try assembler.assemble(&keys, into: &rows.content, reading: reader, isLimited: false)
  }
}
