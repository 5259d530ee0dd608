import BatchSource
import ChangeModel
import Hashing
import Glibc
import Testing

/// Reading real files through small windows.
struct BatchFileReaderTests {
  struct Reading {
    var bytes: [UInt8] = []
    var outcome: ReadOutcome?
    var error: IngestError?
  }

  /// Reads a file to its end, consuming `step` bytes of each window (all where nil).
  func read(
    _ file: BatchFile, window: Int = 64, step: Int? = nil, start: UInt64 = 0,
    reader given: BatchFileReader? = nil
  ) -> Reading {
    var limits = BatchFileReader.Limits()
    limits.windowByteCount = window
    limits.inputByteCount = 7
    let reader = given ?? BatchFileReader(limits: limits)
    var reading = Reading()
    do throws(IngestError) {
      try reader.open(file, startOffset: start)
    } catch {
      reading.error = error
      return reading
    }
    do throws(IngestError) {
      while true {
        let window = try reader.next()
        #expect(window.offset == start + UInt64(reading.bytes.count))
        let count = window.isEnd ? window.bytes.count : min(step ?? .max, window.bytes.count)
        reading.bytes.append(contentsOf: window.bytes[..<count])
        reader.consume(count)
        if window.isEnd { break }
      }
    } catch {
      reading.error = error
    }
    do throws(IngestError) {
      reading.outcome = try reader.finish()
    } catch {
      reading.error = error
    }
    return reading
  }

  func sample(_ count: Int) -> [UInt8] {
    var random = Repeatable(state: 42)
    return (0..<count).map { _ in UInt8(random.next() % 16) + 0x41 }
  }

  func hash(_ bytes: [UInt8]) -> ContentHash { bytes.withUnsafeBytes { ContentHash(of: $0) } }

  // Whatever the window, the bytes and the hash of the file must be the same.
  @Test func `every packing gives the same bytes`() throws {
    let drop = TemporaryDirectory()
    let text = sample(1000)
    let half = 333
    let first = Array(text[..<half])
    let second = Array(text[half...])
    let packings: [(name: String, bytes: [UInt8], compression: BatchFileName.Compression)] = [
      ("plain.json", text, .none),
      // Content decides, not the name.
      ("plain.json.gz", text, .none),
      ("one.json.gz", Compressing.gzip(text), .gzip),
      ("named.json", Compressing.gzip(text), .gzip),
      (
        "members.gz", Compressing.gzip(first) + Compressing.gzip([]) + Compressing.gzip(second),
        .gzip
      ),
      ("padded.gz", Compressing.gzip(text) + [0, 0, 0], .gzip),
      ("one.zst", Compressing.zstd(text), .zstd),
      (
        "frames.zst",
        Compressing.skippableFrame([1, 2, 3]) + Compressing.zstd(first) + Compressing.zstd([])
          + Compressing.skippableFrame([]) + Compressing.zstd(second), .zstd
      ),
    ]
    for (name, bytes, compression) in packings {
      drop.write(name, bytes)
      for (window, step) in [(64, nil), (64, 1), (1 << 16, nil), (1, 1), (64, 40)] as [(Int, Int?)]
      {
        let reading = read(drop.file(name), window: window, step: step)
        #expect(reading.error == nil, "\(name)")
        #expect(reading.bytes == text, "\(name) \(window) \(String(describing: step))")
        let outcome = try #require(reading.outcome)
        #expect(outcome.contentHash == hash(bytes), "\(name)")
        #expect(outcome.rawByteCount == UInt64(bytes.count))
        #expect(outcome.byteCount == UInt64(text.count))
        #expect(outcome.compression == compression, "\(name)")
        #expect(!outcome.isTruncated && !outcome.hasChanged, "\(name)")
      }
    }
  }

  // The file that a torn upload leaves must neither fail nor lose what is there.
  @Test func `data cut anywhere gives what came before the cut`() throws {
    let drop = TemporaryDirectory()
    let text = sample(300)
    for packed in [
      Compressing.gzip(text), Compressing.zstd(text),
      Compressing.gzip(Array(text[..<100])) + Compressing.gzip(Array(text[100...])),
      Compressing.zstd(Array(text[..<100])) + Compressing.zstd(Array(text[100...])),
    ] {
      let name = packed[0] == 0x1F ? "t_1.json.gz" : "t_1.json.zst"
      var wholeCuts = 0
      for cut in 0..<packed.count {
        drop.write(name, Array(packed[..<cut]))
        let reading = read(drop.file(name), window: 128)
        #expect(reading.error == nil, "\(name) cut at \(cut)")
        #expect(text.starts(with: reading.bytes), "\(name) cut at \(cut)")
        let outcome = try #require(reading.outcome)
        if !outcome.isTruncated {
          wholeCuts += 1
          // Only an empty file, and the end of a member, can be taken for whole.
          #expect(cut == 0 || reading.bytes.count == 100, "\(name) cut at \(cut)")
        }
        #expect(outcome.contentHash == hash(Array(packed[..<cut])))
      }
      #expect(wholeCuts <= 2)
    }
  }

