import BatchSource
import ChangeModel
import CollectionStore
import Pipeline
import SourceWorld
import Testing

/// Whether a record is quarantined is a matter of that record: never of which others are there, nor
/// of the calls that they come in.
@Suite struct QuarantineLawTests {
  /// What stands for the value of `v`, quotes included, in an insert that is otherwise good.
  private static let values = [
    #""plain""#, #""null""#, "null", "01", "1.", "-", "+1", ".5", "1e", "1e999", "-0", "0x10",
    "NaN",
    "123456789012345678901234567890", "true", "tru", "nulL", "[]", #"{"a":1}"#, "[1,", "{}}",
    #""\q""#, #""\u12""#, #""\uD800""#, #""\uDC00""#, #""\uD800\uD800""#, #""\uD83D\uDE00""#,
    #""\uD83D\uDE0""#, #""\""#, #""a\\""#, #""\/""#, #""open"#, "\"a\tb\"", "\"a\u{0}b\"", "",
  ]

  /// The same as bytes, and some that are no text.
  private static let hostile: [[UInt8]] =
    values.map { Array($0.utf8) }
    + [
      [0x22, 0x80, 0x22], [0x22, 0xC3, 0x22], [0x22, 0xC0, 0xAF, 0x22],
      [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xFF, 0xFE, 0x22], [0x22, 0xE2, 0x82, 0x22],
    ]

  /// The files: the hostile insert, an older change, newer ones that cover it whole or in part.
  private static func files(_ hostile: [UInt8]) -> [[UInt8]] {
    func line(_ record: LogRecord) -> [UInt8] { Array("\(record.json)\n".utf8) }
    var insert = line(.insert(1, "HOSTILE", at: 20))
    let mark = Array("\"HOSTILE\"".utf8)
    if let place = insert.indices.first(where: { insert[$0...].starts(with: mark) }) {
      insert.replaceSubrange(place..<place + mark.count, with: hostile)
    }
    return [
      insert, line(.insert(1, "older", at: 10)), line(.insert(1, "newer", at: 30)),
      line(.update(1, "newest", at: 40)) + line(.insert(2, "other", at: 50)),
    ]
  }

  // Prevents a record that newer ones cover from being taken, though alone it would be refused: the
  // tables would then depend on which files came together.
  @Test func `a hostile record is judged alike with any others, in one call and in many`()
    async throws
  {
    for hostile in Self.hostile {
      let files = Self.files(hostile)
      let name = String(decoding: hostile, as: UTF8.self)
      for others in [[], [1], [2], [3], [1, 2], [1, 3], [2, 3], [1, 2, 3]] {
        let all = [0] + others
        let together = try await Ending(files, calls: [all])
        for calls in [all.map { [$0] }, all.reversed().map { [$0] }] {
          let apart = try await Ending(files, calls: calls)
          #expect(apart == together, "\(name), \(calls)")
        }
        let alone = try await Ending(files, calls: [[0]])
        #expect(together.quarantine == alone.quarantine, "\(name), with \(others)")
      }
    }
  }

  /// What the database says after all calls.
  private struct Ending: Equatable {
    var rows: [String]
    var quarantine: [String]

    init(_ files: [[UInt8]], calls: [[Int]]) async throws {
      let bench = try LogBench()
      let drop = BucketDirectory(root: "\(bench.directory.path)/drop")
      for call in calls {
        for file in call { try drop.place(files[file], at: "t_\(file + 1).json") }
        try await bench.sync()
        bench.advance(seconds: 1_000)
        try await bench.sync()
      }
      rows = try bench.rows() ?? []
      quarantine =
        try bench.query(
          "SELECT byte_offset || ' ' || hex(bytes) || ' ' || reason FROM _resequel_quarantine "
            + "ORDER BY 1") ?? []
    }
  }
}
