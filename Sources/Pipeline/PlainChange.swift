import ChangeModel
import CollectionStore

/// A change with all that the slow road needs of it: where it stands, whence it came, and its
/// values.
struct PlainChange: Sendable {
  /// Its place in the order.
  var rank: Rank
  /// The row's `_id`, and the one that it had before where the change moves it.
  var id: [UInt8]
  var oldID: [UInt8]?
  /// What it does to the row.
  var operation: Operation
  /// The source's running count; -1 for none.
  var counter: Int64
  /// Where its record begins in the file's decompressed bytes.
  var byteOffset: UInt64
  /// Which of the collection's files it is from; see ``CollectionHistory/files``.
  var file: Int
  /// Its values: cells of a buffer of ``PlainChanges``.
  var buffer: Int
  var cells: Range<Int>
  /// Whether it waits for something, and shows nowhere yet.
  var isWaiting = false
}

/// Changes in memory, with their values.
struct PlainChanges: Sendable {
  /// The changes, in the order in which they were read.
  private(set) var changes: [PlainChange] = []
  /// The values. Several buffers, since each holds less than 4 GiB of text.
  private var buffers = [CellBuffer()]

  private static let bufferBytes = 1 << 30

  /// Adds a change; its values are copied.
  mutating func append(_ change: PlainChange, values: CellBuffer) {
    append(change, values.cells[...], texts: values.bytes)
  }

  /// Adds a change that lies among others.
  mutating func append(_ change: PlainChange, from others: PlainChanges) {
    append(change, others.cells(of: change), texts: others.buffers[change.buffer].bytes)
  }

  private mutating func append(
    _ change: PlainChange, _ cells: ArraySlice<Cell>, texts: [UInt8]
  ) {
    if buffers[buffers.count - 1].bytes.count > Self.bufferBytes { buffers.append(CellBuffer()) }
    var change = change
    let last = buffers.count - 1
    change.buffer = last
    let start = buffers[last].cells.count
    for var cell in cells {
      if cell.kind == .text {
        let text = texts[cell.text.indices]
        cell.text = ByteRange(offset: buffers[last].bytes.count, count: text.count)
        buffers[last].bytes.append(contentsOf: text)
      }
      buffers[last].cells.append(cell)
    }
    change.cells = start..<buffers[last].cells.count
    changes.append(change)
  }

  /// Gives the changes of an `@append` table the `_id`s of their rows.
  mutating func nameRows(columns: [Collection.Column]) {
    for index in changes.indices {
      let change = changes[index]
      changes[index].id = KeylessRows.id(
        at: change.rank, cells: Array(cells(of: change)), bytes: buffers[change.buffer].bytes,
        columns: columns)
    }
  }

  /// Puts changes of one row, or of rows that moves link, in order, oldest first.
  ///
  /// Within a phase (an epoch's snapshot, or its log) that is the order of positions; where logs that
  /// ran side by side have changes of it, that of the source's times, then of lineages and positions.
  ///
  /// - Parameter numbers: indexes into ``changes``.
  func inOrder(_ numbers: [Int]) -> [Int] {
    var lineages: [UInt32: Set<UInt32>] = [:]
    for number in numbers {
      let rank = changes[number].rank
      lineages[rank.phase, default: []].insert(rank.lineage)
    }
    let areParallel = lineages.values.contains { $0.count > 1 }
    return numbers.sorted { left, right in
      let (left, right) = (changes[left].rank, changes[right].rank)
      if left.phase != right.phase { return left.phase < right.phase }
      if areParallel {
        if left.eventTime != right.eventTime { return left.eventTime < right.eventTime }
        if left.lineage != right.lineage { return left.lineage < right.lineage }
      }
      if left.position != right.position { return left.position < right.position }
      // Copies of one change: the last one counts.
      return (left.ordinal, left.series, left.recordIndex)
        < (right.ordinal, right.series, right.recordIndex)
    }
  }

  /// The values that a change names, ascending by column.
  func cells(of change: PlainChange) -> ArraySlice<Cell> {
    buffers[change.buffer].cells[change.cells]
  }

  /// One of these values.
  func value(_ cell: Cell, of change: PlainChange) -> PlainValue {
    switch cell.kind {
    case .null: .null
    case .integer: .integer(Int64(bitPattern: cell.bits))
    case .real: .real(Double(bitPattern: cell.bits))
    case .text: .text(Array(buffers[change.buffer].bytes[cell.text.indices]))
    }
  }
}

/// A value of a row.
package enum PlainValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case real(Double)
  /// UTF-8.
  case text([UInt8])
  /// Bytes that nobody of ours wrote.
  case blob([UInt8])
}
