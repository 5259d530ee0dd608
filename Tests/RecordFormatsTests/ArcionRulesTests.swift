import ChangeModel
import RecordFormats
import Testing

/// Presence, keys, positions and order rules, beyond what the published records show.
struct ArcionRulesTests {
  private func record(
    op: String = "U", cursor: String? = #"{"log":"b.000001","position":5,"logSeqNum":2}"#,
    before: String? = nil, after: String? = nil, exists: String? = nil, count: String? = nil
  ) -> String {
    var text = #"{"tableName":{"namespace":{"catalog":"c","schema":"s"},"name":"t"},"opType":""#
    text += op + "\""
    if let cursor { text += ",\"cursor\":" + cursor }
    if let before { text += ",\"before\":" + before }
    if let after { text += ",\"after\":" + after }
    if let exists { text += ",\"exists\":" + exists }
    if let count { text += ",\"operationcount\":" + count }
    return text + "}"
  }

  /// Decodes a record, and again when a template was learned from its like.
  private func one(_ text: String, _ rule: KeyRule? = .columns(["k"])) -> Outcome {
    let twice = decode(Samples.lines([text, text]), plan: keyed(rule))
    var first = twice
    first.changes = Array(twice.changes.prefix(1))
    first.quarantined = Array(twice.quarantined.prefix(1))
    if twice.changes.count == 2 {
      var again = twice.changes[1]
      again.recordIndex = 0
      #expect(again == twice.changes[0])
    } else {
      #expect(twice.quarantined.count == 2)
    }
    return first
  }

