import BatchSource
import ChangeModel
import CollectionStore
import Sequencing

/// What a run adds to the history of one collection.
struct HistoryAddition: Sendable {
  /// The collection's number in the store.
  var collection: Int64
  /// Its columns whose changes make no version.
  var untracked: ColumnSet
  /// Where a snapshot replaced all that was before, ascending.
  var floors: [Rank]
  /// When what this run brings became known.
  var knownAt: Int64
  /// Whether every row is to be looked at: other columns make versions now, a snapshot replaced
  /// what was before, or the collection is made anew.
  var touchesAll: Bool
  /// For each group of the released changes, whether something new is in it.
  var isTouched: [Bool] = []
}

/// Histories: every change of a collection is kept, with its values, and what it makes of the
/// versions of its row. Collections without a history pass by here.
extension IngestAttempt {
  /// Sees to it that collections whose history begins now get it from their first file on: they
  /// are made anew. Where a file is gone they go on without.
  mutating func takeInForHistories() async throws {
    let wanted = catalog.entries.indices.filter { index in
      catalog.entries[index].storeID != nil && rule(index) != nil
    }
    if wanted.isEmpty { return }
    let known = try await writer.perform { store in try store.histories() }
    for index in wanted {
      guard let id = catalog.entries[index].storeID, known[id]?.isKept != true else { continue }
      lacksHistory.insert(index)
      guard catalog.entries[index].canBeRebuilt else { continue }
      do {
        try await addManifestFiles(of: index)
        rebuilds.insert(index)
        lacksHistory.remove(index)
      } catch var error as IngestError where error.severity == .file {
        let name = catalog.entries[index].name
        error.cause = "the history of \(name) needs every file of its past: \(error.cause)"
        error.hint =
          "Put the file back and run again, or set history: false for it."
        summary.failedFiles.append(error)
      }
    }
  }

  /// Remembers the released changes of a collection, all values of all of them.
  ///
  /// - Returns: what ``writeVersions(_:_:key:)`` needs; nil where no history is kept.
  mutating func recordHistory(
    _ index: Int, _ ordered: OrderedChanges, key: KeyRule
  ) async throws -> HistoryAddition? {
    guard var addition = try await beginAddition(index) else { return nil }
    addition.isTouched = Array(repeating: false, count: ordered.groups.count)
    var log = ChangeLogBatch(collection: addition.collection)
    var groups: [Int] = []
    let reader = takeReader()
    for (number, group) in ordered.groups.enumerated() {
      let id = RowIDs.id(ofKey: ordered.key(of: group), rule: key)
      for change in ordered.changes(of: group) {
        let oldID =
          change.isMove
          ? RowIDs.id(ofKey: ordered.queue.oldKey(of: change), rule: key) : nil
        let hasValues = change.operation != .delete || change.isMove
        let cells = hasValues ? try reader.appendValues(of: change, to: &log.buffer) : 0..<0
        log.changes.append(
          LoggedChange(
            id: log.append(id), oldID: oldID.map { log.append($0) },
            rank: ordered.rank(of: change), operation: change.operation,
            file: fileIDs[Int(change.file)], byteOffset: change.recordOffset,
            recordIndex: change.recordIndex, knownAt: addition.knownAt, cells: cells))
        groups.append(number)
        if log.changes.count < 4096 && log.buffer.bytes.count < 4 << 20 { continue }
        try await record(&log, of: groups, into: &addition)
        groups.removeAll(keepingCapacity: true)
      }
    }
    try await record(&log, of: groups, into: &addition)
    return addition
  }

  /// Brings the versions of the rows that new changes touch up to date.
  mutating func writeVersions(
    _ addition: HistoryAddition, _ ordered: OrderedChanges, key: KeyRule
  ) async throws {
    if addition.touchesAll { return try await refreshAll(addition) }
    var fold = HistoryFold(addition)
    var ids: [[UInt8]] = []
    for (number, group) in ordered.groups.enumerated() where addition.isTouched[number] {
      ids.append(RowIDs.id(ofKey: ordered.key(of: group), rule: key))
      if ids.count < 4096 { continue }
      try await refresh(ids, &fold)
      ids.removeAll(keepingCapacity: true)
    }
    try await refresh(ids, &fold)
  }

