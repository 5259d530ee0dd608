/// A world while it is played: transactions are executed on the live database, and each row they
/// touch is logged with the images that the plan asks for.
struct WorldRun {
  private let plan: WorldPlan
  private let tables: [WorldTable]
  private(set) var database: SourceDatabase
  private var random: SeededRandom
  private var clock: LogClock
  private var counts: [OperationCounts]
  private var globalCounts = OperationCounts()
  private var freshKeys: [Int]
  private var queue: [LogEvent] = []
  private var queueHead = 0
  private var loggedCount = 0
  private var transactionCount = 0
  private var issuedCount = 0
  private var isPastHalf = false
  private var isLost = false
  private var lastNode = -1
  private var beat = 0

  init(world: World) {
    plan = world.plan
    tables = world.tables
    database = SourceDatabase(tables: world.tables)
    random = SeededRandom(seed: world.plan.seed, stream: 3)
    clock = LogClock(plan: world.plan)
    counts = world.tables.map { _ in OperationCounts() }
    freshKeys = world.tables.map { _ in 0 }
    takeSnapshot()
    insertInitialRows()
  }

  /// The next record; nil at the end of the log.
  mutating func next() -> LogEvent? {
    while queueHead == queue.count {
      if isFinished { return nil }
      queue.removeAll(keepingCapacity: true)
      queueHead = 0
      transact()
    }
    queueHead += 1
    var event = queue[queueHead - 1]
    event.index = issuedCount
    issuedCount += 1
    return event
  }

  private var isFinished: Bool {
    if let records = plan.records { return loggedCount >= records }
    return transactionCount >= plan.transactions
  }

  private var isFull: Bool { plan.records.map { loggedCount >= $0 } ?? false }

  // MARK: Before the log

  private mutating func takeSnapshot() {
    guard plan.snapshot != .none else { return }
    for table in tables.indices where !tables[table].isHousekeeping {
      for _ in 0..<plan.snapshotRows {
        guard let key = deadKey(table, node: nil) else { break }
        insert(table, key, isSnapshot: true, continues: false)
      }
    }
  }

  private mutating func insertInitialRows() {
    for table in tables.indices where !tables[table].isHousekeeping {
      for _ in 0..<plan.initialRows where !isFull {
        clock.beginTransaction()
        guard let key = deadKey(table, node: nil) else { break }
        insert(table, key, isSnapshot: false, continues: false)
      }
    }
  }

  // MARK: Transactions

  private mutating func transact() {
    if !isLost { transactionCount += 1 }
    clock.beginTransaction()
    lastNode = -1
    switchHalf()
    if let heartbeat = tables.indices.last, tables[heartbeat].isHousekeeping, random.chance(15) {
      sendHeartbeat(heartbeat)
    }
    for _ in 0..<random.within(1...plan.operationsPerTransaction) where !isFull {
      let table = random.below(plan.tableCount)
      let draw = random.below(100)
      let rowCount = random.chance(plan.multiRowShare) ? random.within(2...5) : 1
      for row in 0..<rowCount where !isFull { operate(table, draw, continues: row > 0) }
    }
  }

  private mutating func switchHalf() {
    guard !isPastHalf else { return }
    let isHalf =
      plan.records.map { loggedCount * 2 >= $0 } ?? (transactionCount * 2 > plan.transactions)
    guard isHalf else { return }
    isPastHalf = true
    if plan.counters == .reset { for table in counts.indices { counts[table] = .init() } }
    if plan.logBreak != .none { clock.breakLog() }
    guard plan.resnapshot != .none else { return }
    isLost = true
    for _ in 0..<plan.lostTransactions { transact() }
    isLost = false
    for table in tables.indices where !tables[table].isHousekeeping { takeSecondSnapshot(table) }
  }

  private mutating func takeSecondSnapshot(_ table: Int) {
    for key in database.rows[table].liveKeys.map({ Int($0) }).sorted() {
      var event = begin(table, .insert, key: key, newKey: key)
      event.isSnapshot = true
      event.isFlat = plan.resnapshot == .flat
      database.rows[table].forgetInsertTime(key)
      for column in event.exists.indices {
        event.after[column] = database.rows[table].cell(key, column)
        event.exists[column] = 1
      }
      finish(&event)
    }
  }

