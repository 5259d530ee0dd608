import ChangeModel
import RecordFormats
import Testing

/// How records stand in a file must not change what they say.
struct FramingTests {
  let plan = keyed(.columns(["n_nationkey"]))

  /// What a decoded file says, without where its records stand.
  private func changes(_ outcome: Outcome) -> [Decoded] {
    outcome.changes.map { change in
      var change = change
      change.start = ""
      return change
    }
  }

  private func pretty(_ record: String) -> String {
    var text = ""
    var depth = 0
    var isString = false
    var isEscaped = false
    for character in record {
      text.append(character)
      if isEscaped {
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "\"" {
        isString.toggle()
      } else if !isString, "{,}".contains(character) {
        depth += character == "{" ? 1 : character == "}" ? -1 : 0
        text += "\n" + String(repeating: "  ", count: depth)
      }
    }
    return text
  }

  // Arcion's framing on S3 is undocumented: a file in any of these forms must not be lost.
  @Test func `lines, CRLF, a byte order mark, an array, one after the other: the same changes`() {
    let records = Samples.nation
    let expected = decode(Samples.lines(records), plan: plan)
    #expect(expected.changes.count == 3)
    let forms: [String: String] = [
      "no final newline": records.joined(separator: "\n"),
      "CRLF": records.map { $0 + "\r\n" }.joined(),
      "byte order mark": "\u{FEFF}" + records.map { $0 + "\n" }.joined(),
      "concatenated": records.joined(),
      "blank lines": "\n\n" + records.joined(separator: "\n\n \n") + "\n\n",
      "array": "[" + records.joined(separator: ",") + "]",
      "array in lines": "[\n" + records.joined(separator: ",\n") + "\n]\n",
      "pretty": records.map { pretty($0) + "\n" }.joined(),
      "pretty array": "[" + records.map { pretty($0) }.joined(separator: ",\n") + "]",
    ]
    for (name, text) in forms {
      for step in [1000, 137, Int.max] {
        let outcome = decode(Array(text.utf8), step: step, plan: plan)
        #expect(outcome.end == .complete && outcome.quarantined.isEmpty, "\(name)")
        #expect(changes(outcome) == changes(expected), "\(name), windows of \(step)")
      }
    }
  }

  // A window may end anywhere, in a string, an escape, a number or a byte order mark.
  @Test func `a file cut into two windows at any byte gives what one window gives`() {
    let bad = #"{"tableName":{"name":"x"},"opType":"U","cursor":"#
    let lines = Samples.nation + ["{\"broken\":", bad + "\u{1}\"}"] + Samples.nation
    var texts: [String] = []
    texts.append("\u{FEFF}" + lines.map { $0 + "\n" }.joined())
    texts.append("[" + Samples.nation.map { pretty($0) }.joined(separator: ",") + "]")
    texts.append(Samples.nation.joined() + Samples.nation.joined())
    texts.append(
      (Samples.nation + Samples.nation + [String(Samples.nation[0].prefix(99))]).joined(
        separator: "\n"))
    for text in texts {
      let bytes = Array(text.utf8)
      let whole = decode(bytes, plan: plan)
      #expect(whole.changes.count >= 3)
      for cut in 0..<bytes.count {
        var decoder = RecordDecoder(plan: plan)
        decoder.begin(FileContext(name: "nation_1.json"))
        var outcome = Outcome()
        outcome = decodeCut(bytes, at: cut, with: &decoder)
        #expect(outcome == whole, "cut at \(cut)")
        if outcome != whole { return }
      }
    }
  }

  // Half of a record is not a record, and not a malformed one either: it is still being written.
  @Test func `a file that ends inside a record is torn there, and goes on when it has grown`() {
    let bytes = Samples.lines(Samples.nation)
    let first = Samples.nation[0].utf8.count + 1
    let second = first + Samples.nation[1].utf8.count
    for length in stride(from: first + 1, to: second, by: 7) {
      let torn = decode(Array(bytes[..<length]), plan: plan)
      #expect(torn.changes.count == 1 && torn.quarantined.isEmpty)
      guard case .torn(let offset, _) = torn.end else {
        Issue.record("not torn at \(length)")
        return
      }
      #expect(offset == UInt64(first))
      var rest = FileContext(name: "nation_1.json")
      rest.offset = offset
      rest.recordIndex = torn.recordCount
      let grown = decode(bytes, rest, plan: plan)
      #expect(grown.changes.map(\.recordIndex) == [1, 2] && grown.end == .complete)
      #expect(grown.changes[0] == decode(bytes, plan: plan).changes[1])
    }
  }

  // Images of rows whose first column has this name were taken for records: where a file was cut,
  // and beside any record with a broken string.
  @Test func `a column named tableName begins no record`() {
    let rows = #""before":{"tableName":"9","v":"a"},"after":{"tableName":"9","v":"b"}"#
    let exists = #","exists":{"tableName":"3","v":"3"}"#
    let name = #"{"tableName":{"namespace":{"catalog":"c","schema":"s"},"name":"t"},"opType":"U""#
    let cursor = #","cursor":{"log":"log-bin.000001","position":3000,"logSeqNum":1},"#
    let record = Array((name + cursor + rows + exists + "}\n").utf8)
    let broken = Array((name + cursor + rows.replacing("b\"}", with: "\u{1}\"}") + "}\n").utf8)
    let plan = keyed(.columns(["tableName"]))
    for step in [Int.max, 7] {
      let beside = decode(record + broken + record, step: step, plan: plan)
      #expect(beside.changes.map(\.key) == ["9", "9"])
      #expect(beside.quarantined.map(\.recordIndex) == [1])
      for length in 1..<record.count - 1 {
        let cut = decode(record + record[..<length], step: step, plan: plan)
        #expect(cut.changes.count == 1 && cut.quarantined.isEmpty, "\(length) bytes")
        guard case .torn(UInt64(record.count), _) = cut.end else {
          Issue.record("\(length) bytes: \(cut.end)")
          return
        }
      }
    }
  }

  // An array that lacks its bracket is a file cut between two records.
  @Test func `an array that is not closed is torn behind its last record`() {
    let text = "[" + Samples.nation[0] + "," + Samples.nation[1]
    let torn = decode(Array(text.utf8), plan: plan)
    #expect(torn.changes.count == 2)
    #expect(
      torn.end
        == .torn(byteOffset: UInt64(text.utf8.count), reason: "the top-level array is not closed"))
    var rest = FileContext(name: "nation_1.json")
    rest.offset = UInt64(text.utf8.count)
    rest.recordIndex = 2
    let grown = decode(Array((text + "," + Samples.nation[2] + "]\n").utf8), rest, plan: plan)
    #expect(grown.changes.map(\.recordIndex) == [2] && grown.end == .complete)
  }

