import ChangeModel
import RecordFormats
import Testing

/// Numbers from a seed.
struct SeededNumbers {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(_ bound: Int) -> Int {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int((mixed ^ (mixed >> 31)) % UInt64(bound))
  }
}

/// Valid files with a few bytes changed: nothing traps, nothing vanishes, and no record suffers for
/// another's damage.
struct FuzzTests {
  static let bytes: [UInt8] =
    Array("{}[]\",:\\0123456789aue-+. \r\t".utf8) + [0, 1, 0x7F, 0x80, 0xC3, 0xFF]

  /// Changes one to three bytes of a record: replaced, removed, or inserted.
  private func mutate(
    _ record: inout [UInt8], _ numbers: inout SeededNumbers, allowsNewline: Bool
  ) {
    for _ in 0...numbers.next(3) where !record.isEmpty {
      let place = numbers.next(record.count)
      let byte =
        allowsNewline && numbers.next(20) == 0
        ? 0x0A : Self.bytes[numbers.next(Self.bytes.count)]
      switch numbers.next(4) {
      case 0: record.remove(at: place)
      case 1: record.insert(byte, at: place)
      case 2: record.removeSubrange(place..<min(record.count, place + numbers.next(40)))
      default: record[place] = byte
      }
    }
  }

  /// A change without its index, which damage before it may shift.
  private func withoutPlace(_ change: Decoded) -> Decoded {
    var change = change
    change.recordIndex = 0
    return change
  }

  private func check(
    _ records: [[UInt8]], separator: [UInt8], file: FileContext, seed: UInt64, rounds: Int,
    allowsNewline: Bool, plan: @escaping @Sendable (SourceTable) -> TablePlan
  ) {
    var numbers = SeededNumbers(seed: seed)
    let clean = decode(Array(records.joined(separator: separator)) + separator, file, plan: plan)
    #expect(clean.changes.count == records.count && clean.end == .complete)
    for round in 0..<rounds {
      let victim = numbers.next(records.count)
      var mutated = records
      mutate(&mutated[victim], &numbers, allowsNewline: allowsNewline)
      let text = Array(mutated.joined(separator: separator)) + separator
      let step = [Int.max, 700, 64][numbers.next(3)]
      let outcome = decode(text, file, step: step, plan: plan)
      if case .failed = outcome.end { Issue.record("seed \(seed), round \(round): \(outcome.end)") }
      let accounted = outcome.changes.count + outcome.quarantined.count
      #expect(accounted == outcome.recordCount, "seed \(seed), round \(round)")
      let kept = outcome.changes.map { withoutPlace($0) }
      for (index, expected) in clean.changes.enumerated() where index != victim {
        if !kept.contains(withoutPlace(expected)) {
          Issue.record(
            """
            seed \(seed), round \(round), step \(step): record \(index) is lost after a change of \
            record \(victim): \(String(decoding: mutated[victim], as: UTF8.self)); \
            \(outcome.quarantined.map(\.reason)) \(outcome.end)
            """)
          return
        }
      }
    }
  }

  // Any trap on hostile bytes ends the whole program; any lost neighbour is a wrong table.
  @Test(arguments: [UInt64(1), 2, 3, 4])
  func `JSON lines with damaged records keep all the others`(_ seed: UInt64) {
    let lines = (Samples.nation + Samples.native + Samples.nation).map { Array($0.utf8) }
    check(
      lines, separator: [0x0A], file: FileContext(name: "x_1.json"), seed: seed, rounds: 1500,
      allowsNewline: true
    ) { table in
      var plan = TablePlan()
      plan.key = .columns([table.name == "nation" ? "n_nationkey" : "r_regionkey"])
      return plan
    }
  }

  // Without line ends only the text itself shows where the next record begins.
  @Test func `concatenated records with a damaged one keep all the others`() {
    let records = (Samples.nation + Samples.nation).map { Array($0.utf8) }
    check(
      records, separator: [], file: FileContext(name: "x_1.json"), seed: 5, rounds: 1500,
      allowsNewline: false, plan: keyed(.columns(["n_nationkey"])))
  }

