/// Arcion JSON as a MySQL source gives it, made from a seed: several tables of nine columns, full
/// images, half inserts, two fifths updates, a tenth deletes, about 1,100 bytes a record.
struct ArcionSet {
  /// The files, one for each table, followed by 64 bytes that are not theirs.
  var files: [[UInt8]] = []
  /// How many bytes of each file are its own.
  var byteCounts: [Int] = []
  var recordCount = 0

  static let columns = [
    "o_comment", "o_orderkey", "o_custkey", "o_clerk", "o_totalprice", "o_orderdate",
    "o_shippriority", "o_orderstatus", "o_orderpriority",
  ]

  private var state: UInt64

  /// Makes the set of a seed.
  init(seed: UInt64, recordCount: Int, tableCount: Int) {
    state = seed
    for table in 0..<tableCount {
      let count = recordCount / tableCount
      var file: [UInt8] = []
      file.reserveCapacity(count * 1200 + 64)
      for record in 0..<count { append(record, table: table, to: &file) }
      byteCounts.append(file.count)
      file.append(contentsOf: repeatElement(0x20, count: 64))
      files.append(file)
      self.recordCount += count
    }
  }

  private mutating func next(_ bound: UInt64) -> UInt64 {
    state = state &+ 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return (mixed ^ (mixed >> 31)) % bound
  }

  private mutating func row(_ key: Int) -> [String] {
    let words = [
      "carefully", "final", "deposits", "sleep", "furiously", "ironic", "packages", "above",
      "the", "regular", "requests",
    ]
    var comment = ""
    for _ in 0..<(3 + next(6)) { comment += words[Int(next(11))] + " " }
    if next(50) == 0 { comment += #"said \"no\" "# }
    return [
      comment, String(key), String(next(150_000)), "Clerk#00000" + String(1000 + next(9000)),
      "\(next(400_000)).\(10 + next(90))",
      "199\(next(8))-0\(1 + next(9))-1\(next(10)) 00:00:00.0", String(next(2)),
      ["O", "F", "P"][Int(next(3))], ["1-URGENT", "2-HIGH", "5-LOW"][Int(next(3))],
    ]
  }

  private mutating func append(_ record: Int, table: Int, to file: inout [UInt8]) {
    let draw = next(10)
    let operation = draw < 5 ? 0 : draw < 9 ? 1 : 2
    let key = 1 + Int(next(1_000_000))
    let nulls = Self.columns.map { _ in "null" }
    let old = operation == 0 ? nulls : row(key)
    let new = operation == 2 ? nulls : row(key)
    let time = 1_657_516_903_000 + record * 37 / 1000 * 1000
    var text = #"{"tableName":{"namespace":{"catalog":"tpch_scale_0_01","schema":"default_schema","#
    text += #""hash":-27122659},"name":"orders_"# + String(table) + #"","hash":-1893420405},"#
    text += #""opType":""# + ["I", "U", "D"][operation] + #"","cursor":"{\"extractorId\":0,"#
    text += #"\"timestamp\":"# + String(time) + #",\"extractionTimestamp\":"#
    text += String(time + 1088) + #",\"log\":\"log-bin.0000"# + String(10 + record / 40000)
    text += #"\",\"position\":"# + String(4000 + record * 512) + #",\"logSeqNum\":"#
    text += String(1 + next(3)) + #",\"slaveServerId\":1,\"v\":2}","before":"#
    text += image(old) + #","after":"# + image(new) + #","exists":"#
    text += image(Self.columns.map { _ in ["1", "3", "2"][operation] })
    text += #","operationcount":"{\"insertCount\":"# + String(record / 2)
    text += #",\"updateCount\":"# + String(record * 2 / 5) + #",\"deleteCount\":"#
    text += String(record / 10) + #",\"replaceCount\":0}"}"# + "\n"
    file.append(contentsOf: text.utf8)
  }

  private func image(_ values: [String]) -> String {
    var text = "{"
    for (name, value) in zip(Self.columns, values) {
      text += (text.utf8.count > 1 ? "," : "") + "\"" + name + "\":\"" + value + "\""
    }
    return text + "}"
  }
}