  // What a file holds at first, be it a byte order mark, a bracket or half a record, must not decide how
  // the rest of it is read.
  @Test func `a file gives the same records, whatever length it had when it was first read`() {
    let records = Samples.nation
    for text in [
      Samples.lines(records), Array(("\u{FEFF}" + records.joined(separator: "\r\n")).utf8),
      Array(("\u{FEFF}\n[" + records.joined(separator: ",") + "]").utf8),
      Array(("\n [\n" + records.map { pretty($0) }.joined(separator: ",\n") + "\n]\n").utf8),
      Array(records.joined().utf8),
    ] {
      let expected = decode(text, plan: plan).changes.map { Int($0.recordIndex) }
      for cut in 0...text.count {
        var decoder = RecordDecoder(plan: plan)
        decoder.begin(FileContext(name: "nation_1.json"))
        var batch = ChangeBatch()
        var rest = FileContext(name: "nation_1.json")
        rest.offset = decodeWhole(Array(text[..<cut]), with: &decoder, into: &batch)
        rest.recordIndex = batch.recordCount
        let grown = decode(text, rest, plan: plan)
        let first = batch.changes.map { Int($0.recordIndex) }
        let indexes = first + grown.changes.map { Int($0.recordIndex) }
        #expect(indexes == expected, "cut at \(cut)")
        #expect(grown.quarantined.isEmpty && batch.quarantined.isEmpty, "cut at \(cut)")
        if indexes != expected || !grown.quarantined.isEmpty { return }
      }
    }
  }

