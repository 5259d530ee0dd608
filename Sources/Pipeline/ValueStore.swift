import BatchSource
import ChangeModel
import RecordFormats

/// Where the values of a call's changes are until they are needed: in memory, and from some size on
/// in temporary files.
///
/// A change names them by a number: the block's, and where in it they begin.
struct ValueStore: Sendable {
  /// Where a block's bytes are.
  enum Place: Sendable {
    case memory(ValueBlock)
    case file(SpillFile, offset: UInt64)
    /// They are not needed any more, or elsewhere by now.
    case nowhere
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

  /// The memory that they are held in.
  let pool: ValuePool
  /// The blocks.
  private(set) var blocks: [Place] = []
  /// How many bytes the blocks have that are in memory.
  private(set) var heldByteCount = 0
  /// For each decoder, its tables, and their shapes.
  private var columns: [[[Columns]]] = []

  /// Makes an empty store.
  ///
  /// - Parameter heldByteCount: how many bytes are held in memory.
  init(heldByteCount: Int) {
    pool = ValuePool(heldByteCount)
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
  /// - Returns: its number.
  mutating func add(_ place: Place) -> UInt32 {
    blocks.append(place)
    if case .memory(let block) = place { heldByteCount += block.count }
    return UInt32(blocks.count - 1)
  }

  /// Says where the bytes of a block are now that holds what comes back of what was put aside.
  mutating func move(_ block: UInt32, to place: Place) { blocks[Int(block)] = place }

  /// Forgets the block that was added last.
  mutating func removeLast() {
    if case .memory(let block)? = blocks.popLast() { heldByteCount -= block.count }
  }

  /// Forgets the blocks that are in memory, since their values are elsewhere by now.
  mutating func removeHeld() {
    for index in blocks.indices {
      if case .memory = blocks[index] { blocks[index] = .nowhere }
    }
    heldByteCount = 0
  }

  /// Forgets all values, and gives the memory back that they were held in.
  mutating func removeAll() async {
    blocks = []
    heldByteCount = 0
    await pool.empty()
  }

  /// The columns of changes' values.
  func columns(of layout: Layout) -> Columns {
    columns[layout.decoder][layout.table][layout.shape]
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