  private mutating func operate(_ table: Int, _ draw: Int, continues: Bool) {
    if draw < plan.insertShare || database.rowCount(table: table) == 0 {
      if let key = deadKey(table, node: nil) {
        insert(table, key, isSnapshot: false, continues: continues)
        return
      }
    }
    guard var key = liveKey(table) else { return }
    let isDelete = draw >= plan.insertShare && draw < plan.insertShare + plan.deleteShare
    if isDelete && (key != 0 || plan.hotShare == 0) {
      return delete(table, key, continues: continues)
    }
    if random.chance(plan.hotShare) && database.rows[table].isLive(0) { key = 0 }
    if random.chance(plan.moveShare) {
      moveRows(table, key, continues: continues)
    } else {
      update(table, key, to: key, continues: continues)
    }
  }

  // Moves in all the ways that are hard to follow: once, on and on, around, and back.
  private mutating func moveRows(_ table: Int, _ key: Int, continues: Bool) {
    guard let free = deadKey(table, node: home(of: key)) else {
      return update(table, key, to: key, continues: continues)
    }
    update(table, key, to: free, continues: continues)
    if !isFull && random.chance(30), let next = deadKey(table, node: home(of: free)) {
      update(table, free, to: next, continues: random.chance(50))
    } else if !isFull && random.chance(30), let other = liveKey(table), other != free,
      other % plan.nodeCount == key % plan.nodeCount, !database.rows[table].isLive(key)
    {
      // Two rows change places by way of a third key.
      update(table, other, to: key, continues: random.chance(50))
      if !isFull { update(table, free, to: other, continues: random.chance(50)) }
    } else if !isFull && random.chance(20) {
      insert(table, key, isSnapshot: false, continues: false)
    }
  }

  private mutating func sendHeartbeat(_ table: Int) {
    guard !isFull else { return }
    // All beats are the first node's.
    let step = plan.nodeCount
    if beat == 0 {
      insert(table, 0, isSnapshot: false, continues: false)
    } else {
      update(table, (beat - 1) % 997 * step, to: beat % 997 * step, continues: false)
    }
    beat += 1
  }

  // MARK: Keys

  private mutating func liveKey(_ table: Int) -> Int? {
    let keys = database.rows[table].liveKeys
    if keys.isEmpty { return nil }
    return Int(keys[random.below(keys.count)])
  }

  private mutating func deadKey(_ table: Int, node: Int?) -> Int? {
    if plan.hasFreshKeys {
      var key = freshKeys[table]
      while let node, key % plan.nodeCount != node { key += 1 }
      freshKeys[table] = key + 1
      return key
    }
    for _ in 0..<12 {
      var key = random.below(plan.keySpace)
      if let node { key = key / plan.nodeCount * plan.nodeCount + node }
      if key < plan.keySpace && !database.rows[table].isLive(key) { return key }
    }
    return nil
  }

  /// The node that alone may change a key; nil: any may.
  private func home(of key: Int) -> Int? { plan.nodesShareKeys ? nil : key % plan.nodeCount }

  // MARK: Operations

  private mutating func insert(_ table: Int, _ key: Int, isSnapshot: Bool, continues: Bool) {
    var event = begin(table, .insert, key: key, newKey: key)
    event.isSnapshot = isSnapshot
    event.isFlat = isSnapshot && plan.snapshot == .flat
    if !isSnapshot { stamp(&event, continues: continues) }
    database.rows[table].insert(key, time: isSnapshot ? nil : event.time)
    let style = imageStyle()
    for column in event.exists.indices {
      let cell = newCell(table, column, key: key)
      database.rows[table].set(key, column, to: cell)
      event.after[column] = cell
      // Sources that write what was assigned leave out what was not.
      event.exists[column] = cell == 0 && style == .minimal && random.chance(50) ? 0 : 1
    }
    finish(&event)
  }