  // The comma that an array goes on with must not make CSV of it: flat rows have no other mark.
  @Test func `an array of flat rows that was cut behind a row goes on with a comma`() {
    let rows = (1...3).map { "{\"id\":\"\($0)\",\"name\":\"\"}" }
    let cut = "[\n" + rows[0]
    var rest = FileContext(name: "nation_1.json")
    rest.tableByPath = SourceTable(name: "nation")
    rest.offset = UInt64(cut.utf8.count)
    rest.recordIndex = 1
    for grown in [",", ",\n" + rows[1], ",\n" + rows[1] + ",\n" + rows[2] + "\n]\n", "\n]\n"] {
      let outcome = decode(Array((cut + grown).utf8), rest, plan: keyed(.columns(["id"])))
      #expect(outcome.changes.count == grown.count { $0 == "{" })
      #expect(outcome.quarantined.isEmpty)
      if case .failed(let error) = outcome.end { Issue.record("\(grown): \(error)") }
    }
  }

  // One bad record must neither take its neighbours along nor vanish.
  @Test(arguments: [
    "{\"a\":1,}", "garbage", "{\"a\":\"b}", "{\"a\":\"\u{1}\"}", "{\"a\":tru}", "{\"a\":01}",
    "{\"a\":\"\\x\"}", "{\"a\":\"\\ud800\"}", "{\"a\"}", "{\"a\":[1,2}", "[]", "123", "}",
    "{\"tableName\":{\"name\":\"t\"},\"opType\":\"Q\"}",
    "{\"tableName\":{\"name\":\"t\"},\"opType\":\"I\",\"cursor\":\"{\",\"after\":{\"n_nationkey\":\"1\"}}",
  ])
  func `a malformed line is quarantined with its place, the others apply`(_ bad: String) {
    let lines = [Samples.nation[0], bad, Samples.nation[1], Samples.nation[2]]
    for step in [Int.max, 50] {
      let outcome = decode(Samples.lines(lines), step: step, plan: plan)
      #expect(outcome.changes.map(\.recordIndex) == [0, 2, 3])
      #expect(outcome.quarantined.count == 1 && outcome.end == .complete)
      #expect(outcome.recordCount == 4)
      let record = outcome.quarantined.first
      #expect(record?.byteOffset == UInt64(Samples.nation[0].utf8.count + 1))
      #expect(record?.recordIndex == 1)
      #expect(record.map { String(decoding: $0.bytes, as: UTF8.self) } == bad)
      #expect(record?.reason.isEmpty == false)
    }
  }

  // Invalid UTF-8 would be stored as text that is none.
  @Test func `a record that is not UTF-8 is quarantined alone`() {
    var bytes = Samples.lines(Samples.nation)
    let place = Samples.nation[0].utf8.count + 1 + 500
    bytes[place] = 0xFF
    let outcome = decode(bytes, plan: plan)
    #expect(outcome.changes.map(\.recordIndex) == [0, 2])
    #expect(outcome.quarantined.map(\.recordIndex) == [1])
  }

  // A record longer than any chunk must not be taken for a malformed one.
  @Test func `a record of a megabyte and its neighbours decode`() {
    let long = Samples.nation[0].replacing(
      "Testing comment", with: String(repeating: "x\\n", count: 400_000))
    for separator in ["\n", ""] {
      let text = [Samples.nation[1], long, Samples.nation[2]].joined(separator: separator)
      let outcome = decode(Array(text.utf8), step: 300_000, plan: plan)
      #expect(outcome.changes.count == 3 && outcome.end == .complete)
    }
  }
}

/// Decodes all that there is of a file, and returns how many bytes were consumed.
private func decodeWhole(
  _ text: [UInt8], with decoder: inout RecordDecoder, into batch: inout ChangeBatch
) -> UInt64 {
  UInt64(text.withUnsafeBytes { decoder.decode($0, isEnd: true, into: &batch) })
}

/// Decodes a file that is shown up to `cut` first, and then whole.
func decodeCut(_ text: [UInt8], at cut: Int, with decoder: inout RecordDecoder) -> Outcome {
  decode(text, with: &decoder, windows: [cut, text.count])
}
