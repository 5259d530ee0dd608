/// Invents the tables of a world.
struct TableMaker {
  private let plan: WorldPlan
  private var random: SeededRandom

  init(plan: WorldPlan) {
    self.plan = plan
    random = SeededRandom(seed: plan.seed, stream: 7)
  }

  /// The plan's tables, the heartbeat's last.
  mutating func makeTables() -> [WorldTable] {
    var names = plan.hasHostileNames ? Self.hostileTableNames : Self.plainTableNames
    if plan.hasHostileNames { random.shuffle(&names) }
    var tables: [WorldTable] = []
    for index in 0..<plan.tableCount {
      let name = names[index % names.count]
      let isRepeated = index >= names.count
      tables.append(makeTable(named: isRepeated ? "\(name)_\(index)" : name, index: index))
    }
    if plan.hasHeartbeat { tables.append(makeHeartbeat()) }
    return tables
  }

  private mutating func makeTable(named name: String, index: Int) -> WorldTable {
    var columnNames = plan.hasHostileNames ? Self.hostileColumnNames : Self.plainColumnNames
    random.shuffle(&columnNames)
    let valueCount = random.within(plan.valueColumns)
    let keyCount = keyCount()
    var columns = (0..<valueCount).map { column in
      WorldColumn(
        name: nextName(&columnNames, column), content: valueContent(column))
    }
    let partCount = max(2, squareRoot(of: plan.keySpace) + 1)
    let keyNames = (0..<keyCount).map { keyName(&columnNames, table: name, part: $0) }
    for (part, keyName) in keyNames.enumerated() {
      let content = keyContent(isPart: keyCount > 1, partCount: partCount)
      // Among the first columns, but not always the first; a column added later stays last.
      let place = random.chance(60) ? min(part, columns.count) : random.below(columns.count)
      columns.insert(WorldColumn(name: keyName, content: .key(content)), at: place)
    }
    let added = plan.addsColumn && index % 2 == 0 && !columns[columns.count - 1].isKey
    let (catalog, schema) = namespace
    return WorldTable(
      catalog: catalog, schema: schema, name: name, columns: columns,
      keyColumns: keyNames.map { key in columns.firstIndex { $0.name == key } ?? 0 },
      initialColumnCount: columns.count - (added && valueCount > 1 ? 1 : 0),
      partCount: partCount, isHousekeeping: false)
  }

  private func makeHeartbeat() -> WorldTable {
    let (catalog, schema) = namespace
    return WorldTable(
      catalog: catalog, schema: schema, name: "replicate_io_cdc_heartbeat",
      columns: [WorldColumn(name: "timestamp", content: .key(.heartbeat))], keyColumns: [0],
      initialColumnCount: 1, partCount: 2, isHousekeeping: true)
  }

  private var namespace: (catalog: String?, schema: String?) {
    switch plan.source {
    case .mysql: ("shop", "default_schema")
    case .cassandra: (nil, "shop_space")
    case .mongodb: ("shop", "default_schema")
    case .ase: ("testdb", "tester")
    case .informix: ("stores", "informix")
    }
  }

  private mutating func keyCount() -> Int {
    switch plan.keys {
    case .single: 1
    case .compound: random.within(2...3)
    case .mixed: random.chance(60) ? 1 : random.within(2...3)
    }
  }

  private mutating func keyContent(isPart: Bool, partCount: Int) -> KeyStyle {
    var styles: [KeyStyle] = [.integer, .name]
    if plan.hasHostileValues {
      styles += [.padded, .lookalike, .accented, .hostile]
      if isPart && plan.keySpace <= 400 { styles += [.unary, .unary, .unary] }
    }
    return styles[random.below(styles.count)]
  }

  private mutating func valueContent(_ column: Int) -> CellContent {
    if plan.hasHostileValues && random.chance(60) { return .hostile(plan.longValueBytes) }
    let choices: [CellContent] = [
      .words(plan.textBytes), .integer, .decimal, .words(plan.textBytes), .moment, .flag,
      .words(plan.textBytes), .words(plan.textBytes),
    ]
    return choices[column % choices.count]
  }

  private func nextName(_ names: inout [String], _ index: Int) -> String {
    names.popLast() ?? "column_\(index)"
  }

  // A `--key` argument separates with commas and equals signs, so names of key columns have none.
  private func keyName(_ names: inout [String], table: String, part: Int) -> String {
    if !plan.hasHostileNames { return part == 0 ? "id" : "part_\(part)" }
    guard let place = names.lastIndex(where: { !$0.contains(",") && !$0.contains("=") }) else {
      return "key_\(part)"
    }
    return names.remove(at: place)
  }

  private func squareRoot(of number: Int) -> Int {
    var root = 1
    while (root + 1) * (root + 1) <= number { root += 1 }
    return root
  }

  private static let plainTableNames = [
    "orders", "customers", "items", "payments", "nation", "region", "shipments", "suppliers",
    "reviews", "stock", "prices", "carts",
  ]

  // Different to SQLite too, which ignores the case of ASCII letters; without what paths, globs
  // and `--key` give a meaning to.
  private static let hostileTableNames = [
    "order", "Group By", "ta\"ble", "o'clock", "\u{DC}n\u{EF}c\u{F6}d\u{E9}", "select", "semi;colon",
    "year_2024", "dash-ed", "100%", "back`tick", "\u{6CE8}\u{6587}", "null", "Mixed Case", "t_1",
    "\u{1F991}",
  ]

  private static let plainColumnNames = [
    "name", "status", "amount", "created_at", "note", "quantity", "city", "email", "category",
    "updated_by", "discount", "comment",
  ]

  private static let hostileColumnNames = [
    "order", "Group", "quo\"te", "apo'strophe", "back\\slash", "na\u{EF}ve", "\u{65E5}\u{4ED8}",
    "with space", "UPPER", "semi;colon", "tab\there", "a.b", "percent%", "$dollar", "1st",
    "\u{1F600}", "null", "exists", "before", "after", "opType", "cursor", "_underscore", "rowid",
    "comma,ed", "equals=sign", "brace}{", "[bracket]", "tableName", "oid", "values", "line's \"end\"",
  ]
}
