import ChangeModel
import Hashing
import Sequencing

/// The `_id` of every key of a collection, and the order of these.
///
/// A key of one column is its own `_id`. Others are hashed, and then sorted again where rows are
/// written in the order of their `_id`.
struct RowIDs {
  /// One row's `_id`.
  enum ID {
    case key(OrderedChanges.Group)
    case hash(RowHash)

    func append(to bytes: inout [UInt8], of ordered: OrderedChanges) {
      switch self {
      case .key(let group): ordered.appendKey(of: group, to: &bytes)
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
  private let isHashed: Bool
  /// Empty where the order of keys will do.
  private var hashed: [Hashed] = []

  /// The changes of a key are asked for when it is so many keys away, and the key when half as many.
  private static let groupsAhead = 32

  /// Makes the ids of the released changes' keys.
  ///
  /// - Parameter isSorted: whether rows are written in the order of their `_id`s, not of their keys.
  init(_ ordered: OrderedChanges, key: KeyRule, isSorted: Bool) {
    isHashed = Self.isHashed(key)
    guard isHashed, isSorted else { return }
    let groups = ordered.groups
    hashed = groups.indices.map {
      let (far, near) = ($0 + Self.groupsAhead, $0 + Self.groupsAhead / 2)
      if far < groups.count { ordered.prefetchChanges(of: groups[far]) }
      if near < groups.count { _ = ordered.prefetchKey(of: groups[near]) }
      return Hashed(id: RowHash(ofKey: ordered.key(of: groups[$0])), group: UInt32($0))
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
  func group(_ index: Int, of ordered: OrderedChanges) -> OrderedChanges.Group {
    ordered.groups[hashed.isEmpty ? index : Int(hashed[index].group)]
  }

  /// The `_id` of the key that is written as the `index`th.
  func id(_ index: Int, of ordered: OrderedChanges) -> ID {
    if !hashed.isEmpty { return .hash(hashed[index].id) }
    let group = ordered.groups[index]
    return isHashed ? .hash(RowHash(ofKey: ordered.key(of: group))) : .key(group)
  }
}