  /// Ends the histories that are not wanted any longer, and recomputes those whose tracked columns
  /// are others now.
  mutating func settleHistories() async throws {
    let known = try await writer.perform { store in try store.histories() }
    for index in catalog.entries.indices {
      let entry = catalog.entries[index]
      guard let id = entry.storeID else { continue }
      guard let rule = rule(index) else {
        if known[id]?.isKept == true {
          try await writer.perform { store in try store.stopHistory(of: id) }
        }
        continue
      }
      if let key = entry.key, let problem = HistoryRule.problem(of: entry.name, key: key) {
        throw problem
      }
      guard let state = known[id], state.isKept, state.untracked != rule.except.sorted() else {
        continue
      }
      if let addition = try await beginAddition(index) { try await refreshAll(addition) }
    }
  }

  /// Recomputes keys that moves link from the history, which has all that their files have.
  mutating func refold(
    _ late: Set<[UInt8]>, fromHistory collection: Int64, into linked: inout LinkedRows
  ) async throws {
    var rest = late
    let floor = try await writer.perform { try $0.histories() }[collection]?.floors.last
    while let id = rest.first {
      let (family, log) = try await writer.perform { store in
        let family = try store.changeFamily(of: id, collection: collection)
        var log = ChangeLogBatch(collection: collection)
        for id in family { try store.appendChanges(of: id, to: &log) }
        return (family, log)
      }
      rest.subtract(family)
      let rows = HistoryFold.rows(of: log, above: floor)
      try linked.take(rows.fold, of: family, order: rows.order)
    }
  }

  /// The number of a collection whose history is kept, this run's changes included; nil for others.
  func keptHistory(_ index: Int) -> Int64? {
    guard rule(index) != nil, !lacksHistory.contains(index) else { return nil }
    return catalog.entries[index].storeID
  }

  // MARK: Parts

  private func rule(_ index: Int) -> HistoryRule? {
    configuration.collectionSettings(for: catalog.entries[index].source)?.settings.history
  }

  /// Makes room for the history, and takes the time; nil where none is kept.
  private func beginAddition(_ index: Int) async throws -> HistoryAddition? {
    guard let rule = rule(index), let id = keptHistory(index) else { return nil }
    let isRebuild = rebuilds.contains(index)
    var state = HistoryState(untracked: rule.except.sorted())
    if let verdict = orders[index]?.verdict { state.floors = floors(of: index, by: verdict) }
    let (before, now) = (try await writer.perform { try $0.histories() }[id], now)
    if !isRebuild, let old = before?.floors {
      // Without a rebuild rows that fell below one stay there.
      state.floors = Set(old).union(state.floors).sorted()
    }
    let wanted = state
    let knownAt = try await writer.perform { store in
      try store.keepHistory(of: id, wanted)
      return try store.nextKnownTime(of: id, now: now)
    }
    let columns = catalog.entries[index].columns
    let untracked = columns.indices.filter {
      rule.except.contains(columns[$0].source) || rule.except.contains(columns[$0].name)
    }
    return HistoryAddition(
      collection: id, untracked: ColumnSet(untracked), floors: state.floors, knownAt: knownAt,
      touchesAll: isRebuild || (before != nil && before != state))
  }

  private func record(
    _ log: inout ChangeLogBatch, of groups: [Int], into addition: inout HistoryAddition
  ) async throws {
    let batch = log
    let isNew = try await writer.perform { store in try store.record(batch) }
    for (group, isNew) in zip(groups, isNew) where isNew { addition.isTouched[group] = true }
    log.changes.removeAll(keepingCapacity: true)
    log.buffer.removeAll()
  }

  /// Looks at every row of which anything is remembered.
  private func refreshAll(_ addition: HistoryAddition) async throws {
    var fold = HistoryFold(addition)
    var last: [UInt8]?
    while true {
      let after = last
      let ids = try await writer.perform { store in
        try store.changedKeys(of: addition.collection, after: after, limit: 4096)
      }
      guard let end = ids.last else { break }
      try await refresh(ids, &fold)
      last = end
    }
    try await writer.perform { store in
      try store.closeForgottenVersions(of: addition.collection, knownAt: addition.knownAt)
    }
  }

  private func refresh(_ ids: [[UInt8]], _ fold: inout HistoryFold) async throws {
    try Task.checkCancellation()
    let current = fold
    fold = try await writer.perform { store in
      var fold = current
      try fold.refresh(ids, in: store)
      return fold
    }
  }
}