  @Test func `CSV rows with a damaged one keep all the others`() {
    var file = FileContext(name: "r.part_1.csv", tableByPath: SourceTable(name: "region"))
    file.metadata = ArcionObjectMetadata()
    let rows = (Samples.cassandraCSV + Samples.cassandraCSV).map { Array($0.utf8) }
    for seed in [UInt64(6), 7] {
      check(
        rows, separator: [0x0A], file: file, seed: seed, rounds: 1500, allowsNewline: true
      ) { _ in
        var plan = TablePlan()
        plan.key = .columns(["r_regionkey"])
        plan.csv.columns = ["r_comment", "r_name", "r_regionkey"]
        plan.csv.hasHeader = false
        return plan
      }
    }
  }

  // Bytes that never were a file of ours.
  @Test func `noise neither traps nor vanishes`() {
    var numbers = SeededNumbers(seed: 8)
    for round in 0..<3000 {
      let text = (0..<numbers.next(300)).map { _ in
        numbers.next(3) == 0 ? UInt8(numbers.next(256)) : Self.bytes[numbers.next(Self.bytes.count)]
      }
      let name = ["x.json", "x.csv", "x"][round % 3]
      var plan = TablePlan()
      plan.key = .columns(["a"])
      plan.csv.columns = ["a", "b"]
      let fixed = plan
      let file = FileContext(name: name, tableByPath: SourceTable(name: "t"))
      let outcome = decode(text, file, step: 1 + numbers.next(90)) { _ in fixed }
      #expect(outcome.changes.count + outcome.quarantined.count == outcome.recordCount)
      #expect(outcome.end != .reading)
    }
  }

  // A record that matches a template is not walked: what the general way would refuse or read
  // otherwise must not slip through.
  @Test func `templates give what the general way gives`() {
    let records = (Samples.nation + Samples.region + Samples.native).map { Array($0.utf8) }
    var numbers = SeededNumbers(seed: 9)
    let plan: @Sendable (SourceTable) -> TablePlan = { table in
      var plan = TablePlan()
      plan.key = .columns([table.name == "nation" ? "n_nationkey" : "r_regionkey"])
      return plan
    }
    for round in 0..<4000 {
      var record = records[numbers.next(records.count)]
      for _ in 0...numbers.next(2) {
        let place = numbers.next(record.count)
        let byte = Self.bytes[numbers.next(Self.bytes.count)]
        if numbers.next(2) == 0 { record[place] = byte } else { record.insert(byte, at: place) }
      }
      record.append(0x0A)
      var warm = WarmDecoder(plan, FileContext(name: "x_1.json"))
      warm.learn(Samples.lines(Samples.nation + Samples.region + Samples.native))
      guard warm.isLikeCold(record) else {
        Issue.record("round \(round): \(record.shown)")
        return
      }
    }
  }

  // The same of records that name other columns each time.
  @Test(arguments: ["x_1.json", "x.csv"])
  func `open templates give what the general way gives`(_ name: String) {
    var numbers = SeededNumbers(seed: 12)
    let file = FileContext(name: name, tableByPath: SourceTable(name: "t"))
    var plan = TablePlan()
    plan.key = .columns(["id"])
    plan.csv.columns = ["id", "a", "b", "c"]
    let fixed = plan
    for _ in 0..<40 {
      var warm = WarmDecoder({ _ in fixed }, file)
      warm.learn((0..<80).flatMap { _ in PartialRecord(&numbers).bytes(asCSV: name == "x.csv") })
      for round in 0..<200 {
        var record = PartialRecord(&numbers).bytes(asCSV: name == "x.csv")
        if numbers.next(2) == 0 {
          let place = numbers.next(record.count - 1)
          let byte = Self.bytes[numbers.next(Self.bytes.count)]
          if numbers.next(2) == 0 { record[place] = byte } else { record.insert(byte, at: place) }
        }
        guard warm.isLikeCold(record) else {
          Issue.record("round \(round): \(record.shown)")
          return
        }
      }
    }
  }
}

