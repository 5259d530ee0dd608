import ChangeModel
import Glibc

/// The templates that a decoder has learned, by the bytes before the operation's letter and by that
/// letter, and the forms of their records.
struct TemplateStore {
  /// More are not learned: a file in which every record differs would only be slowed down.
  static let templatesMax = 512
  static let formsMax = 1024
  /// When so many templates of one table and operation tell presence in their own bytes, the next
  /// leaves it open.
  static let closedMax = 3

  /// The templates of a group, by operation, the last that matched first.
  struct Alternatives {
    /// More of one operation are not learned.
    static let max = 16

    private var indexes: UnsafeMutablePointer<Int32>
    private var counts = (0, 0, 0, 0)

    init(in memory: Memory) { indexes = memory.allocate(Int32.self, 4 * Self.max) }

    @inline(__always)
    func count(_ slot: Int) -> Int {
      switch slot {
      case 0: counts.0
      case 1: counts.1
      case 2: counts.2
      default: counts.3
      }
    }

    @inline(__always)
    func template(_ slot: Int, _ place: Int) -> Int { Int(indexes[slot * Self.max + place]) }

    /// Puts the template that matched first.
    @inline(__always)
    func promote(_ slot: Int, _ place: Int) {
      if place == 0 { return }
      let first = slot * Self.max
      (indexes[first], indexes[first + place]) = (indexes[first + place], indexes[first])
    }

    mutating func append(_ template: Int, _ slot: Int) {
      indexes[slot * Self.max + count(slot)] = Int32(template)
      switch slot {
      case 0: counts.0 += 1
      case 1: counts.1 += 1
      case 2: counts.2 += 1
      default: counts.3 += 1
      }
    }

    mutating func removeAll() { counts = (0, 0, 0, 0) }

    var first: Int? {
      (0..<4).first { count($0) > 0 }.map { template($0, 0) }
    }
  }

  /// Templates of one table whose records begin alike.
  struct Group {
    /// The bytes up to the operation's letter; of flat records up to the first value.
    var prefix: UnsafeRawPointer
    var prefixCount: Int
    /// The table of flat records, which do not name theirs; else -1.
    var flatTable: Int
    var alternatives: Alternatives
  }

  /// Templates of the rows of CSV files that are written alike.
  struct RowGroup {
    var rows: RowLayout
    var alternatives: Alternatives
  }

  /// How the rows of a CSV file are written, and what their fields are.
  struct RowLayout: Equatable {
    var table: Int
    var columns: [Int]
    var delimiter: UInt8
    var quote: UInt8
    var escape: UInt8?
  }

  /// Memory that templates, forms and groups point into.
  final class Memory {
    private var blocks: [UnsafeMutableRawPointer] = []
    let values = UnsafeMutablePointer<RecordTemplate.Value>.allocate(capacity: 4096)
    let numbers = UnsafeMutablePointer<UInt64>.allocate(capacity: RecordTemplate.Number.total)
    let presence = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)

