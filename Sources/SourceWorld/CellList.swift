/// The texts of some columns of a row, NULL distinct; equal only where every byte is.
package struct CellList: Sendable, Hashable {
  private var bytes: [UInt8] = []

  /// An empty list.
  package init() {}

  /// A list of these texts; nil is NULL.
  package init(_ cells: [String?]) {
    for cell in cells {
      guard let cell else {
        appendNull()
        continue
      }
      append { $0 += Array(cell.utf8) }
    }
  }

  /// Appends NULL.
  package mutating func appendNull() { for _ in 0..<4 { bytes.append(0xFF) } }

  /// Appends a text; nil is NULL.
  package mutating func append(_ cell: UnsafeRawBufferPointer?) {
    guard let cell else { return appendNull() }
    append { $0.append(contentsOf: cell) }
  }

  /// Appends the text that the closure appends.
  mutating func append(_ body: (inout [UInt8]) -> Void) {
    let start = bytes.count
    for _ in 0..<4 { bytes.append(0) }
    body(&bytes)
    let count = bytes.count - start - 4
    for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: count >> (24 - place * 8)) }
  }

  /// Empties the list, keeping its memory.
  package mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  /// The texts, for showing; nil is NULL. Bytes that are not UTF-8 are replaced.
  package var cells: [String?] {
    var cells: [String?] = []
    var offset = 0
    while offset + 4 <= bytes.count {
      var count = 0
      for place in 0..<4 { count = count << 8 | Int(bytes[offset + place]) }
      offset += 4
      if count == 0xFFFF_FFFF {
        cells.append(nil)
      } else {
        cells.append(String(decoding: bytes[offset..<offset + count], as: UTF8.self))
        offset += count
      }
    }
    return cells
  }
}