/// A decoder that has learned templates from other records.
private struct WarmDecoder: ~Copyable {
  private let plan: @Sendable (SourceTable) -> TablePlan
  private let file: FileContext
  private var decoder: RecordDecoder

  init(_ plan: @escaping @Sendable (SourceTable) -> TablePlan, _ file: FileContext) {
    self.plan = plan
    self.file = file
    decoder = RecordDecoder(plan: plan)
  }

  mutating func learn(_ records: [UInt8]) { _ = decode(records) }

  /// Whether a record is decoded as it is by one that has seen no other.
  mutating func isLikeCold(_ record: [UInt8]) -> Bool {
    var cold = RecordFormatsTests.decode(record, file, plan: plan)
    (cold.evidence, cold.cursors) = ([:], [:])
    return cold == decode(record)
  }

  private mutating func decode(_ records: [UInt8]) -> Outcome {
    decoder.begin(file)
    var outcome = RecordFormatsTests.decode(records, with: &decoder)
    (outcome.evidence, outcome.cursors) = ([:], [:])
    return outcome
  }
}

/// A change that names some of its table's columns.
private struct PartialRecord {
  private var operation: String
  private var columns: [(name: String, before: String, after: String, exists: Int)] = []
  private var log: Int
  private var position: Int

  init(_ numbers: inout SeededNumbers) {
    operation = ["I", "U", "U", "U", "U", "U", "D", "R"][numbers.next(8)]
    log = numbers.next(3)
    position = numbers.next(1_000_000)
    for name in ["id", "a", "b", "c"] {
      let key = "k\(numbers.next(5))"
      var values = [key, "null", "x", "", "say \"hi\"", "a,b", "back\\slash", "NULL"]
      if name == "id" { values = [key, key, key, key, key, key, "null", "q\"k"] }
      let before = values[numbers.next(8)]
      let after = name == "id" && numbers.next(4) > 0 ? before : values[numbers.next(8)]
      columns.append((name, before, after, numbers.next(4)))
    }
  }

  func bytes(asCSV isCSV: Bool) -> [UInt8] {
    let cursor =
      #"{"extractorId":0,"timestamp":1657516978000,"log":"log-bin.00000\#(log)","#
      + #""position":\#(position),"logSeqNum":1,"slaveServerId":1,"v":2}"#
    let counts = #"{"insertCount":\#(position % 7),"updateCount":1,"deleteCount":2}"#
    return Array(((isCSV ? row(cursor, counts) : object(cursor, counts)) + "\n").utf8)
  }

  private func object(_ cursor: String, _ counts: String) -> String {
    func text(_ text: String) -> String {
      "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }
    func members(_ value: ((name: String, before: String, after: String, exists: Int)) -> String)
      -> String
    {
      "{" + columns.map { "\(text($0.name)):\(value($0))" }.joined(separator: ",") + "}"
    }
    return #"{"tableName":{"namespace":{"catalog":"s"},"name":"t"},"opType":"\#(operation)","#
      + #""cursor":\#(text(cursor)),"before":\#(members { text($0.before) }),"#
      + #""after":\#(members { text($0.after) }),"#
      + #""exists":\#(members { text(String($0.exists)) }),"operationcount":\#(text(counts))}"#
  }

  private func row(_ cursor: String, _ counts: String) -> String {
    func field(_ text: String) -> String {
      if text == "null" { return "NULL" }
      guard text.contains(where: { ",\"".contains($0) }) || text == "NULL" else { return text }
      return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
    let triplets = columns.map {
      "\(field($0.after)),\(field($0.before)),\($0.exists)"
    }
    return (triplets + [operation, field(cursor), field(counts)]).joined(separator: ",")
  }
}

extension [UInt8] {
  /// The bytes as a text that shows what cannot be seen.
  fileprivate var shown: String { String(decoding: self, as: UTF8.self).debugDescription }
}
