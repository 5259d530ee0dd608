import ChangeModel
import CollectionStore

/// Says of each change that was found for a row what became of it.
///
/// The changes are applied one by one, in the order of their ranks, as the definition has it; what
/// today's row stems from then is what won.
struct RowStoryTeller {
  private let search: RowSearch
  private let repairs: [Int64: [String]]
  private let changes: PlainChanges
  /// The story's changes in order: indexes into `changes`; a change's number is its place, plus one.
  private let order: [Int]
  private var rows: PlainRows

  /// Makes the teller of what a search found.
  init(_ search: RowSearch, repairs: [Int64: [String]]) {
    self.search = search
    self.repairs = repairs
    changes = search.changes
    order = Self.line(of: search.contentID, in: search.changes)
    rows = PlainRows(columnCount: search.columns.count)
    if search.collection.key == .wholeRow {
      KeylessRows.count(changes, into: &rows)
    } else {
      for index in order where counts(index) { rows.apply(index, of: changes) }
    }
  }

  /// The changes of a row, and of what it was before it came to its `_id`, oldest first.
  private static func line(of id: [UInt8], in changes: PlainChanges) -> [Int] {
    let order = changes.inOrder(Array(changes.changes.indices))
    var line: Set<Int> = []
    var rest: [(id: [UInt8], before: Int)] = [(id, order.count)]
    while let (id, before) = rest.popLast() {
      for (place, index) in order.prefix(before).enumerated() {
        let change = changes.changes[index]
        guard change.id == id || change.oldID == id, line.insert(index).inserted else { continue }
        if change.id == id, let oldID = change.oldID { rest.append((oldID, place)) }
      }
    }
    return order.filter { line.contains($0) }
  }

  /// Whether a change shows in the rows at all.
  private func counts(_ index: Int) -> Bool {
    !changes.changes[index].isWaiting && !isTruncated(index)
  }

  private func isTruncated(_ index: Int) -> Bool {
    search.files.floor.map { changes.changes[index].rank <= $0 } ?? false
  }

  /// The changes, oldest first.
  func told() -> [ToldChange] {
    order.indices.map { place in
      let change = changes.changes[order[place]]
      let file = search.files.files[change.file]
      let late = lateAfter(place)
      return ToldChange(
        id: change.id, oldID: change.oldID, operation: change.operation, rank: change.rank,
        lineage: search.lineages[change.rank.lineage] ?? "",
        counter: change.counter >= 0 ? change.counter : nil, file: file.name,
        byteOffset: change.byteOffset,
        values: changes.cells(of: change).map {
          (search.columns[Int($0.column)].name, changes.value($0, of: change))
        }.sorted { $0.0 < $1.0 },
        outcome: outcome(place), conflict: conflict(place), lateAfter: late,
        repairs: late == nil ? [] : repairs[file.record.id] ?? [])
    }
  }

  // MARK: Outcomes

  private func outcome(_ place: Int) -> ToldChange.Outcome {
    let index = order[place]
    if changes.changes[index].isWaiting { return .waiting }
    if isTruncated(index) { return .truncated }
    if let twin = order.indices.last(where: { $0 > place && isRepeat(place, $0) }) {
      return .repeated(twin + 1)
    }
    let row = rows.rows[search.id]
    let won = (row?.columns ?? []).enumerated().filter { $1?.change == UInt32(index) }
      .map { search.columns[$0.offset].name }
    if !won.isEmpty { return .won(won.sorted()) }
    if search.collection.key.isKeyless { return .counted }
    return ending(of: place) ?? (row == nil ? .ended : .overwritten)
  }

  /// The later change that took away all that this one did; nil where none did.
  private func ending(of place: Int) -> ToldChange.Outcome? {
    var id = changes.changes[order[place]].id
    if id != search.id, changes.changes[order[place]].oldID == search.id {
      // It took the row away itself: what comes next under the old `_id` begins it anew.
      return order.indices.first { $0 > place && counts(order[$0]) && sets($0, search.id) }
        .map { .beforeInsert($0 + 1) }
    }
    for next in order.indices where next > place && counts(order[next]) {
      let change = changes.changes[order[next]]
      if change.oldID == id {
        if id == search.id { return .beforeDelete(next + 1) }
        id = change.id
      } else if change.id == id {
        if change.operation == .delete { return .beforeDelete(next + 1) }
        if change.operation == .insert || change.oldID != nil { return .beforeInsert(next + 1) }
      }
    }
    return nil
  }

  private func sets(_ place: Int, _ id: [UInt8]) -> Bool {
    let change = changes.changes[order[place]]
    return change.id == id && change.operation != .delete
  }

  // MARK: Repeats, conflicts, late changes

  private func isAtSamePlace(_ left: Int, _ right: Int) -> Bool {
    let first = changes.changes[order[left]]
    let second = changes.changes[order[right]]
    return first.id == second.id && first.rank.position != .zero
      && first.rank.isSamePlace(as: second.rank) && counts(order[left]) && counts(order[right])
  }

  private func isRepeat(_ left: Int, _ right: Int) -> Bool {
    guard isAtSamePlace(left, right) else { return false }
    let first = changes.changes[order[left]]
    let second = changes.changes[order[right]]
    return first.operation == second.operation && first.oldID == second.oldID
      && values(first) == values(second)
  }

  private func values(_ change: PlainChange) -> [UInt32: PlainValue] {
    Dictionary(
      changes.cells(of: change).map { ($0.column, changes.value($0, of: change)) }
    ) { $1 }
  }

  /// A different change at the same place, of another file; none where each file has both.
  private func conflict(_ place: Int) -> Int? {
    let file = changes.changes[order[place]].file
    return order.indices.last { other in
      let otherFile = changes.changes[order[other]].file
      return otherFile != file && isAtSamePlace(place, other) && !isRepeat(place, other)
        && !hasTwin(of: place, in: otherFile) && !hasTwin(of: other, in: file)
    }.map { $0 + 1 }
  }

  private func hasTwin(of place: Int, in file: Int) -> Bool {
    order.indices.contains { changes.changes[order[$0]].file == file && isRepeat(place, $0) }
  }

  /// The first newer change whose file was seen in an earlier call.
  private func lateAfter(_ place: Int) -> Int? {
    func seenAt(_ place: Int) -> Int64 {
      search.files.files[changes.changes[order[place]].file].record.seenAt
    }
    guard counts(order[place]) else { return nil }
    return order.indices.first { $0 > place && counts(order[$0]) && seenAt($0) < seenAt(place) }
      .map { $0 + 1 }
  }
}