    deinit {
      for block in blocks { block.deallocate() }
      values.deallocate()
      numbers.deallocate()
      presence.deallocate()
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
  /// Fixed room for all templates and forms.
  let templates: UnsafeMutablePointer<RecordTemplate>
  let forms: UnsafeMutablePointer<RecordForm>
  private(set) var count = 0
  private(set) var formCount = 0
  /// The forms of open templates.
  private var openForms: OpenForms
  private(set) var groups: [Group] = []
  private(set) var rowGroups: [RowGroup] = []
  /// Whether some templates are of flat records.
  private(set) var hasFlatGroups = false
  private var lastGroup = 0
  /// What the records of each form say of the key: columns named before, and all columns.
  private var evidence: [(before: ColumnSet, all: ColumnSet)] = []

  init() {
    templates = memory.allocate(RecordTemplate.self, Self.templatesMax)
    forms = memory.allocate(RecordForm.self, Self.formsMax)
    openForms = OpenForms(in: memory)
  }

  /// Where matches go.
  var match: RecordTemplate.Match {
    RecordTemplate.Match(
      values: memory.values, numbers: memory.numbers, presence: memory.presence)
  }

  func beginFile() {
    for index in 0..<formCount { forms[index].hits = 0 }
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

  /// The form of a record that an open or closed template has just matched; nil where it is not
  /// known yet.
  @inline(__always)
  func form(of template: Int) -> Int? {
    let form = Int(templates[template].form)
    return form >= 0 ? form : openForms.form(template, memory.presence.pointee)
  }

  /// The open templates among some.
  func open(_ alternatives: Alternatives, _ slot: Int) -> [Int] {
    (0..<alternatives.count(slot)).map { alternatives.template(slot, $0) }
      .filter { templates[$0].form < 0 }
  }

  /// Adds the counts of the current file to the tables' evidence.
  func flushEvidence(into states: inout [TableState]) {
    for index in 0..<formCount where forms[index].hits > 0 {
      let table = Int(forms[index].change.table)
      let hits = forms[index].hits
      forms[index].hits = 0
      states[table].evidence.namedColumns.formUnion(evidence[index].all)
      switch forms[index].change.operation {
      case .insert: states[table].evidence.insertCount += hits
      case .update:
        states[table].evidence.updateCount += hits
        states[table].evidence.updateSets.insert(evidence[index].before)
      case .delete:
        states[table].evidence.deleteCount += hits
        states[table].evidence.deleteSets.insert(evidence[index].before)
      case .upsert: break
      }
    }
  }

  /// Drops the templates of a table whose key or types changed.
  mutating func forget(table: Int) {
    for index in groups.indices where groups[index].alternatives.first.map(self.table) == table {
      groups[index].alternatives.removeAll()
    }
    for index in rowGroups.indices where rowGroups[index].rows.table == table {
      rowGroups[index].alternatives.removeAll()
    }
  }

  private func table(of template: Int) -> Int { Int(templates[template].table) }

  /// Whether a further form may be learned.
  var hasRoomForForm: Bool { formCount < Self.formsMax }

  /// Whether a further template may be learned, as one of these alternatives; nil stands for a new
  /// group.
  func hasRoom(in alternatives: Alternatives?, slot: Int) -> Bool {
    guard count < Self.templatesMax, hasRoomForForm else { return false }
    guard let alternatives else { return groups.count + rowGroups.count < 64 }
    return alternatives.count(slot) < Alternatives.max
  }

  /// The group of records that begin with a prefix.
  func find(_ prefix: UnsafeRawBufferPointer, flatTable: Int) -> Int? {
    groups.firstIndex { group in
      group.flatTable == flatTable && group.prefixCount == prefix.count
        && prefix.elementsEqual(
          UnsafeRawBufferPointer(start: group.prefix, count: group.prefixCount))
    }
  }

  /// The group of a CSV file's rows; nil where none was learned.
  func find(_ rows: RowLayout) -> Int? { rowGroups.firstIndex { $0.rows == rows } }

  /// Makes a group of records that begin with a prefix.
  mutating func addGroup(_ prefix: UnsafeRawBufferPointer, flatTable: Int) -> Int {
    let copy = memory.allocate(UInt8.self, prefix.count)
    UnsafeMutableRawBufferPointer(start: copy, count: prefix.count).copyMemory(from: prefix)
    hasFlatGroups = hasFlatGroups || flatTable >= 0
    groups.append(
      Group(
        prefix: UnsafeRawPointer(copy), prefixCount: prefix.count, flatTable: flatTable,
        alternatives: Alternatives(in: memory)))
    return groups.count - 1
  }

  /// Makes a group of rows.
  mutating func addGroup(_ rows: RowLayout) -> Int {
    rowGroups.append(RowGroup(rows: rows, alternatives: Alternatives(in: memory)))
    return rowGroups.count - 1
  }

  /// Adds a template to a group; there must be room.
  mutating func add(_ template: RecordTemplate, toGroup group: Int, slot: Int) -> Int {
    groups[group].alternatives.append(add(template), slot)
    return count - 1
  }

  /// Adds a template to a group of rows; there must be room.
  mutating func add(_ template: RecordTemplate, toRowGroup group: Int, slot: Int) -> Int {
    rowGroups[group].alternatives.append(add(template), slot)
    return count - 1
  }

  private mutating func add(_ template: RecordTemplate) -> Int {
    (templates + count).initialize(to: template)
    count += 1
    return count - 1
  }

  /// Adds the form of the record that a template has just matched; there must be room.
  mutating func add(
    _ form: RecordForm, of template: Int, isOpen: Bool, before: ColumnSet, all: ColumnSet
  ) {
    (forms + formCount).initialize(to: form)
    evidence.append((before, all))
    if isOpen {
      openForms.insert(template, memory.presence.pointee, form: formCount)
    } else {
      templates[template].form = Int32(formCount)
    }
    formCount += 1
  }
}
