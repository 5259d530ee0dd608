import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import SourceWorld
import Testing

/// Compressed files that are not what they were meant to be.
@Suite struct CompressedFileTests {
  private let records = (1...3).map { LogRecord.insert($0, "a", at: $0 * 10, count: $0).json }

  // Prevents bytes that changed on the way from becoming rows, which no later file would take back.
  @Test func `a file whose checksum is wrong gives nothing, and the right one gives all`()
    async throws
  {
    let bench = try RunBench()
    let wrong = records[0].replacing(#""id":"1""#, with: #""id":"7""#)
    let text = records.joined(separator: "\n") + "\n"
    let changed = ([wrong] + records[1...]).joined(separator: "\n") + "\n"
    try place(gzip(changed, checksumOf: text), bench)
    try bench.place("t_2.json", [LogRecord.insert(4, "b", at: 40, count: 4).json])
    for _ in 1...2 {
      let failed = try await bench.replay()
      #expect(failed.failedFiles.map(\.file) == [bench.drop("t_1.json.gz")])
      #expect(failed.failedFiles.first?.cause.contains("wrong checksum") == true)
      #expect(try bench.rows("t") == ["4 b"])
    }
    try place(gzip(text, checksumOf: text), bench)
    let whole = try await bench.replay()
    #expect(whole.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 a", "3 a", "4 b"])
  }

  // Prevents bytes that changed on the way from staying because their file was first seen cut off.
  @Test func `nothing of a file that is cut off counts, whatever comes of it`() async throws {
    let text = records.joined(separator: "\n") + "\n"
    let wrong = text.replacing(#""id":"1""#, with: #""id":"7""#)
    let bench = try RunBench()
    try place(Array(gzip(wrong, checksumOf: text).dropLast(700)), bench)
    let torn = try await bench.replay()
    #expect(torn.tornFiles == [bench.drop("t_1.json.gz")] && !torn.isComplete)
    #expect(try bench.status().collections.isEmpty)
    try place(gzip(wrong, checksumOf: text), bench)
    #expect(try await bench.replay().failedFiles.count == 1)
    try place(gzip(text, checksumOf: text), bench)
    #expect(try await bench.replay().isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 a", "3 a"])
    #expect(try bench.status().files.filter { $0.count > 0 }.map(\.kind) == ["applied"])
  }

  // Prevents what was appended to a whole file from taking along what that gave: it stays, and what
  // is appended counts when it is whole as well.
  @Test func `a whole file to which a part is appended keeps what it gave`() async throws {
    let text = records.map { $0 + "\n" }
    let first = gzip(text[0], checksumOf: text[0])
    let second = gzip(text[1] + text[2], checksumOf: text[1] + text[2])
    for format in ["json", "csv"] {
      let bench = try RunBench()
      try place(first, bench, format)
      #expect(try await bench.replay().isComplete)
      try place(first + second.dropLast(300), bench, format)
      #expect(try await bench.replay().tornFiles.count == 1)
      #expect(try bench.rows("t") == ["1 a"])
      try place(first + gzip(text[1] + text[2], checksumOf: text[0]), bench, format)
      #expect(try await bench.replay().failedFiles.count == 1)
      #expect(try bench.rows("t") == ["1 a"])
      try place(first + second, bench, format)
      #expect(try await bench.replay().isComplete)
      #expect(try bench.rows("t") == ["1 a", "2 a", "3 a"])
    }
  }

  // Prevents a file that was compressed again, and begins with other bytes, from being awaited.
  @Test func `a file that was cut off and is compressed anew is not awaited any longer`()
    async throws
  {
    let bench = try RunBench()
    let text = records.joined(separator: "\n") + "\n"
    try place(Array(gzip(text, checksumOf: text).dropLast(700)), bench)
    let torn = try await bench.replay()
    #expect(torn.tornFiles == [bench.drop("t_1.json.gz")] && !torn.isComplete)
    try place(gzip(text, checksumOf: text, time: 9), bench)
    let whole = try await bench.replay()
    #expect(whole.isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 a", "3 a"])
    #expect(try bench.status().files.filter { $0.count > 0 }.map(\.kind) == ["applied"])
  }

  // Prevents a file of which nothing was read from being taken in with what an earlier one held.
  @Test func `files that cannot be read do not disturb large ones between them`() async throws {
    let bench = try RunBench()
    let bucket = BucketDirectory(root: "\(bench.directory.path)/drop")
    for file in 1...12 {
      try bench.place(
        "t_\(2 * file).json",
        (1...20_000).map { #"{"id":"\#(file * 20_000 + $0)","v":"a","c\#(file)":"b"}"# })
      try bucket.place(
        [0x1F, 0x8B, 8] + Array(repeating: 0, count: 7) + Array(repeating: 0xFF, count: 99),
        at: "t_\(2 * file + 1).json.gz")
    }
    #expect(try await bench.replay().failedFiles.count == 12)
    #expect(try bench.status().collections.map(\.rows) == [240_000])
  }

  // Prevents a hint about CSV columns for a file that nobody meant to be CSV.
  @Test(arguments: ["json", "csv"])
  func `a file that was compressed twice is told to be`(_ format: String) async throws {
    let bench = try RunBench()
    let text = records.joined(separator: "\n") + "\n"
    let once = gzip(text, checksumOf: text)
    try place(gzip(once, checksumOf: once), bench, format)
    let failed = try await bench.replay()
    #expect(failed.failedFiles.map(\.file) == [bench.drop("t_1.\(format).gz")])
    #expect(
      failed.failedFiles.first?.cause == "it is compressed, and what was compressed is, too")
    try place(once, bench, format)
    #expect(try await bench.replay().isComplete)
    #expect(try bench.rows("t") == ["1 a", "2 a", "3 a"])
  }

  private func place(_ bytes: [UInt8], _ bench: RunBench, _ format: String = "json") throws {
    let name = "t_1.\(format).gz"
    unlink(bench.drop(name))
    try BucketDirectory(root: "\(bench.directory.path)/drop").place(bytes, at: name)
  }

  /// A text in gzip's framing (RFC 1952), stored and not compressed, with the checksum of any text.
  private func gzip(_ text: String, checksumOf other: String, time: UInt8 = 0) -> [UInt8] {
    gzip(Array(text.utf8), checksumOf: Array(other.utf8), time: time)
  }

  private func gzip(_ bytes: [UInt8], checksumOf other: [UInt8], time: UInt8 = 0) -> [UInt8] {
    func littleEndian(_ value: UInt32) -> [UInt8] {
      withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
    let count = littleEndian(UInt32(bytes.count))[..<2]
    return [0x1F, 0x8B, 8, 0, time, 0, 0, 0, 0, 255] + [1] + count + count.map { ~$0 } + bytes
      + littleEndian(checksum(other)) + littleEndian(UInt32(bytes.count))
  }

  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    ~bytes.reduce(~0) { sum, byte in
      (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in
        sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0)
      }
    }
  }
}
