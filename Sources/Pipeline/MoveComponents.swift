import ChangeModel
import Sequencing

/// Keys that moves link, gathered into components: none of them can be folded without the others.
struct MoveComponents {
  private var parents: [[UInt8]: [UInt8]] = [:]

  /// Whether there are no moves.
  var isEmpty: Bool { parents.isEmpty }

  /// Whether a key is linked to another.
  func contains(_ id: [UInt8]) -> Bool { parents[id] != nil }

  /// Links two keys.
  mutating func link(_ first: [UInt8], _ second: [UInt8]) {
    let left = root(of: first)
    let right = root(of: second)
    if left != right { parents[left] = right }
  }

  /// The key that stands for the component of a key.
  mutating func root(of id: [UInt8]) -> [UInt8] {
    var current = id
    while let parent = parents[current], parent != current { current = parent }
    parents[current] = current
    // Compresses the path, so that long chains stay cheap.
    var step = id
    while step != current {
      let next = parents[step] ?? current
      parents[step] = current
      step = next
    }
    return current
  }

  /// Every component, each with its keys.
  mutating func components() -> [[UInt8]: [[UInt8]]] {
    var members: [[UInt8]: [[UInt8]]] = [:]
    for id in Array(parents.keys) { members[root(of: id), default: []].append(id) }
    return members
  }
}
