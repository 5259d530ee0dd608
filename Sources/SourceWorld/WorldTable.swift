/// A column of a table of the world.
package struct WorldColumn: Sendable, Hashable {
  /// Its name, which may need quoting.
  package let name: String
  /// What its values look like.
  package let content: CellContent

  /// Whether the column is part of the key.
  package var isKey: Bool {
    if case .key = content { return true }
    return false
  }
}

/// A table of the world, as the source and Arcion name it.
package struct WorldTable: Sendable, Hashable {
  /// The catalogue, or nil where the source has none.
  package let catalog: String?
  /// The schema, or nil where the source has none.
  package let schema: String?
  /// The table's own name, which is the collection's too.
  package let name: String
  /// The columns in the source's order; the key's need not come first.
  package let columns: [WorldColumn]
  /// The indices of the key's columns, in the key's order.
  package let keyColumns: [Int]
  /// How many columns the table has at first; the rest are added halfway.
  package let initialColumnCount: Int
  /// How many different values a part of the key has; the first part counts on beyond.
  let partCount: Int
  /// Whether it is one of the replicator's own tables, which no database should show.
  package let isHousekeeping: Bool

  /// The names of the key's columns, in order.
  package var keyNames: [String] { keyColumns.map { columns[$0].name } }

  /// The argument of `--key` for this table.
  package var keyArgument: String { "\(name)=\(keyNames.joined(separator: ","))" }

  /// The cell that a key has in one of its columns.
  func keyCell(_ key: Int, part: Int) -> Cell {
    var rest = key
    for _ in 0..<(keyColumns.count - 1 - part) { rest /= partCount }
    return UInt64(part == 0 ? rest : rest % partCount) + 1
  }
}

/// The hashes of names that Arcion writes, which are Java's.
package enum JavaHash {
  /// `String.hashCode`; zero for nil.
  package static func of(_ text: String?) -> Int32 {
    guard let text else { return 0 }
    var hash: Int32 = 0
    for unit in text.utf16 { hash = hash &* 31 &+ Int32(unit) }
    return hash
  }

  /// `Objects.hash` of two hashes.
  package static func combine(_ first: Int32, _ second: Int32) -> Int32 {
    31 &* (31 &+ first) &+ second
  }

  /// The order in which a `HashMap` that was filled with these keys gives them back.
  package static func mapOrder(_ keys: [String]) -> [Int] {
    var capacity = 16
    while keys.count * 4 > capacity * 3 { capacity *= 2 }
    let slots = keys.map { key -> Int in
      let hash = UInt32(bitPattern: of(key))
      return Int(hash ^ (hash >> 16)) & (capacity - 1)
    }
    return keys.indices.sorted { (slots[$0], $0) < (slots[$1], $1) }
  }
}

extension WorldTable {
  /// The hash of the table's namespace, as in its records.
  package var namespaceHash: Int32 {
    JavaHash.combine(JavaHash.of(catalog), JavaHash.of(schema))
  }

  /// The hash of the table's whole name, as in its records.
  package var hash: Int32 { JavaHash.combine(namespaceHash, JavaHash.of(name)) }
}
