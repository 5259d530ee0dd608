import Glibc

/// One page of a B-tree while it is filled, in the order of its keys: cells from the page's end
/// down, and behind the header the list of where they begin
/// (https://www.sqlite.org/fileformat2.html#b_tree_pages).
struct PageBuffer: ~Copyable {
  /// What a page is, by the number that its first byte holds.
  enum Kind: UInt8 {
    case interiorIndex = 2
    case interiorTable = 5
    case leafIndex = 10
    case leafTable = 13

    var isInterior: Bool { rawValue < 10 }
  }

  private let kind: Kind
  private let page: UnsafeMutableRawBufferPointer
  private(set) var cellCount = 0
  /// Where the cell that was added last begins.
  private var contentStart: Int

  init(_ kind: Kind, size: Int) {
    self.kind = kind
    page = .allocate(byteCount: size, alignment: 8)
    page.initializeMemory(as: UInt8.self, repeating: 0)
    contentStart = size
  }

  deinit { page.deallocate() }

  private var headerCount: Int { kind.isInterior ? 12 : 8 }

  /// Whether a cell of so many bytes has room.
  func fits(_ count: Int) -> Bool {
    headerCount + (cellCount + 1) * 2 + count <= contentStart
  }

  /// Makes room for a cell behind the others; the caller fills it.
  mutating func addCell(_ count: Int) -> UnsafeMutableRawPointer {
    precondition(fits(count), "a cell is larger than its page")
    contentStart -= count
    page.storeBytes(
      of: UInt16(contentStart).bigEndian, toByteOffset: headerCount + cellCount * 2,
      as: UInt16.self)
    cellCount += 1
    return page.baseAddress! + contentStart
  }

  /// Adds a cell.
  mutating func add(_ cell: [UInt8]) {
    let room = addCell(cell.count)
    cell.withUnsafeBytes { room.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  }

  /// Takes the last cell away again.
  mutating func removeLast() -> [UInt8] {
    precondition(cellCount > 1, "a page would be left empty")
    let pointer = headerCount + (cellCount - 2) * 2
    let former = Int(UInt16(bigEndian: page.load(fromByteOffset: pointer, as: UInt16.self)))
    let cell = Array(page[contentStart..<former])
    page[contentStart..<former].update(repeating: 0)
    page.storeBytes(of: 0, toByteOffset: pointer + 2, as: UInt16.self)
    contentStart = former
    cellCount -= 1
    return cell
  }

  /// The finished page.
  ///
  /// - Parameter rightChild: of an interior page, the child behind the last cell.
  mutating func finish(rightChild: UInt32 = 0) -> UnsafeRawBufferPointer {
    page[0] = kind.rawValue
    page.storeBytes(of: UInt16(cellCount).bigEndian, toByteOffset: 3, as: UInt16.self)
    // Zero stands for 65,536.
    page.storeBytes(
      of: UInt16(truncatingIfNeeded: contentStart).bigEndian, toByteOffset: 5, as: UInt16.self)
    if kind.isInterior {
      page.storeBytes(of: rightChild.bigEndian, toByteOffset: 8, as: UInt32.self)
    }
    return UnsafeRawBufferPointer(page)
  }

  /// Empties the page.
  mutating func removeAll() {
    page.update(repeating: 0)
    cellCount = 0
    contentStart = page.count
  }
}

extension UnsafeMutableRawBufferPointer {
  fileprivate func update(repeating byte: UInt8) {
    if let baseAddress { memset(baseAddress, CInt(byte), count) }
  }
}

extension Slice where Base == UnsafeMutableRawBufferPointer {
  fileprivate func update(repeating byte: UInt8) {
    UnsafeMutableRawBufferPointer(rebasing: self).update(repeating: byte)
  }
}
