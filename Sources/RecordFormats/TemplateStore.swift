import ChangeModel
import Glibc

/// The templates that a decoder has learned, by the bytes before the operation's letter and by that
/// letter.
struct TemplateStore {
  /// More are not learned: a file in which every record differs would only be slowed down.
  static let templatesMax = 512
  /// More of one table and operation are not learned.
  static let alternativesMax = 16

  /// Templates of one table whose records begin alike.
  struct Group {
    /// The bytes up to the operation's letter; of flat records up to the first value.
    var prefix: UnsafeRawPointer
    var prefixCount: Int
    /// The table of flat records, which do not name theirs; else -1.
    var flatTable: Int
    /// Templates by operation, the last that matched first.
    var alternatives: UnsafeMutablePointer<Int32>
    var counts: (Int, Int, Int, Int)
  }

  /// Memory that templates and groups point into.
  final class Memory {
    private var blocks: [UnsafeMutableRawPointer] = []
    let values = UnsafeMutablePointer<(start: Int, count: Int)>.allocate(capacity: 4096)
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: RecordTemplate.Number.total)

    deinit {
      for block in blocks { block.deallocate() }
      values.deallocate()
      numbers.deallocate()
    }

    func allocate<T>(_ type: T.Type, _ count: Int) -> UnsafeMutablePointer<T> {
      let size = max(1, count) * MemoryLayout<T>.stride
      let block = UnsafeMutableRawPointer.allocate(
        byteCount: size, alignment: MemoryLayout<T>.alignment)
      blocks.append(block)
      return block.bindMemory(to: T.self, capacity: max(1, count))
    }
  }

  /// Values that a template may have.
  static let valuesMax = 4096

  let memory = Memory()
  /// Fixed room for all templates.
  let templates: UnsafeMutablePointer<RecordTemplate>
  private(set) var count = 0
  private(set) var groups: [Group] = []
  /// Whether some templates are of flat records.
  private(set) var hasFlatGroups = false
  var lastGroup = 0
  /// What each template's matches say of the key: columns named before, and all columns.
  private var evidence: [(before: ColumnSet, all: ColumnSet)] = []

  init() {
    templates = memory.allocate(RecordTemplate.self, Self.templatesMax)
  }

  func beginFile() {
    for index in 0..<count { templates[index].hits = 0 }
  }

  /// The slot of an operation's letter.
  @inline(__always)
  static func slot(_ letter: UInt8) -> Int {
    switch letter | 0x20 {
    case UInt8(ascii: "i"): 0
    case UInt8(ascii: "u"): 1
    case UInt8(ascii: "d"): 2
    default: 3
    }
  }

  /// The group whose prefix stands at a place; nil for none.
  @inline(__always)
  mutating func group(_ text: UnsafeRawPointer, limit: Int, flatTable: Int) -> Int? {
    if lastGroup < groups.count, isPrefix(of: text, lastGroup, limit, flatTable) {
      return lastGroup
    }
    for index in groups.indices where isPrefix(of: text, index, limit, flatTable) {
      lastGroup = index
      return index
    }
    return nil
  }

  @inline(__always)
  private func isPrefix(
    of text: UnsafeRawPointer, _ index: Int, _ limit: Int, _ flatTable: Int
  ) -> Bool {
    let group = groups[index]
    return group.prefixCount < limit && (group.flatTable < 0 || group.flatTable == flatTable)
      && memcmp(text, group.prefix, group.prefixCount) == 0
  }

  /// Adds the counts of the current file to the tables' evidence.
  func flushEvidence(into states: inout [TableState]) {
    for index in 0..<count where templates[index].hits > 0 {
      let table = Int(templates[index].change.table)
      let hits = templates[index].hits
      templates[index].hits = 0
      for column in evidence[index].all.columns { states[table].namedColumns.insert(column) }
      switch templates[index].change.operation {
      case .insert: states[table].insertCount += hits
      case .update:
        states[table].updateCount += hits
        states[table].updateSets.insert(evidence[index].before)
      case .delete:
        states[table].deleteCount += hits
        states[table].deleteSets.insert(evidence[index].before)
      case .upsert: break
      }
    }
  }

  /// Drops the templates of a table whose key or types changed.
  mutating func forget(table: Int) {
    for index in groups.indices {
      let group = groups[index]
      let isGone = (0..<4).contains { slot in
        let first = slot * Self.alternativesMax
        return count(group, slot) > 0
          && Int(templates[Int(group.alternatives[first])].change.table) == table
      }
      if isGone { groups[index].counts = (0, 0, 0, 0) }
    }
  }

  @inline(__always)
  func count(_ group: Group, _ slot: Int) -> Int {
    switch slot {
    case 0: group.counts.0
    case 1: group.counts.1
    case 2: group.counts.2
    default: group.counts.3
    }
  }

  /// Whether a further template for a group and operation may be learned.
  func hasRoom(prefix: UnsafeRawBufferPointer, flatTable: Int, slot: Int) -> Bool {
    guard count < Self.templatesMax else { return false }
    guard let index = find(prefix, flatTable) else { return groups.count < 64 }
    return count(groups[index], slot) < Self.alternativesMax
  }

  private func find(_ prefix: UnsafeRawBufferPointer, _ flatTable: Int) -> Int? {
    groups.firstIndex { group in
      group.flatTable == flatTable && group.prefixCount == prefix.count
        && prefix.elementsEqual(
          UnsafeRawBufferPointer(start: group.prefix, count: group.prefixCount))
    }
  }

  /// Adds a template; there must be room.
  mutating func add(
    _ template: RecordTemplate, prefix: UnsafeRawBufferPointer, flatTable: Int, slot: Int,
    before: ColumnSet, all: ColumnSet
  ) {
    let index =
      find(prefix, flatTable)
      ?? {
        let copy = memory.allocate(UInt8.self, prefix.count)
        UnsafeMutableRawBufferPointer(start: copy, count: prefix.count).copyMemory(from: prefix)
        hasFlatGroups = hasFlatGroups || flatTable >= 0
        groups.append(
          Group(
            prefix: UnsafeRawPointer(copy), prefixCount: prefix.count, flatTable: flatTable,
            alternatives: memory.allocate(Int32.self, 4 * Self.alternativesMax),
            counts: (0, 0, 0, 0)))
        return groups.count - 1
      }()
    (templates + count).initialize(to: template)
    evidence.append((before, all))
    let used = count(groups[index], slot)
    groups[index].alternatives[slot * Self.alternativesMax + used] = Int32(count)
    switch slot {
    case 0: groups[index].counts.0 += 1
    case 1: groups[index].counts.1 += 1
    case 2: groups[index].counts.2 += 1
    default: groups[index].counts.3 += 1
    }
    count += 1
  }
}