  private mutating func delete(_ table: Int, _ key: Int, continues: Bool) {
    var event = begin(table, .delete, key: key, newKey: key)
    stamp(&event, continues: continues)
    let style = imageStyle()
    let hasAll = style == .full || style == .allThenUpdated
    for column in event.exists.indices where hasAll || tables[table].columns[column].isKey {
      event.exists[column] = 2
      event.before[column] = database.rows[table].cell(key, column)
    }
    database.rows[table].delete(key)
    finish(&event)
  }

  private mutating func update(_ table: Int, _ key: Int, to newKey: Int, continues: Bool) {
    var event = begin(table, .update, key: key, newKey: newKey)
    stamp(&event, continues: continues)
    for column in event.exists.indices {
      event.before[column] = database.rows[table].cell(key, column)
    }
    if newKey != key { database.rows[table].move(key, to: newKey) }
    let style = imageStyle()
    let isIdle = random.chance(plan.idleShare)
    for column in event.exists.indices {
      let isKey = tables[table].columns[column].isKey
      var isAssigned = false
      if isKey {
        let cell = keyCell(table, column, key: newKey)
        isAssigned = cell != event.before[column]
        database.rows[table].set(newKey, column, to: cell)
      } else if random.chance(40) {
        isAssigned = true
        if !isIdle {
          database.rows[table].set(newKey, column, to: newCell(table, column, key: newKey))
        }
      }
      event.after[column] = database.rows[table].cell(newKey, column)
      event.exists[column] = Self.exists(style, isKey: isKey, isAssigned: isAssigned)
      if event.exists[column] & 1 == 0 { event.after[column] = 0 }
      if event.exists[column] & 2 == 0 { event.before[column] = 0 }
    }
    finish(&event)
  }

  private static func exists(_ style: ImageStyle, isKey: Bool, isAssigned: Bool) -> UInt8 {
    switch style {
    case .full, .mixed: 3
    case .minimal: isKey ? (isAssigned ? 3 : 2) : (isAssigned ? 1 : 0)
    case .keyThenAll: isKey ? 3 : 1
    case .allThenUpdated: isAssigned ? 3 : 2
    }
  }

  private mutating func imageStyle() -> ImageStyle {
    guard plan.images == .mixed else { return plan.images }
    return [.full, .minimal, .keyThenAll, .allThenUpdated][random.below(4)]
  }

  private mutating func newCell(_ table: Int, _ column: Int, key: Int) -> Cell {
    if tables[table].columns[column].isKey { return keyCell(table, column, key: key) }
    return random.chance(plan.nullShare) ? 0 : random.next() | 1 << 40
  }

  private func keyCell(_ table: Int, _ column: Int, key: Int) -> Cell {
    let part = tables[table].keyColumns.firstIndex(of: column) ?? 0
    return tables[table].keyCell(key, part: part)
  }

  // MARK: The log

  private func begin(
    _ table: Int, _ operation: LogOperation, key: Int, newKey: Int
  ) -> LogEvent {
    let definition = tables[table]
    let count = isPastHalf ? definition.columns.count : definition.initialColumnCount
    var event = LogEvent()
    event.table = table
    event.operation = operation
    event.key = key
    event.newKey = newKey
    event.exists = Array(repeating: 0, count: count)
    event.before = Array(repeating: 0, count: count)
    event.after = Array(repeating: 0, count: count)
    return event
  }

  private mutating func stamp(_ event: inout LogEvent, continues: Bool) {
    let node = plan.nodesShareKeys ? random.below(plan.nodeCount) : event.key % plan.nodeCount
    clock.stamp(&event, node: node, continues: continues && node == lastNode)
    lastNode = node
    if !isLost { loggedCount += 1 }
  }

  private mutating func finish(_ event: inout LogEvent) {
    if isLost { return }
    // Flat rows have no counter to count them.
    if !event.isFlat {
      counts[event.table].count(event.operation)
      globalCounts.count(event.operation)
    }
    event.counts = plan.counters == .global ? globalCounts : counts[event.table]
    queue.append(event)
  }
}
