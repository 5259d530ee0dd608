import ChangeModel
import CollectionStore
import Hashing

/// Rows of tables without a key, made by the definition: each place of the log counts a row in, or
/// out, once.
enum KeylessRows {
  /// What makes two changes the same: the place in the log; where there is none, the place in the
  /// files.
  private static func place(of rank: Rank) -> [UInt8] {
    var place = rank
    if rank.position != .zero { (place.ordinal, place.series, place.recordIndex) = (0, 0, 0) }
    place.eventTime = .min
    var bytes: [UInt8] = []
    place.encode(into: &bytes)
    return bytes
  }

  /// The `_id` of a row of an `@append` table: a hash of the place and the values, by column name.
  static func id(
    at rank: Rank, cells: [Cell], bytes: [UInt8], columns: [Collection.Column]
  ) -> [UInt8] {
    var key = place(of: rank)
    let named = cells.filter { $0.kind != .null }
      .sorted { columns[Int($0.column)].source < columns[Int($1.column)].source }
    for cell in named {
      Array(columns[Int(cell.column)].source.utf8).withUnsafeBytes {
        KeyEncoding.append(part: $0, to: &key)
      }
      key.append(cell.kind.rawValue)
      Rank.append(cell.bits, to: &key)
      bytes[cell.text.indices].withUnsafeBytes { KeyEncoding.append(part: $0, to: &key) }
    }
    var id: [UInt8] = []
    RowHash(ofKey: key[...]).append(to: &id)
    return id
  }

  /// Makes the rows of a `@row` table.
  ///
  /// A row that is deleted is the one of its content that came last; where there is none, it was
  /// there before the first file, and nothing happens.
  static func count(_ changes: PlainChanges, into rows: inout PlainRows) {
    struct Fact: Hashable {
      var place: [UInt8]
      var isDelete: Bool
    }
    // Of the copies of one change the one of the highest rank counts.
    var facts: [[UInt8]: [Fact: Int]] = [:]
    for (index, change) in changes.changes.enumerated() where !change.isWaiting {
      if change.operation == .update, change.oldID == nil { continue }
      let place = place(of: change.rank)
      func note(_ id: [UInt8], isDelete: Bool) {
        let fact = Fact(place: place, isDelete: isDelete)
        if let known = facts[id]?[fact], changes.changes[known].rank > change.rank { return }
        facts[id, default: [:]][fact] = index
      }
      note(change.id, isDelete: change.operation == .delete)
      if let oldID = change.oldID { note(oldID, isDelete: true) }
    }
    for (id, facts) in facts {
      let ordered = facts.sorted {
        let ranks = (changes.changes[$0.value].rank, changes.changes[$1.value].rank)
        return ranks.0 != ranks.1 ? ranks.0 < ranks.1 : $0.key.isDelete && !$1.key.isDelete
      }
      var inserts: [Int] = []
      for (fact, index) in ordered {
        if fact.isDelete { _ = inserts.popLast() } else { inserts.append(index) }
      }
      for (number, index) in inserts.enumerated() {
        let suffix = number == 0 ? [] : Array("#\(number + 1)".utf8)
        rows.put(
          id + suffix, eventTime: changes.changes[index].rank.eventTime, contentOf: index,
          of: changes)
      }
    }
  }
}