  // Corruption must be told from a torn end, and must not take the good beginning along.
  @Test func `corrupt data is an error behind what came before it`() throws {
    let drop = TemporaryDirectory()
    let text = sample(400)
    for (name, packed) in [("a.gz", Compressing.gzip(text)), ("a.zst", Compressing.zstd(text))] {
      drop.write(name, packed + Array("garbage".utf8))
      let reading = read(drop.file(name))
      #expect(reading.bytes == text, "\(name)")
      let error = try #require(reading.error)
      #expect(error.severity == .file)
      #expect(error.cause.contains("corrupt at byte \(packed.count) of the file"), "\(error)")
      let outcome = try #require(reading.outcome)
      #expect(outcome.contentHash == hash(packed + Array("garbage".utf8)))
    }
    // A wrong checksum at the end of the first of two members.
    var packed = Compressing.gzip(text)
    packed[packed.count - 6] ^= 1
    drop.write("b.gz", packed + Compressing.gzip(text))
    let reading = read(drop.file("b.gz"))
    #expect(reading.bytes == text)
    #expect(reading.error?.cause.contains("wrong checksum") == true)
  }

  // No bytes of a stranger may crash the program or make it hang.
  @Test func `damaged data never crashes`() {
    let drop = TemporaryDirectory()
    let text = sample(200)
    var random = Repeatable(state: 7)
    for packed in [Compressing.gzip(text), Compressing.zstd(text)] {
      for _ in 0..<300 {
        var damaged = packed
        for _ in 0...random.next() % 3 {
          damaged[Int(random.next() % UInt64(damaged.count))] = UInt8(
            truncatingIfNeeded: random.next())
        }
        drop.write("d_1.json", damaged)
        let reading = read(drop.file("d_1.json"))
        #expect(reading.outcome?.contentHash == hash(damaged))
      }
    }
  }

  // A record longer than a window must be seen whole; one longer than the limit must not eat all
  // memory.
  @Test func `windows grow for long records up to the limit`() throws {
    let drop = TemporaryDirectory()
    let text = sample(1000)
    drop.write("l_1.json", text)
    var limits = BatchFileReader.Limits()
    limits.windowByteCount = 16
    limits.windowByteCountMax = 1024
    let reader = BatchFileReader(limits: limits)
    try reader.open(drop.file("l_1.json"))
    var window = try reader.next()
    var count = 0
    while !window.isEnd {
      #expect(window.bytes.count > count)
      count = window.bytes.count
      window = try reader.next()
    }
    #expect(window.bytes.elementsEqual(text))
    limits.windowByteCountMax = 512
    let small = BatchFileReader(limits: limits)
    try small.open(drop.file("l_1.json"))
    let error = #expect(throws: IngestError.self) {
      while try !small.next().isEnd {}
    }
    #expect(error?.severity == .file && error?.byteOffset == 0)
    #expect(error?.cause == "a record is longer than 512 bytes")
    #expect(try small.finish().contentHash == hash(text))
  }

  // A continuation is read from where the last version ended.
  @Test func `reading can begin behind what is known`() throws {
    let drop = TemporaryDirectory()
    let text = sample(500)
    drop.write("p.json", text)
    drop.write("p.json.gz", Compressing.gzip(text))
    for name in ["p.json", "p.json.gz"] {
      for start in [0, 1, 63, 64, 65, 499, 500, 600] {
        let reading = read(drop.file(name), start: UInt64(start))
        #expect(reading.bytes == Array(text.dropFirst(start)), "\(name) from \(start)")
        #expect(reading.outcome?.byteCount == 500)
      }
    }
    let reader = BatchFileReader()
    #expect(
      try reader.prefixHash(of: drop.file("p.json"), byteCount: 123) == hash(Array(text[..<123])))
    #expect(try reader.prefixHash(of: drop.file("p.json"), byteCount: 501) == nil)
  }

  // What was read of a file that somebody writes to may be of two versions.
  @Test func `a change while reading is noticed`() throws {
    let drop = TemporaryDirectory()
    let changes: [(name: String, change: () -> Void)] = [
      ("grown", { drop.append("c_1.json", "more") }),
      (
        "replaced",
        {
          drop.write("new", "abcdef"); drop.rename("new", "c_1.json")
        }
      ),
      ("removed", { drop.remove("c_1.json") }),
      ("touched", { drop.setTime("c_1.json", seconds: 5) }),
    ]
    for (name, change) in changes {
      drop.write("c_1.json", "abcdef")
      let reader = BatchFileReader()
      try reader.open(drop.file("c_1.json"))
      let window = try reader.next()
      #expect(window.bytes.elementsEqual("abcdef".utf8) && window.isEnd)
      change()
      #expect(try reader.finish().hasChanged, "\(name)")
    }
  }

  // One reader serves many files; nothing of one may reach the next.
  @Test func `a reader can be used again after any end`() throws {
    let drop = TemporaryDirectory()
    let text = sample(300)
    drop.write("a.gz", Compressing.gzip(text))
    drop.write("b.gz", Array(Compressing.gzip(text).dropLast(12)))
    drop.write("c.gz", Compressing.gzip(text) + [9])
    drop.write("d.json", text)
    drop.write("e.zst", Compressing.zstd(text))
    let reader = BatchFileReader()
    for name in ["b.gz", "a.gz", "c.gz", "e.zst", "a.gz", "d.json", "b.gz", "d.json"] {
      let reading = read(drop.file(name), reader: reader)
      #expect(reading.bytes == text || name == "b.gz", "\(name)")
      #expect(reading.outcome?.isTruncated == (name == "b.gz"))
      #expect((reading.error != nil) == (name == "c.gz"))
    }
  }

  @Test func `what is no regular file is a file error`() throws {
    let drop = TemporaryDirectory()
    drop.write("x_1.json", "x")
    let file = drop.file("x_1.json")
    drop.remove("x_1.json")
    let missing = read(file)
    #expect(missing.error?.severity == .file)
    #expect(missing.error?.cause == "cannot open: no such file or directory")
    drop.makeDirectory("x_1.json")
    #expect(read(file).error?.cause == "is not a regular file")
  }
}
