import ChangeModel
import Hashing
import Sequencing

/// The `_id` of every key of a collection, and the order of these.
///
/// A key of one column is its own `_id`. Others are hashed, and then sorted again: rows are written
/// in the order of their `_id`.
struct RowIDs {
  /// One row's `_id`.
  enum ID {
    case key(OrderedChanges.Group)
    case hash(RowHash)

    func append(to bytes: inout [UInt8], of ordered: OrderedChanges) {
      switch self {
      case .key(let group): bytes.append(contentsOf: ordered.key(of: group))
      case .hash(let hash): hash.append(to: &bytes)
      }
    }

    func bytes(of ordered: OrderedChanges) -> [UInt8] {
      var bytes: [UInt8] = []
      append(to: &bytes, of: ordered)
      return bytes
    }
  }

  private struct Hashed {
    var id: RowHash
    var group: UInt32
  }
  /// Empty where keys are their own ids.
  private var hashed: [Hashed] = []

  /// Makes the ids of the released changes' keys.
  init(_ ordered: OrderedChanges, key: KeyRule) {
    guard Self.isHashed(key) else { return }
    hashed = ordered.groups.indices.map {
      Hashed(id: RowHash(ofKey: ordered.key(of: ordered.groups[$0])), group: UInt32($0))
    }
    hashed.sort { $0.id < $1.id }
  }

  /// Whether the `_id` of a key is a hash of it, not the key itself.
  static func isHashed(_ key: KeyRule) -> Bool {
    if case .columns(let columns) = key { return columns.count > 1 }
    return true
  }

  /// The `_id` of a key.
  static func id(ofKey key: ArraySlice<UInt8>, rule: KeyRule) -> [UInt8] {
    guard isHashed(rule) else { return Array(key) }
    var bytes: [UInt8] = []
    RowHash(ofKey: key).append(to: &bytes)
    return bytes
  }

  /// The key that is written as the `index`th.
  func row(_ index: Int, of ordered: OrderedChanges) -> (OrderedChanges.Group, ID) {
    if hashed.isEmpty {
      let group = ordered.groups[index]
      return (group, .key(group))
    }
    let entry = hashed[index]
    return (ordered.groups[Int(entry.group)], .hash(entry.id))
  }
}
