import CollectionStore
import Hashing

extension CollectionStore {
  /// The logical digest of a collection, from its definition alone: what `verify` must find.
  func logicalDigest(of collection: Collection) throws -> String {
    let names = columnNames(of: collection).dropLast(2)
    let columns =
      [0, 1]
      + names.indices.dropFirst(2)
      .sorted { names[$0].utf8.lexicographicallyPrecedes(names[$1].utf8) }
    var bytes: [UInt8] = []
    func add(_ number: UInt64) {
      for shift in stride(from: 56, through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
      }
    }
    func add(sized text: some Sequence<UInt8>) {
      let text = Array(text)
      add(UInt64(text.count))
      bytes += text
    }
    add(UInt64(columns.count))
    for column in columns { add(sized: names[column].utf8) }
    try readRows(collection) { row in
      for column in columns {
        switch row[column] {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .integer(let value):
          bytes.append(UInt8(ascii: "i"))
          add(UInt64(bitPattern: value))
        case .real(let value):
          bytes.append(UInt8(ascii: "r"))
          add(value.bitPattern)
        case .text(let value):
          bytes.append(UInt8(ascii: "t"))
          add(sized: value)
        case .blob(let value):
          bytes.append(UInt8(ascii: "b"))
          add(sized: value)
        }
      }
    }
    let hash = bytes.withUnsafeBytes { ContentHash(of: $0) }
    return [hash.high, hash.low].map { half in
      let digits = String(half, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