  // A moved key that is taken for an update leaves the old row behind.
  @Test func `an update that changes the key is a move, with all parts`() {
    let full = one(
      record(
        before: #"{"k":"1","j":"7","v":"a"}"#, after: #"{"k":"2","j":"7","v":"a"}"#,
        exists: #"{"k":"3","j":"3","v":"3"}"#), .columns(["k", "j"]))
    #expect(full.changes.first?.key == "\u{2}\u{1}2\u{1}7")
    #expect(full.changes.first?.oldKey == "\u{2}\u{1}1\u{1}7")
    let partial = one(
      record(
        before: #"{"k":"1","j":"7"}"#, after: #"{"k":"2","j":"null"}"#,
        exists: #"{"k":"3","j":"2"}"#), .columns(["k", "j"]))
    #expect(partial.changes.first?.key == "\u{2}\u{1}2\u{1}7")
    #expect(partial.changes.first?.oldKey == "\u{2}\u{1}1\u{1}7")
    let native = one(record(before: #"{"k":"1"}"#, after: #"{"k":"2"}"#))
    #expect(native.changes.first?.oldKey == "1" && native.changes.first?.key == "2")
  }

  // A text of a length that is written otherwise would be cut, or take the next one's beginning.
  @Test(arguments: [0, 1, 30, 31, 32, 254, 255, 256, 65_535, 65_536, 300_000])
  func `texts of any length come back, and what stands behind them`(length: Int) {
    for isEscaped in [false, true] {
      let text = String(repeating: "x", count: length)
      let written = isEscaped ? text + #"\n"# : text
      let expected = "'" + text + (isEscaped ? "\n" : "") + "'"
      let outcome = one(
        record(
          op: "I", after: #"{"k":"1","a":"\#(written)","b":"\#(written)","c":"end"}"#,
          exists: #"{"k":"1","a":"1","b":"1","c":"1"}"#))
      #expect(
        outcome.changes.first?.values == ["k": "'1'", "a": expected, "b": expected, "c": "'end'"])
    }
  }

  // A guessed key part would merge rows that have nothing in common.
  @Test func `a missing or NULL key part is quarantined and names the column`() {
    let missing = one(record(op: "I", after: #"{"v":"1"}"#, exists: #"{"v":"1"}"#))
    #expect(missing.quarantined.first?.reason == "the record lacks key column k")
    let null = one(record(op: "I", after: #"{"k":"null"}"#, exists: #"{"k":"1"}"#))
    #expect(null.quarantined.first?.reason == "the record has NULL in key column k")
    #expect(null.quarantined.first?.table?.description == "c.s.t")
  }

  // `exists` decides, never the marker.
  @Test func `presence comes from exists, and the marker is NULL`() {
    let outcome = one(
      record(
        before: #"{"k":"1","a":"null","b":"x","c":"null"}"#,
        after: #"{"k":"null","a":"null","b":"y","c":"z"}"#,
        exists: #"{"k":"2","a":"1","b":"0","c":"3"}"#))
    #expect(outcome.changes.first?.values == ["k": "'1'", "a": "NULL", "c": "'z'"])
    for exists in [#"{"k":"2"}"#, #"{"k":"2","a":"4"}"#, #"{"k":"2","a":"1","q":"1"}"#] {
      let broken = one(record(before: #"{"k":"1"}"#, after: #"{"a":"1"}"#, exists: exists))
      #expect(broken.quarantined.count == 1)
    }
  }

  // Replace has no published letter; anything with an after-image is how the row looks now.
  @Test func `an unknown operation with an after-image is an upsert, without one quarantined`() {
    let replace = one(record(op: "R", after: #"{"k":"1","v":"2"}"#, exists: #"{"k":"1","v":"1"}"#))
    #expect(replace.changes.first?.operation == .upsert && replace.changes.first?.key == "1")
    let empty = one(record(op: "X", before: #"{"k":"1"}"#, exists: #"{"k":"0"}"#))
    #expect(empty.quarantined.first?.reason.contains("unknown operation") == true)
  }

  // A snapshot row of `full` mode has the log's shape and no cursor.
  @Test(arguments: [nil, "null", "\"\"", "\"null\""] as [String?])
  func `a record without a cursor is of the snapshot`(_ cursor: String?) {
    let outcome = one(
      record(op: "I", cursor: cursor, after: #"{"k":"1"}"#, exists: #"{"k":"1"}"#))
    #expect(outcome.changes.first?.isSnapshot == true)
    #expect(outcome.changes.first?.position == .zero && outcome.changes.first?.lineage == "")
  }

  // Each kind's fields in their order; numbers beyond 2^53 exactly.
  @Test(arguments: [
    (
      #"{"extractorId":0,"replicaSetName":"mongors1","resumeToken":6868517489379115009,"seqNum":3,"v":1,"timestamp":1599201348000}"#,
      Position(6_868_517_489_379_115_009, 3), "mongodb:mongors1"
    ),
    (
      #"{"extractorId":2,"timestamp":1594378633405,"transactionNum":45,"seqNum":738842783900,"startSeqNumForOldestUncommitedTxn":738842783768,"v":1}"#,
      Position(738_842_783_900, 0, 0, 45), "informix:2"
    ),
    (
      #"{"extractorId":0,"timestamp":1599201466000,"log":"mariadb-bin.1000000 ","position":36574666,"logSeqNum":1000,"slaveServerId":1,"v":1}"#,
      Position(1_000_000, 36_574_666, 1000), "mysql:mariadb-bin"
    ),
    (
      #"{"extractorId":0,"transactionLogPageNumber":901,"transactionLogRowNumber":145,"operationLogPageNumber":901,"operationLogRowNumber":146,"catalogName":"testdb","timestamp":1,"v":0}"#,
      Position(7, 901, 146, 901 << 16 ^ 145), "ase:testdb"
    ),
    (
      #"{"resumeToken":18446744073709551615,"replicaSetName":""}"#, Position(.max), "mongodb:"
    ),
  ])
  func `published cursors give their position`(
    _ cursor: String, _ position: Position, _ lineage: String
  ) {
    let quoted = "\"" + cursor.replacing("\"", with: "\\\"") + "\""
    for form in [cursor, quoted] {
      let outcome = one(
        record(
          cursor: form, before: #"{"k":"1"}"#, after: #"{"k":"1"}"#, exists: #"{"k":"3"}"#,
          count: #"{"insertCount":3,"updateCount":4}"#))
      #expect(outcome.changes.first?.position == position)
      #expect(outcome.changes.first?.lineage == lineage)
      #expect(outcome.changes.first?.counter == 7)
    }
  }

  // A number that wraps around would rank a change anywhere.
  @Test(arguments: [
    #"{"log":"b.1","position":18446744073709551616}"#, #"{"log":"b.1","position":-1}"#,
    #"{"log":"b.1","position":1.5}"#,
    #"{"log":"b.1","position":1,"timestamp":9223372036854775807}"#,
    #"{"log":"","position":1,"logSeqNum":1}"#, #"{"log":"b.1","logSeqNum":1}"#,
    #"{"log":"b.18446744073709551616","position":1,"logSeqNum":1}"#,
    #"{"dscId":1,"mutId":null}"#, #"[1]"#, "\"{]\"", "7",
  ])
  func `cursors that do not fit are quarantined`(_ cursor: String) {
    let outcome = one(record(cursor: cursor, before: #"{"k":"1"}"#, after: #"{"k":"1"}"#))
    #expect(outcome.quarantined.count == 1)
    let count = one(
      record(
        before: #"{"k":"1"}"#, after: #"{"k":"1"}"#,
        count: #"{"insertCount":9223372036854775807,"updateCount":1}"#))
    #expect(count.quarantined.first?.reason.contains("operationcount") == true)
  }

  // An unpublished cursor must not be taken for a missing one, and its fields are what to propose.
  @Test func `an unreadable cursor is flagged and its rising fields proposed`() {
    let lines = (1...5).map {
      record(
        cursor: #"{"extractorId":1,"scn":\#($0 * 1000),"thread":\#($0 % 2),"lsn":"0/\#($0)F"}"#,
        before: #"{"k":"1"}"#, after: #"{"k":"1"}"#)
    }
    let outcome = decode(Samples.lines(lines), plan: keyed(.columns(["k"])))
    #expect(outcome.changes.allSatisfy { $0.isUnreadable && !$0.isSnapshot })
    let evidence = outcome.cursors["c.s.t"]
    #expect(
      evidence?.proposals
        == [
          OrderField(path: "cursor.lsn", kind: .pgLSN), OrderField(path: "cursor.scn", kind: .int),
        ])
  }

  // The way out for sources whose cursors nobody published.
  @Test func `order fields fill the position`() {
    var plan = TablePlan()
    plan.key = .columns(["k"])
    plan.order = .fields([
      OrderField(path: "cursor.lsn", kind: .pgLSN), OrderField(path: "after.v", kind: .hex),
      OrderField(path: "operationcount.insertCount", kind: .int),
    ])
    let fixed = plan
    let text = record(
      cursor: #"{"extractorId":1,"lsn":"16/B374D848"}"#,
      after: #"{"k":"1","v":"0x1-0000000000000002"}"#,
      count: #"{"insertCount":9}"#)
    let outcome = decode(Samples.lines([text]), plan: { _ in fixed })
    #expect(outcome.changes.first?.position == Position(0x16_B374_D848, 1, 2, 9))
    #expect(outcome.changes.first?.lineage == "extractor:1")
    #expect(outcome.changes.first?.isUnreadable == false)
    let lacking = record(cursor: "{}", after: #"{"k":"1"}"#)
    let broken = decode(Samples.lines([lacking]), plan: { _ in fixed })
    #expect(broken.quarantined.first?.reason == "the record has no \"cursor.lsn\"")
    plan.order = .files
    let files = plan
    let byFiles = decode(Samples.lines([text, lacking]), plan: { _ in files })
    #expect(byFiles.changes.map(\.position) == [.zero, .zero])
    #expect(byFiles.changes.allSatisfy { !$0.isSnapshot && !$0.isUnreadable })
  }

  // `1.0`, `1e0` and `"1"` of a numeric column must be one row, `"1.0"` as text another.
  @Test func `numbers in keys are canonical`() {
    let texts = ["1", "1.0", "1e0", "10e-1", "\"1\""]
    let keys = texts.map { one(record(op: "I", after: "{\"k\":\($0)}")).changes.first?.key }
    #expect(keys.allSatisfy { $0 == "1" })
    #expect(one(record(op: "I", after: #"{"k":"1.0"}"#)).changes.first?.key == "1.0")
    var plan = TablePlan()
    plan.key = .columns(["k"])
    plan.types = ["k": .real]
    let typed = plan
    let outcome = decode(
      Samples.lines([record(op: "I", after: #"{"k":"01.0"}"#)]), plan: { _ in typed })
    #expect(outcome.changes.first?.key == "1")
  }

  // Tables without a key: equal rows have equal keys, NULL is not the text.
  @Test func `a whole row is a key`() {
    let plain = one(record(op: "I", after: #"{"b":"2","a":"null"}"#), .wholeRow)
    #expect(plain.changes.first?.key == "\u{4}\u{1}a\u{1}0\u{1}b\u{2}12")
    let update = one(
      record(before: #"{"a":"1"}"#, after: #"{"a":"2"}"#, exists: #"{"a":"3"}"#), .wholeRow)
    #expect(update.changes.first?.key == "\u{2}\u{1}a\u{2}12")
    #expect(update.changes.first?.oldKey == "\u{2}\u{1}a\u{2}11")
    let appended = one(record(op: "I", after: #"{"a":"1"}"#), .append)
    #expect(appended.changes.first?.key == "")
  }

  // Values keep what they are: exact integers, exact fractions, everything else as text.
  @Test func `JSON values become what loses nothing`() {
    let after =
      #"{"k":"1","i":9223372036854775807,"big":9223372036854775808,"f":0.1,"x":0.1000000000000000055511151231257827,"#
      + #""t":true,"n":null,"o":{"a":[1, 2]},"e":"a\n\u00e9\ud83d\ude00","s":"null"}"#
    #expect(
      one(record(op: "I", after: after)).changes.first?.values == [
        "k": "'1'", "i": "9223372036854775807", "big": "'9223372036854775808'", "f": "0.1",
        "x": "'0.1000000000000000055511151231257827'", "t": "1", "n": "NULL",
        "o": #"'{"a":[1, 2]}'"#, "e": "'a\né😀'", "s": "NULL",
      ])
  }

  // Changes of another node must neither apply nor vanish from the counts.
  @Test func `another lineage is left out and counted`() {
    var plan = TablePlan()
    plan.key = .columns(["r_regionkey"])
    plan.lineage = "node2"
    let other = plan
    let outcome = decode(Samples.lines(Samples.region), plan: { _ in other })
    #expect(outcome.changes.isEmpty && outcome.recordCount == 3 && outcome.quarantined.isEmpty)
    plan.lineage = "node1"
    let same = plan
    #expect(decode(Samples.lines(Samples.region), plan: { _ in same }).changes.count == 3)
    plan.isSkipped = true
    let skipped = plan
    let left = decode(Samples.lines(Samples.region), plan: { _ in skipped })
    #expect(left.changes.map(\.key) == ["", "", ""] && left.changes.map(\.counter) == [6, 7, 8])
  }

  // Evidence must not depend on which decoder saw what, nor in which order it is merged.
  @Test func `key evidence merges in any order`() throws {
    let parts = (Samples.region + Samples.region).map {
      decode(Samples.lines([$0]), plan: keyed(nil)).evidence["io_blitzz.region"]
    }
    var forward = KeyEvidence()
    var backward = KeyEvidence()
    for part in parts { forward.merge(try #require(part)) }
    for part in parts.reversed() { backward.merge(try #require(part)) }
    let whole = decode(Samples.lines(Samples.region + Samples.region), plan: keyed(nil))
    #expect(forward == backward && forward == whole.evidence["io_blitzz.region"])
    #expect(forward.contradicts(inferredKey: ["r_name"]))
    #expect(!forward.contradicts(inferredKey: ["r_regionkey"]))
  }
}
