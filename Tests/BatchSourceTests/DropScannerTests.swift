import BatchSource
import ChangeModel
import Glibc
import Testing

/// Listing real directories.
struct DropScannerTests {
  func scan(
    _ directory: TemporaryDirectory, _ names: [String] = [""], known: KnownFiles = KnownFiles()
  )
    throws -> ScanResult
  {
    let paths = names.map { $0.isEmpty ? directory.path : directory.path.appending(Array($0.utf8)) }
    return try DropScanner(paths: paths).scan(known: known)
  }

  func names(_ result: ScanResult) -> [String] { result.files.map(\.relativePath.description) }

  // Text order would put 10 before 9.
  @Test func `files come by series and by number`() throws {
    let drop = TemporaryDirectory()
    for name in [
      "b_2.json", "a_10.json", "a_9.json", "a_9.csv", "sub/z_1.json", "plain.json", "a_009.csv",
    ] {
      drop.write(name, "x")
    }
    let result = try scan(drop)
    #expect(
      names(result) == [
        "a_009.csv", "a_9.csv", "a_9.json", "a_10.json", "b_2.json", "plain.json", "sub/z_1.json",
      ])
    #expect(result.files.map(\.ordinal) == [9, 9, 9, 10, 2, nil, 1])
    #expect(result.files.last?.series == BatchPath("sub/z_.json"))
    #expect(result.errors.isEmpty && result.ignored.count == 0)
    #expect(result.files[0] == drop.file("a_009.csv"))
  }

  // A half-written upload must not be read, and nothing may vanish without being counted.
  @Test func `temporary and unknown names are passed over and counted`() throws {
    let drop = TemporaryDirectory()
    let hidden = [".a_1.json", ".a_1.json.Xy12Zq", ".git/a_1.json"]
    let temporary = [
      "a_1.json.tmp", "a_1.json~", "_temporary/0/a_1.json", "a_1.json.part", "a_1.csv.6eF5b5dA",
      "a_1.json.partial", "#a_1.json#",
    ]
    let unknown = ["a_1.parquet", "notes.md"]
    for name in hidden + temporary + unknown + ["_SUCCESS", "x.part_3.csv"] {
      drop.write(name, "x")
    }
    let pipe = drop.path.appending(Array("a_4.json".utf8))
    #expect(withCString(pipe) { mkfifo($0, 0o600) } == 0)
    let result = try scan(drop)
    #expect(names(result) == ["x.part_3.csv"])
    #expect(result.ignored.counts[.hidden] == hidden.count)
    #expect(result.ignored.counts[.temporary] == temporary.count)
    #expect(result.ignored.counts[.unknownExtension] == unknown.count)
    #expect(result.ignored.counts[.notRegular] == 1)
    #expect(result.ignored.counts[.marker] == 1)
    #expect(result.ignored.suspectCount == 3)
    #expect(result.ignored.examples.count == result.ignored.count)
  }

  // Somebody who names a file means it, whatever its extension.
  @Test func `a file that is named itself is taken`() throws {
    let drop = TemporaryDirectory()
    drop.write("dump.log", "x")
    drop.write("other_1.json", "x")
    drop.write("schemas.yaml", "x")
    let result = try scan(drop, ["dump.log"])
    #expect(names(result) == ["dump.log"])
    #expect(result.files.first?.root == drop.path)
    let file = try #require(result.files.first)
    #expect(
      result.sideFiles.nearest(.schemas, to: file) == drop.path.appending("schemas.yaml".utf8))
  }

  // One file read under two names would be counted twice.
  @Test func `paths inside other paths are scanned once`() throws {
    let drop = TemporaryDirectory()
    drop.write("sub/a_1.json", "x")
    drop.write(".hidden/b_1.json", "x")
    let result = try scan(drop, ["sub", "", "sub/a_1.json", ".hidden", "sub/../sub/a_1.json"])
    #expect(names(result) == ["sub/a_1.json", "b_1.json"])
  }

  // The nearest description of the columns is the right one.
  @Test func `side files are found up the tree to the root`() throws {
    let above = TemporaryDirectory()
    above.write("schemas.yaml", "x")
    above.write("drop/schemas.yaml", "x")
    above.write("drop/a/object_metadata.yaml", "x")
    above.write("drop/a/b/t_1.csv", "x")
    above.write("drop/c/t_1.csv", "x")
    let result = try scan(above, ["drop"])
    let first = try #require(result.files.first)
    let last = try #require(result.files.last)
    #expect(names(result) == ["a/b/t_1.csv", "c/t_1.csv"])
    #expect(
      result.sideFiles.nearest(.schemas, to: first)?.lastComponent.elementsEqual(
        "schemas.yaml".utf8) == true)
    #expect(
      result.sideFiles.nearest(.schemas, to: first)?.parent == above.path.appending("drop".utf8))
    #expect(
      result.sideFiles.nearest(.objectMetadata, to: first)
        == above.path.appending("drop/a/object_metadata.yaml".utf8))
    #expect(result.sideFiles.nearest(.objectMetadata, to: last) == nil)
    #expect(result.ignored.count == 0)
  }

  // A loop of links would never end; a link's target must not be lost, or taken twice.
  @Test func `links are followed and loops end`() throws {
    let drop = TemporaryDirectory()
    let elsewhere = TemporaryDirectory()
    elsewhere.write("far/f_1.json", "x")
    drop.write("real/a_1.json", "x")
    drop.link("real/loop", to: "..")
    drop.link("again", to: "real")
    drop.link("linked_2.json", to: "real/a_1.json")
    drop.link("out", to: elsewhere.path.description)
    let result = try scan(drop)
    #expect(names(result) == ["linked_2.json", "real/a_1.json", "out/far/f_1.json"])
    #expect(result.errors.isEmpty)
  }

  // One bad entry must not stop the others, nor be passed over in silence.
  @Test func `what cannot be looked at is an error and the rest goes on`() throws {
    let drop = TemporaryDirectory()
    drop.write("a_1.json", "x")
    drop.link("b_1.json", to: "nowhere")
    drop.link("c_1.json", to: "c_1.json")
    let result = try scan(drop)
    #expect(names(result) == ["a_1.json"])
    #expect(result.errors.count == 2)
    #expect(result.errors.allSatisfy { $0.severity == .file })
    #expect(result.errors.contains { $0.cause == "is a symbolic link that leads nowhere" })
  }

  // A misspelt path must not look like an empty drop.
  @Test func `a root that does not exist is fatal`() throws {
    let drop = TemporaryDirectory()
    let error = #expect(throws: IngestError.self) { try scan(drop, ["missing"]) }
    #expect(error?.severity == .fatal)
    #expect(error?.cause == "cannot find: no such file or directory")
    let scanner = try DropScanner(paths: [drop.path])
    drop.remove("")
    #expect(throws: IngestError.self) { try scanner.scan() }
  }

  // Names are bytes: a name that is no UTF-8 must be found and opened.
  @Test func `names that are no text are found`() throws {
    let drop = TemporaryDirectory()
    drop.write(Array("caf".utf8) + [0xE9] + Array("_3.json".utf8), [1])
    let result = try scan(drop)
    #expect(names(result) == ["caf\\xE9_3.json"])
    let reader = BatchFileReader()
    try reader.open(#require(result.files.first))
    #expect(try reader.next().bytes.elementsEqual([1]))
  }

  // A rescan must give what is new and nothing else.
  @Test func `known versions are not reported again`() throws {
    let drop = TemporaryDirectory()
    for index in 0..<100 { drop.write("a_\(index).json", "x") }
    var known = KnownFiles()
    for file in try scan(drop).files { known.insert(file) }
    #expect(known.count == 100)
    #expect(try scan(drop, known: known).unchangedCount == 100)
    drop.append("a_7.json", "more")
    drop.write("b_1.json", "x")
    known.remove(path: drop.path.appending("a_9.json".utf8))
    // The same size and time, but another file.
    drop.write("new", "y")
    drop.setTime("new", seconds: 5)
    drop.setTime("a_3.json", seconds: 5)
    known.insert(drop.file("a_3.json"))
    drop.rename("new", "a_3.json")
    let result = try scan(drop, known: known)
    #expect(names(result) == ["a_3.json", "a_7.json", "a_9.json", "b_1.json"])
    #expect(result.unchangedCount == 97 && result.changedCount == 3)
    #expect(known.contains(drop.file("a_8.json")) && !known.contains(drop.file("a_7.json")))
  }
}
