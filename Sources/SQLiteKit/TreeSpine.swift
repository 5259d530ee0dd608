import ChangeModel

/// The interior pages above the leaves of a B-tree, filled from left to right as the leaves come.
///
/// Every child but the last of a page has a cell: the child's number, and the key that separates it
/// from the next. The last one stands in the page's header, and its separator goes up a level.
struct TreeSpine {
  /// One level, from the leaves' parents up.
  private final class Level {
    var page: PageBuffer
    /// The child that came last: whether it gets a cell depends on what follows.
    var last: Child?

    init(_ kind: PageBuffer.Kind, size: Int) {
      page = PageBuffer(kind, size: size)
    }
  }

  /// A child of a page, and what separates it from the next one, as it stands in a cell.
  private struct Child {
    var page: UInt32
    var separator: [UInt8]

    var cell: [UInt8] { withUnsafeBytes(of: page.bigEndian, Array.init) + separator }

    init(page: UInt32, separator: [UInt8]) {
      self.page = page
      self.separator = separator
    }

    init(cell: [UInt8]) {
      page = cell.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
      separator = Array(cell.dropFirst(4))
    }
  }

  private let kind: PageBuffer.Kind
  private let pages: PageWriter
  private var levels: [Level] = []

  init(_ kind: PageBuffer.Kind, pages: PageWriter) {
    self.kind = kind
    self.pages = pages
  }

  /// Whether no page was added yet.
  var isEmpty: Bool { levels.isEmpty }

  /// Adds a page of the level below that is not the last one.
  mutating func add(_ page: UInt32, separator: [UInt8]) throws(IngestError) {
    try add(Child(page: page, separator: separator), to: 0)
  }

  private mutating func add(_ child: Child, to index: Int) throws(IngestError) {
    if index == levels.count { levels.append(Level(kind, size: pages.pageSize)) }
    let level = levels[index]
    if let last = level.last {
      let cell = last.cell
      if level.page.fits(cell.count) {
        level.page.add(cell)
      } else {
        try close(level, behind: last, at: index)
      }
    }
    level.last = child
  }

  /// Writes a level's page, whose last child is given, and tells the level above.
  private mutating func close(
    _ level: Level, behind last: Child, at index: Int
  ) throws(IngestError) {
    let number = try pages.append(level.page.finish(rightChild: last.page))
    level.page.removeAll()
    try add(Child(page: number, separator: last.separator), to: index + 1)
  }

  /// Adds the last page, and writes what is open; the top page becomes the root.
  ///
  /// - Precondition: it is not the only one.
  mutating func finish(_ page: UInt32, root: UInt32) throws(IngestError) {
    var page = page
    var index = 0
    while true {
      let level = levels[index]
      guard let last = level.last else { preconditionFailure("a level has one child") }
      let cell = last.cell
      if !level.page.fits(cell.count) {
        // No page may be without a cell: the last of the full one goes up instead.
        try close(level, behind: Child(cell: level.page.removeLast()), at: index)
      }
      level.page.add(cell)
      let bytes = level.page.finish(rightChild: page)
      index += 1
      if index == levels.count { return try pages.overwrite(root, with: bytes) }
      page = try pages.append(bytes)
    }
  }
}
