import ChangeModel
import RecordFormats
import Testing

/// CSV: dialects, headers, torn rows, and what a file must say.
struct CSVTests {
  private func file(_ metadata: String? = nil) throws -> FileContext {
    var file = FileContext(
      name: "a/testdb.s.t.part_0.csv.gz",
      tableByPath: SourceTable(catalog: "testdb", schema: "s", name: "t"))
    if let metadata { file.metadata = try ArcionObjectMetadata(yaml: metadata) }
    return file
  }

  private func plan(
    _ change: (inout TablePlan) -> Void = { _ in }
  ) -> @Sendable (SourceTable) -> TablePlan {
    var plan = TablePlan()
    plan.key = .columns(["a"])
    plan.csv.columns = ["a", "b"]
    change(&plan)
    let fixed = plan
    return { _ in fixed }
  }

  static let published = """
    ctrl-chars:
      delimiter: ','
      escape: '"'
      line-end: '

        '
      null-string: 'NULL'
      quote: '"'
    file-row-count:
    - file-name: testdb.s.t.part_0.csv
      row-count: 2
    version: 0
    """

  // Quoted line ends, NUL, doubled quotes and CRLF are data or framing, never both.
  @Test func `snapshot rows with everything that can be quoted`() throws {
    let text = "1,\"a,\"\"b\"\"\nc\"\r\n2,\r\n3,NULL\n4,\"NULL\"\n5,x\u{0}y\n"
    for step in [Int.max, 1, 3] {
      let outcome = decode(Array(text.utf8), try file(), step: step, plan: plan())
      #expect(outcome.quarantined.isEmpty && outcome.end == .complete)
      #expect(outcome.changes.map(\.key) == ["1", "2", "3", "4", "5"])
      #expect(
        outcome.changes.map { $0.values["b"] }
          == ["'a,\"b\"\nc'", "''", "NULL", "'NULL'", "'x\u{0}y'"])
      #expect(outcome.changes.allSatisfy { $0.isSnapshot && $0.operation == .insert })
    }
  }

  // S3's documentation shows a backslash, recorded files double the quote: both must be read.
  @Test func `backslash escapes are read where doubling gives no row`() throws {
    let text = "1,\"say \\\"hi\\\", ok\"\n2,\"C:\\dir\\\"\n"
    let either = decode(Array(text.utf8), try file(), plan: plan())
    #expect(either.changes.map { $0.values["b"] } == ["'say \"hi\", ok'", "'C:\\dir\\'"])
    let doubled = decode(Array(text.utf8), try file(Self.published), plan: plan())
    #expect(doubled.changes.map(\.key) == ["2"] && doubled.quarantined.map(\.recordIndex) == [0])
  }

  // Read alone, without its line end, such a row looked cut off: it went to quarantine, but only
  // where no newer change of its row made reading it needless.
  @Test func `a row with an escaped delimiter can be read again alone`() throws {
    let outcome = decode(Array("1,a\\,b\n2,x\n".utf8), try file(), plan: plan())
    #expect(outcome.quarantined.isEmpty)
    #expect(outcome.changes.map { $0.values["b"] } == ["'a,b'", "'x'"])
  }

  // The last row may still be growing; only the row count, or a closed CDC row, proves it whole.
  @Test func `an unterminated last row is torn unless it is proven`() throws {
    let text = Array("1,x\n2,y".utf8)
    let torn = decode(text, try file(), plan: plan())
    #expect(torn.changes.map(\.key) == ["1"])
    #expect(torn.end == .torn(byteOffset: 4, reason: "the last row is cut off"))
    let confirmed = decode(text, try file(Self.published), plan: plan())
    #expect(confirmed.changes.map(\.key) == ["1", "2"] && confirmed.end == .complete)
    let row =
      "9,NULL,1,x,NULL,1,I,\"{\"\"log\"\":\"\"b.1\"\",\"\"position\"\":1}\",\"{\"\"insertCount\"\":1}\""
    let bytes = Array(row.utf8)
    #expect(decode(bytes, try file(), plan: plan()).changes.map(\.key) == ["9"])
    for length in 1..<bytes.count {
      let cut = decode(Array(bytes[..<length]), try file(), plan: plan())
      #expect(cut.changes.isEmpty && cut.quarantined.isEmpty, "\(length) bytes")
      #expect(cut.end == .torn(byteOffset: 0, reason: "the last row is cut off"))
    }
  }

  // A line of a text became a row of its own: where the file was cut behind the text, and in a
  // snapshot also where the window ended inside it.
  @Test(arguments: [
    #"9,NULL,1,"x\nlike,row\ny""",NULL,1,I,NULL,"{""insertCount"":1}""#,
    #"9,NULL,1,"x\nlike,row\ny\"",NULL,1,I,NULL,"{\"insertCount\":1}""#,
    #"9,"x\nlike,row\ny""#,
    #"9,NULL,1,"x\n8,NULL,1,z,NULL,1,D,NULL,NULL\ny",NULL,1,I,NULL,"{""insertCount"":1}""#,
    #"9,NULL,1,"x\n8,NULL,1,z,NULL,1,D,NULL,""{}""\n8,NULL,1,z,NULL,1,D,NULL,\n""""",NULL,1,I,NULL,"{}""#,
    #"9,"x\n8,NULL,1,z,NULL,1,D,NULL,{}\ny""#,
  ])
  func `lines of a text are no rows, wherever the window or the file ends`(
    _ written: String
  ) throws {
    let row = Array(written.replacing(#"\n"#, with: "\n").utf8) + [0x0A]
    for step in [Int.max, 1, 7] {
      let whole = decode(row + row, try file(), step: step, plan: plan())
      #expect(whole.changes.map(\.key) == ["9", "9"] && whole.quarantined.isEmpty)
      for length in 1..<row.count - 1 {
        let cut = decode(row + row[..<length], try file(), step: step, plan: plan())
        #expect(cut.changes.count == 1 && cut.quarantined.isEmpty, "\(length) bytes")
        #expect(cut.end == .torn(byteOffset: UInt64(row.count), reason: "the last row is cut off"))
      }
    }
  }

  // A text may begin as JSON does.
  @Test(arguments: ["{", "{{", "[", "[{", "[{}", "[["])
  func `a row whose first text begins with a bracket makes no file of JSON`(
    _ text: String
  ) throws {
    let outcome = decode(Array("\(text),x\n2,y\n".utf8), try file(), plan: plan())
    #expect(outcome.changes.map(\.key) == [text, "2"] && outcome.quarantined.isEmpty)
  }

  // A line of its text became a row.
  @Test func `a row with a wrong number of fields is quarantined whole, however many lines it has`()
    throws
  {
    let text = "1,\"a\nlike,row\nb\",z\n2,\"c\nlike,row\nd\",z\n3,\"e\nlike,row\n\"f,z\n4,w\n"
    for step in [Int.max, 1, 7] {
      let outcome = decode(Array(text.utf8), try file(), step: step, plan: plan())
      #expect(outcome.changes.map(\.key) == ["4"])
      #expect(outcome.quarantined.map(\.byteOffset) == [0, 19, 38])
    }
  }

  // A row of the wrong width must not be cut to fit.
  @Test func `a row with a wrong number of fields is quarantined`() throws {
    let outcome = decode(Array("1,x\n2\n3,y,z\n4,w\n".utf8), try file(), plan: plan())
    #expect(outcome.changes.map(\.key) == ["1", "4"])
    #expect(outcome.quarantined.map(\.byteOffset) == [4, 6])
    #expect(
      outcome.quarantined.first?.reason
        == "not a row of 2 fields, nor of 9 with three for each column")
  }

  // Names come from wherever they can be had; without any the message says what to add.
  @Test func `columns come from a header, and their lack says what to add`() throws {
    let log = "new_a,old_a,exists_a,new_b,old_b,exists_b,opType,cursor,operationcount\n"
    let row = "1,NULL,1,x,NULL,1,I,,\n"
    let none = plan { $0.csv.columns = nil }
    let triplets = decode(Array((log + row).utf8), try file(), plan: none)
    #expect(triplets.changes.map(\.values) == [["a": "'1'", "b": "'x'"]])
    #expect(triplets.changes.map(\.recordIndex) == [0])
    let header = plan {
      $0.csv.columns = nil
      $0.csv.hasHeader = true
    }
    let plain = decode(Array("a,\"b\"\n1,x\n".utf8), try file(), step: 2, plan: header)
    #expect(plain.changes.map(\.values) == [["a": "'1'", "b": "'x'"]])
    let failed = decode(Array(row.utf8), try file(), plan: none)
    guard case .failed(let error) = failed.end else {
      Issue.record("did not fail")
      return
    }
    #expect(error.cause == "the columns of testdb.s.t are not known")
    #expect(error.hint?.contains("csv: {columns: [") == true)
    #expect(error.hint?.contains("schemas.yaml") == true)
  }

  // The metadata's dialect goes before every guess.
  @Test func `the dialect comes from object_metadata`() throws {
    let metadata = """
      ctrl-chars: {delimiter: ';', escape: '\\', null-string: '-', quote: "'"}
      version: 0
      """
    let outcome = decode(
      Array("1;'it\\'s; ''ok'''\n2;-\n3;'-'\n".utf8), try file(metadata), plan: plan())
    #expect(outcome.changes.map { $0.values["b"] } == ["'it's; 'ok''", "NULL", "'-'"])
  }

  // Prevents templates that were learned under other schemas from deciding what values become.
  @Test func `types are those of the file's schemas, whatever the decoder has seen`() throws {
    func file(_ name: String, _ type: String) throws -> FileContext {
      var context = FileContext(name: name)
      context.tableByPath = SourceTable(name: "t")
      context.tableByPath?.catalog = "c"
      context.tableByPath?.schema = "s"
      context.schemas = try ArcionSchemas(
        yaml: "schemas: [{catalog: c, schema: s, tables: [{name: t, "
          + "primary-key: {columns: [id], name: pk}, columns: "
          + "[{name: id, type: VARCHAR}, {name: n, type: \(type)}]}]}]")
      return context
    }
    let json = (1...5).map { id in
      #"{"tableName":{"namespace":{"catalog":"c","schema":"s"},"name":"t"},"opType":"I","#
        + #""before":null,"after":{"id":"\#(id)","n":"7"},"exists":{"id":"1","n":"1"}}"#
    }
    let csv = (1...5).map { #"\#($0),NULL,1,7,NULL,1,I,NULL,NULL"# }
    for (name, lines) in [("x.json", json), ("x.csv", csv)] {
      var decoder = RecordDecoder(plan: { _ in TablePlan() })
      for (type, value) in [("INTEGER", "7"), ("VARCHAR", "'7'"), ("INTEGER", "7")] {
        decoder.begin(try file(name, type))
        let outcome = decode(Array((lines.joined(separator: "\n") + "\n").utf8), with: &decoder)
        #expect(outcome.changes.map { $0.values["n"] } == Array(repeating: value, count: 5))
      }
    }
  }

  @Test func `types and columns of schemas are those of the file's layout`() throws {
    let yaml = """
      schemas:
      - catalog: testdb
        schema: s
        tables:
        - columns:
          - {name: a, type: BIGINT}
          - {name: b, type: DOUBLE}
          name: T
          primary-key: {columns: [A], name: pk}
      """
    var context = try file()
    context.schemas = try ArcionSchemas(yaml: yaml)
    let outcome = decode(Array("01,2.50\n2,0.30000000000000004\n3,1e400\n".utf8), context) { _ in
      TablePlan()
    }
    #expect(outcome.changes.map(\.key) == ["1", "2", "3"])
    #expect(
      outcome.changes.map(\.values) == [
        ["a": "'01'", "b": "2.5"], ["a": "2", "b": "0.30000000000000004"],
        ["a": "3", "b": "'1e400'"],
      ])
    #expect(throws: IngestError.self) { _ = try ArcionSchemas(yaml: "a: [") }
    #expect(throws: IngestError.self) { _ = try ArcionSchemas(yaml: "x: 1") }
    #expect(throws: IngestError.self) { _ = try ArcionObjectMetadata(yaml: "- 1") }
  }
}
