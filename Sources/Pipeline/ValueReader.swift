import BatchSource
import CPrefetch
import ChangeModel
import RecordFormats
import Sequencing

/// Reads the values of changes that are needed. It belongs to one task at a time.
final class ValueReader {
  private let store: ValueStore
  private let held: HeldValues
  /// The columns that were asked for last: they are mostly asked for again.
  private var last: (layout: ValueStore.Layout, columns: ValueStore.Columns)?
  private var windows = SpillWindows()
  /// How often files had been read when it was made; see ``IngestAttempt/readings``.
  let readings: Int

  /// Makes a reader of what is in a store by now.
  init(_ store: ValueStore, readings: Int) {
    self.store = store
    self.readings = readings
    held = HeldValues(store)
  }

  /// Appends the values that a change names to a buffer, ascending by the collection's columns.
  ///
  /// - Returns: the cells that were appended.
  /// - Throws: a fatal error when a temporary file cannot be read.
  func appendValues(
    of change: SequencedChange, to buffer: inout CellBuffer
  ) throws(IngestError) -> Range<Int> {
    let start = buffer.cells.count
    if change.valueCount == 0 { return start..<start }
    let (bytes, layout) = try values(of: change)
    let columns = columns(of: layout)
    PackedValues.append(bytes, columns: columns.numbers, to: &buffer)
    let cells = start..<buffer.cells.count
    if !columns.isAscending { buffer.cells[cells].sort { $0.column < $1.column } }
    return cells
  }

  /// A change's values as they were put aside, and which columns they are of.
  ///
  /// - Parameter change: one that has values.
  /// - Returns: bytes that are valid until the next are asked for.
  /// - Throws: a fatal error when a temporary file cannot be read.
  func values(
    of change: SequencedChange
  ) throws(IngestError) -> (bytes: UnsafeRawBufferPointer, layout: ValueStore.Layout) {
    let bytes = try fetch(change)
    let (table, shape) = PackedValues.layout(of: bytes)
    let decoder = Int(change.values.decoder)
    return (bytes, ValueStore.Layout(decoder: decoder, table: table, shape: shape))
  }

  /// The columns of changes' values, by the collection's numbers.
  func columns(of layout: ValueStore.Layout) -> ValueStore.Columns {
    if let last, last.layout == layout { return last.columns }
    let columns = store.columns(of: layout)
    last = (layout, columns)
    return columns
  }

  /// The raw bytes of a change whose record was put aside as it is.
  func record(of change: SequencedChange) throws(IngestError) -> [UInt8] {
    Array(PackedValues.content(of: try fetch(change)))
  }

  /// Whether two records do the same to the row: the same kind of change, with the same values.
  func saySame(_ left: SequencedChange, _ right: SequencedChange) throws(IngestError) -> Bool {
    let kinds = (left.operation.kind, right.operation.kind)
    guard kinds.0 == kinds.1, left.isMove == right.isMove else { return false }
    if kinds.0 == .delete, !left.isMove { return true }
    var buffer = CellBuffer()
    let first = try appendValues(of: left, to: &buffer)
    let second = try appendValues(of: right, to: &buffer)
    return first.count == second.count
      && zip(buffer.cells[first], buffer.cells[second]).allSatisfy { left, right in
        left.column == right.column && left.kind == right.kind && left.bits == right.bits
          && (left.kind != .text
            || buffer.bytes[left.text.indices] == buffer.bytes[right.text.indices])
      }
  }

  /// Asks for the values of a change that are wanted soon, where they are in memory.
  func prefetch(_ change: SequencedChange) {
    let count = Int(change.valueCount)
    if count == 0 { return }
    if let bytes = held.bytes(at: change.values, count: count) {
      CPrefetch.prefetch(bytes.baseAddress, min(count, 512))
    }
  }

  /// The bytes of a change's values; valid until the next are asked for.
  private func fetch(_ change: SequencedChange) throws(IngestError) -> UnsafeRawBufferPointer {
    let (place, count) = (change.values, Int(change.valueCount))
    if let bytes = held.bytes(at: place, count: count) { return bytes }
    guard case .file(let file, let start) = store.blocks[Int(place.block)] else {
      preconditionFailure("values are asked for that were given up")
    }
    return try windows.read(file, at: start + place.offset, count: count)
  }
}

/// The values of a store that are in memory.
///
/// Unchecked: they are only read.
struct HeldValues: @unchecked Sendable {
  private let blocks: [ValueStore.Place]
  /// Where the bytes of a block begin; nil where they are not in memory.
  private let starts: [UnsafeRawPointer?]

  /// The values that are there by now; they stay as long as this.
  init(_ store: ValueStore) {
    blocks = store.blocks
    starts = blocks.map { place in
      if case .memory(let block) = place { block.bytes.baseAddress } else { nil }
    }
  }

  /// The bytes of values; nil where they are not in memory.
  func bytes(at place: ValuePlace, count: Int) -> UnsafeRawBufferPointer? {
    starts[Int(place.block)].map {
      UnsafeRawBufferPointer(start: $0 + Int(place.offset), count: count)
    }
  }
}

extension Operation {
  /// What it is to the row's memory: an update and an upsert are one there.
  fileprivate var kind: Operation { self == .upsert ? .update : self }
}
