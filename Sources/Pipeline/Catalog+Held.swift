package import ChangeModel
import CollectionStore
import RecordFormats

/// What keeps a table's changes back, and what a person can do about it.
extension Catalog.Entry {
  /// Whether the table waits for its key to be known.
  var waitsForKey: Bool {
    key == nil && held == nil && !plan.isSkipped
  }

  /// Takes over what the store knows of a collection.
  mutating func take(_ collection: Collection) {
    storeID = collection.id
    name = collection.name
    key = collection.key
    keyOrigin = collection.keyOrigin
    columns = collection.columns
    storedColumnCount = columns.count
    for (index, column) in columns.enumerated() { columnIndexes[column.source] = index }
    guard let wanted = plan.key, wanted != collection.key else { return }
    held = HeldTable(
      table: name, reason: .keyContradicted, changes: 0,
      cause: "its rows are keyed by \(collection.key.text), and \(wanted.text) is asked for now",
      evidence: [],
      hint:
        "Leave the key as it is, or make the table anew: replay --rebuild \(ShellText.word(name))")
  }

  /// Holds the table when its key was inferred and later records speak against it.
  mutating func checkKey() {
    guard held == nil, keyOrigin == .inferred, case .columns(let columns)? = key,
      evidence.contradicts(inferredKey: columns)
    else { return }
    proposeKeys()
    held = HeldTable(
      table: name, reason: .keyContradicted, changes: 0,
      cause: "its key was taken to be \(columns.joined(separator: ",")), "
        + "and later records name other columns to find their rows",
      evidence: candidates + [columnEvidence],
      hint: "Say what the key is: --key \(keyFlag(KeyRule.columns(columns).text))")
  }

  /// Whether its rows can be made anew in this run.
  var canBeRebuilt: Bool {
    !plan.isSkipped && !isHeld
  }

  /// Whether its changes wait for what a person must give: whether there is a ``reasonToHold``.
  var isHeld: Bool {
    held != nil || key == nil || hasUnreadableCursor || hasUnknownKeyColumn
  }

  /// Looks for keys that it may have, by all that was seen so far.
  mutating func proposeKeys() {
    if proposals == nil { proposals = evidence.keyCandidates }
  }

  /// Whether its changes are left out, and may be wanted another time.
  var isLeftOut: Bool {
    plan.isSkipped && !Configuration.isHousekeeping(source)
  }

  /// Whether the key that was asked for names a column that the table does not have.
  var hasUnknownKeyColumn: Bool { unknownKeyColumn != nil }

  private var unknownKeyColumn: String? {
    guard storeID == nil, case .columns(let names)? = key, !columns.isEmpty else { return nil }
    let known = Set(columns.map { $0.source.lowercased() })
    return names.first { !known.contains($0.lowercased()) }
  }

  /// Why the table's changes wait; nil when they do not.
  var reasonToHold: HeldTable? {
    if let held { return held }
    if let column = unknownKeyColumn {
      return HeldTable(
        table: name, reason: .keyUnknown, changes: 0, cause: "it has no column \(column)",
        evidence: [columnEvidence], hint: "Say what its key is: --key \(keyFlag("COL,COL"))")
    }
    if hasUnreadableCursor {
      return HeldTable(
        table: name, reason: .orderUnknown, changes: 0,
        cause: "its cursor is of a source whose fields were never published",
        evidence: cursorEvidence.proposals.map {
          "\($0.path): in each of \(cursorEvidence.recordCount) cursors"
        },
        hint: """
          Say which fields put its changes in order, in the configuration file:
          collections:
            \(name): {order: [\(cursorProposal)]}
          """)
    }
    if key == nil {
      return HeldTable(
        table: name, reason: .keyUnknown, changes: 0, cause: "nothing says what its key is",
        evidence: candidates + [columnEvidence], hint: keyHint)
    }
    return nil
  }

  private var cursorProposal: String {
    let fields = cursorEvidence.proposals.map { "{path: \($0.path), kind: \($0.kind.rawValue)}" }
    return fields.isEmpty ? "{path: cursor.FIELD, kind: int}" : fields.joined(separator: ", ")
  }

  private var candidates: [String] {
    (proposals ?? []).map {
      "\($0.columns.joined(separator: ",")): \($0.evidence)"
    }
  }

  /// The table's columns by name, for whoever has to choose among them.
  private var columnEvidence: String {
    let names = columns.prefix(Self.columnsNamed).map(\.source)
    let rest = columns.count > names.count ? " and \(columns.count - names.count) more" : ""
    return "its columns: \(names.joined(separator: ", "))\(rest)"
  }

  private static let columnsNamed = 40

  /// What to do about a key that nobody knows.
  private var keyHint: String {
    if let best = proposals?.first {
      return "Say what the key is: --key \(keyFlag(best.columns.joined(separator: ",")))"
    }
    let cause =
      evidence.insertCount == 0
      ? "No insert was seen that could tell."
      : "No column tells its inserts apart, nor do two or three together."
    return """
      \(cause) Say what the key is: --key \(keyFlag("COL,COL"))
      or that it has none: --key \(keyFlag("@row")) (equal rows are counted), \
      or --key \(keyFlag("@append")) (every insert is a row)
      """
  }

  /// `nation=n_nationkey`, quoted for a shell where it must be.
  private func keyFlag(_ rule: String) -> String { ShellText.word("\(name)=\(rule)") }
}

extension Catalog.Entry {
  /// A key that was asked for, of a table that has another; nil where there is none.
  var ignoredKey: String? {
    guard let held, held.reason == .keyContradicted, held.changes == 0, storeID != nil else {
      return nil
    }
    return "\(name): \(held.cause)\n\(held.hint)"
  }
}

extension HeldTable {
  /// What the store remembers of a table that waits.
  init(_ hold: Hold) {
    let reason = Reason(rawValue: hold.reason) ?? .keyUnknown
    self.init(
      table: reason == .nameTaken ? hold.source.description : hold.name, reason: reason,
      changes: hold.changes, cause: hold.cause, evidence: hold.evidence, hint: hold.hint)
  }

  /// A table whose names SQLite cannot take.
  init(_ problem: NameProblem, table: String, changes: Int) {
    let isTable =
      switch problem.kind {
      case .unusableTable, .takenTable: true
      default: false
      }
    self.init(
      table: isTable ? problem.source.description : table,
      reason: isTable ? .nameTaken : .columnNames, changes: changes,
      cause: problem.cause, evidence: [], hint: problem.hint)
  }

  /// What the store keeps of it.
  func hold(of source: SourceTable, name: String) -> Hold {
    Hold(
      source: source, name: name, reason: reason.rawValue, changes: changes, cause: cause,
      evidence: evidence, hint: hint)
  }
}

extension KeyRule {
  /// The rule as it is written behind `--key TABLE=`.
  package var text: String {
    switch self {
    case .columns(let columns): columns.joined(separator: ",")
    case .wholeRow: "@row"
    case .append: "@append"
    }
  }
}
