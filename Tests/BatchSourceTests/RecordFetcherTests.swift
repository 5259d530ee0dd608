import BatchSource
import ChangeModel
import Glibc
import Testing

/// Reading records again.
struct RecordFetcherTests {
  func fetch(_ fetcher: inout RecordFetcher, _ slot: Int, _ offset: Int, _ count: Int) throws
    -> [UInt8]
  {
    var bytes = [UInt8](repeating: 0, count: count)
    try bytes.withUnsafeMutableBytes {
      try fetcher.fetch(slot: slot, offset: UInt64(offset), into: $0)
    }
    return bytes
  }

  func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var random = Repeatable(state: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  // More files than may be open, windows that are taken from each other, requests in every order.
  @Test func `every request gives just its bytes`() throws {
    let drop = TemporaryDirectory()
    var limits = RecordFetcher.Limits()
    limits.descriptorCount = 3
    limits.windowCount = 2
    limits.windowByteCount = 256
    var fetcher = RecordFetcher(limits: limits)
    let spill = try SpillFile(directory: drop.path)
    let reader = BatchFileReader()
    var contents: [[UInt8]] = []
    for index in 0..<8 {
      let content = bytes(1000 + index, seed: UInt64(index))
      contents.append(content)
      let isPacked = index % 2 == 1
      let name = "f_\(index).json"
      drop.write(name, isPacked ? Compressing.gzip(content) : content)
      try reader.open(drop.file(name), spill: spill)
      while true {
        let window = try reader.next()
        reader.consume(window.bytes.count)
        if window.isEnd { break }
      }
      let outcome = try reader.finish()
      #expect((outcome.spill != nil) == isPacked)
      #expect(
        fetcher.register(drop.file(name), identity: outcome.identity, spill: outcome.spill) == index
      )
    }
    var random = Repeatable(state: 99)
    for round in 0..<3000 {
      let slot = Int(random.next() % 8)
      let count = Int(random.next() % 200)
      let offset = Int(random.next() % UInt64(contents[slot].count - count + 1))
      let found = try fetch(&fetcher, slot, offset, count)
      #expect(found == Array(contents[slot][offset..<offset + count]))
      guard round % 100 == 0 else { continue }
      var position = 0
      while position + 30 <= contents[slot].count {
        #expect(
          try fetch(&fetcher, slot, position, 30) == Array(contents[slot][position..<position + 30])
        )
        position += 30 + Int(random.next() % 3)
      }
    }
    try fetcher.verify()
    // Behind the end of one file in the spill the next one begins: it must not be given out.
    #expect(throws: IngestError.self) { try fetch(&fetcher, 1, 990, 20) }
    #expect(throws: IngestError.self) { try fetch(&fetcher, 0, .max, 20) }
    fetcher.removeAll()
    #expect(fetcher.register(drop.file("f_2.json"), identity: drop.file("f_2.json").identity) == 0)
    #expect(try fetch(&fetcher, 0, 5, 10) == Array(contents[2][5..<15]))
  }

  // A row made of one version's place and another's bytes would be silently wrong.
  @Test func `a file replaced between the passes is an error`() throws {
    let drop = TemporaryDirectory()
    drop.write("a_1.json", "first version")
    let file = drop.file("a_1.json")
    var fetcher = RecordFetcher()
    let slot = fetcher.register(file, identity: file.identity)
    drop.write("new", "other version")
    drop.rename("new", "a_1.json")
    let error = #expect(throws: IngestError.self) { try fetch(&fetcher, slot, 0, 5) }
    #expect(error?.severity == .file && error?.cause == "changed while it was read")
    #expect(error?.file == file.path.description)
  }

  // While it is open, a file that is written over gives new bytes under the old name.
  @Test func `a file written over while it is open is an error`() throws {
    let drop = TemporaryDirectory()
    drop.write("a_1.json", "first version")
    let file = drop.file("a_1.json")
    var fetcher = RecordFetcher()
    let slot = fetcher.register(file, identity: file.identity)
    #expect(try fetch(&fetcher, slot, 0, 5) == Array("first".utf8))
    try fetcher.verify()
    drop.write("a_1.json", "first")
    let error = #expect(throws: IngestError.self) { try fetcher.verify() }
    #expect(error?.cause == "changed while it was read")
    #expect(throws: IngestError.self) { try fetch(&fetcher, slot, 6, 7) }
  }

  // A file that shrinks must be an error, never a crash or bytes of nothing.
  @Test func `a file that is gone or shorter is an error`() throws {
    let drop = TemporaryDirectory()
    drop.write("a_1.json", "first version")
    let file = drop.file("a_1.json")
    var fetcher = RecordFetcher()
    let slot = fetcher.register(file, identity: file.identity)
    drop.remove("a_1.json")
    let error = #expect(throws: IngestError.self) { try fetch(&fetcher, slot, 0, 5) }
    #expect(error?.cause == "cannot open: no such file or directory")
  }
}
