import BatchSource
import ChangeModel
import RecordFormats
import Synchronization

/// Where the values of a call's changes are until they are needed: in memory, and from some size on
/// in temporary files.
///
/// A change names them by a number: the block's, and where in it they begin.
struct ValueStore: Sendable {
  /// Where a block's bytes are.
  enum Place: Sendable {
    case memory(ValueBlock)
    case file(SpillFile, offset: UInt64)
  }

  /// The columns of a shape of a decoder's table, ascending there, by the collection's numbers.
  struct Columns: Sendable {
    let numbers: [Int]
    let isAscending: Bool

    init(_ numbers: [Int]) {
      self.numbers = numbers
      isAscending = zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 }
    }
  }

  /// Which columns a change's values are of: those of a shape of a table of the decoder that read it.
  struct Layout: Hashable, Sendable {
    let decoder: Int
    let table: Int
    let shape: Int
  }

  /// What may be held in memory.
  let budget: ValueBudget
  /// The blocks, and which decoder filled each.
  private(set) var blocks: [(place: Place, decoder: Int)] = []
  /// For each decoder, its tables, and their shapes.
  private var columns: [[[Columns]]] = []

  /// Makes an empty store.
  ///
  /// - Parameter heldByteCount: how many bytes are held in memory.
  init(heldByteCount: Int) {
    budget = ValueBudget(heldByteCount)
  }

  /// Makes decoders known.
  ///
  /// - Returns: the number of the first.
  mutating func addDecoders(_ count: Int) -> Int {
    columns += Array(repeating: [], count: count)
    return columns.count - count
  }

  /// Adds a block.
  ///
  /// - Returns: the number of its first byte.
  mutating func add(_ place: Place, of decoder: Int) -> UInt64 {
    blocks.append((place, decoder))
    return UInt64(blocks.count - 1) << 32
  }

  /// The columns of changes' values.
  func columns(of layout: Layout) -> Columns {
    columns[layout.decoder][layout.table][layout.shape]
  }

  /// How many bytes the temporary files have.
  var fileByteCount: UInt64 {
    var files: [ObjectIdentifier: UInt64] = [:]
    for case .file(let file, _) in blocks.lazy.map(\.place) {
      files[ObjectIdentifier(file)] = file.byteCount
    }
    return files.values.reduce(0, +)
  }

  /// Forgets the block that was added last.
  mutating func removeLast() {
    if case .memory(let block)? = blocks.popLast()?.place { budget.give(block.capacity) }
  }

  /// Follows a decoder: new tables and shapes are noted.
  mutating func follow(_ decoder: Int, tables: [DecodedTable], routes: DecoderRoutes) {
    for (index, table) in tables.enumerated() {
      if index == columns[decoder].count { columns[decoder].append([]) }
      for shape in table.shapes[columns[decoder][index].count...] {
        columns[decoder][index].append(Columns(routes.numbers(of: shape, table: index)))
      }
    }
  }
}

/// How many more bytes of values may be held.
final class ValueBudget: Sendable {
  private let rest: Atomic<Int>

  init(_ byteCount: Int) { rest = Atomic(byteCount) }

  /// Takes as many, if there are.
  func take(_ byteCount: Int) -> Bool {
    if rest.subtract(byteCount, ordering: .relaxed).newValue >= 0 { return true }
    give(byteCount)
    return false
  }

  /// Gives them back.
  func give(_ byteCount: Int) { rest.add(byteCount, ordering: .relaxed) }
}
