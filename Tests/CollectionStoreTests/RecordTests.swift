import ChangeModel
import CollectionStore
import SQLiteKit
import Testing

struct RecordTests {
  private func file(_ path: [UInt8], _ change: (inout FileRecord) -> Void = { _ in }) -> FileRecord
  {
    var file = FileRecord(path: path)
    change(&file)
    return file
  }

  // Prevents: a manifest that cannot tell a file seen from a new one after a restart: paths that are
  // no UTF-8, ordinals above 2^63, several versions of one path, the same content twice.
  @Test func `the manifest gives back what it was told`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let odd: [UInt8] = [0x64, 0xFF, 0xC0, 0x2F, 0x31]
    var records = [
      file(odd) {
        $0.size = .max
        $0.modified = -5
        $0.device = 1 << 63
        $0.inode = 7
        $0.hash = [1, 0, 2]
        $0.ordinal = .max - 1
        $0.series = odd
      },
      file(Array("b".utf8)) {
        $0.state = .failed
        $0.reason = "cut off"
        $0.ordinal = 0
      },
      file(odd) {
        $0.version = 2
        $0.hash = [1, 0, 2]
        $0.consumed = 12
        $0.records = 3
        $0.seenAt = 99
      },
      file(Array("a".utf8)),
    ]
    for index in records.indices { records[index].id = try store.insert(records[index]) }
    #expect(try store.allFiles() == records)
    #expect(try store.file(atPath: odd) == records[2])
    #expect(try store.versions(ofPath: odd) == [records[0], records[2]])
    #expect(try store.file(atPath: Array("c".utf8)) == nil)
    #expect(try store.files(withHash: [1, 0, 2]) == [records[0], records[2]])
    #expect(try store.files(withHash: []) == [])
    #expect(try store.files(in: [.failed, .torn]) == [records[1]])
    records[1].state = .applied
    records[1].reason = nil
    try store.update(records[1])
    #expect(try store.file(records[1].id) == records[1])
    #expect(throws: IngestError.self) { try store.insert(records[0]) }
    for state in FileRecord.State.allCases {
      records[1].state = state
      try store.update(records[1])
      #expect(try store.file(records[1].id)?.state == state)
    }
  }

  // Prevents: a refold that misses a file, and gap evidence that is lost.
  @Test func `files know what they hold of each collection`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let files = try ["a", "b", "c"].map { try store.insert(file(Array($0.utf8))) }
    var share = FileShare(file: files[2], collection: 1)
    share.changes = 5
    share.counterMin = 3
    share.counterMax = 9
    share.counterCount = 4
    share.evidence = [0, 1]
    share.keyFilter = []
    share.isHeld = true
    share.waiting = 3
    share.provisional = 4
    try store.record(FileShare(file: files[0], collection: 1))
    try store.record(FileShare(file: files[0], collection: 2))
    try store.record(FileShare(file: files[2], collection: 1))
    try store.record(share)
    #expect(try store.filesTouching(1).map(\.id) == [files[0], files[2]])
    #expect(try store.shares(ofCollection: 1) == [FileShare(file: files[0], collection: 1), share])
    #expect(try store.shares(ofFile: files[0]).map(\.collection) == [1, 2])
    #expect(try store.filesTouching(3) == [])
  }

  // Prevents: a table released under another number than its files were recorded under, and holds
  // that outlive their reason.
  @Test func `a held table keeps its number when it becomes a collection`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let source = SourceTable(catalog: "c", schema: nil, name: "orders")
    var hold = Hold(
      source: source, name: "orders", reason: "keyUnknown", changes: 7, cause: "no key is known",
      evidence: ["id: distinct in 7 of 7 \"inserts\"", "a, b"], hint: "--key orders=id")
    let number = try store.hold(hold)
    hold.changes = 9
    #expect(try store.hold(hold) == number)
    let twin = Hold(
      source: SourceTable(catalog: "d", name: "orders"), name: "orders", reason: "nameTaken",
      changes: 1, cause: "taken", evidence: [], hint: "rename")
    let other = try store.hold(twin)
    #expect(other != number)
    #expect(try store.holds() == [hold, twin])
    #expect(try store.allCollections() == [])
    let t = try store.createCollection(
      name: "orders", source: source, key: .columns(["id"]), keyOrigin: .flag,
      columns: [.init(name: "id")], layout: .rowid)
    #expect(t.id == number)
    #expect(try store.holds() == [twin])
    #expect(try store.hold(hold) == number)
    #expect(try store.status().collections.map(\.hold) == [hold])
    #expect(try store.collection(number)?.name == "orders")
    try store.release(table: number)
    try store.release(table: other)
    #expect(try store.holds() == [])
  }

  // Prevents: a record that is quarantined once more whenever its file is read.
  @Test func `a record is in quarantine once, until those of its file are resolved or dropped`()
    throws
  {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    let records = (0..<2).map { index in
      QuarantinedRecord(
        bytes: [0, 255, UInt8(index)], byteOffset: UInt64(index) * 10, recordIndex: index,
        table: index == 0 ? nil : SourceTable(name: "t"), reason: "no key")
    }
    for _ in 0..<2 {
      for file in Int64(1)...2 {
        for record in records {
          try store.quarantine(QuarantineEntry(file: file, record: record))
        }
      }
    }
    func kept() throws -> [String] {
      try store.query(
        """
        SELECT file, byte_offset, record_index, source, hex(bytes), reason, is_resolved
          FROM _resequel_quarantine ORDER BY file, id
        """)
    }
    #expect(
      try kept() == [
        "1|0|0|-|00FF00|no key|0", "1|10|1|t|00FF01|no key|0", "2|0|0|-|00FF00|no key|0",
        "2|10|1|t|00FF01|no key|0",
      ])
    try store.resolveQuarantined(ofFile: 1)
    try store.dropQuarantined(ofFile: 2)
    #expect(try kept() == ["1|0|0|-|00FF00|no key|1", "1|10|1|t|00FF01|no key|1"])
    #expect(try store.quarantineOverview().count == 0)
  }

  // Prevents: progress, gaps, settings or events that change by being stored.
  @Test func `lineages, gaps, settings and events are given back as told`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    var lineage = LineageRecord(collection: 1, name: "node-1", hash: .max, epoch: 2)
    lineage.firstOrdinal = .max - 1
    lineage.last = rank(5)
    lineage.lastCounter = 88
    let other = LineageRecord(collection: 1, name: "", hash: 0, epoch: 1)
    for _ in 0..<2 { try store.setLineages([lineage, other], ofCollection: 1) }
    #expect(try store.lineages(ofCollection: 1) == [other, lineage])
    let gaps = [
      GapRecord(
        series: [255], afterOrdinal: 1, beforeOrdinal: 3, kind: .proven, counters: 4...7,
        likelyFile: [255, 50], since: 5, deadline: 9,
        isWaived: false),
      GapRecord(
        series: [255], afterOrdinal: 7, beforeOrdinal: 9, kind: .suspected, counters: nil,
        likelyFile: [65],
        since: 6, deadline: nil, isWaived: true),
    ]
    try store.setGaps(gaps, ofCollection: 1)
    try store.setGaps(gaps, ofCollection: 1)
    #expect(try store.gaps(ofCollection: 1) == gaps)
    try store.setGaps([], ofCollection: 1)
    #expect(try store.gaps(ofCollection: 1) == [])
    try store.setSetting("drop", "/mnt/x")
    try store.setSetting("drop", "/mnt/y")
    #expect(try store.setting("drop") == "/mnt/y")
    try store.setSetting("drop", nil)
    #expect(try store.setting("drop") == nil)
    let events = (0..<3).map {
      StoreEvent(
        at: 1, kind: "repair", collection: $0 == 0 ? nil : 4, file: nil, text: "text \($0)")
    }
    for event in events { try store.insert(event) }
    #expect(try store.events(limit: 2) == [events[2], events[1]])
  }

  // Prevents: a move told twice counting twice, and a refold that leaves out a key it concerns.
  @Test func `moves lead from key to key in both directions`() throws {
    let store = try CollectionStore(opening: .memory, mode: .readWrite)
    func id(_ text: String) -> [UInt8] { Array(text.utf8) }
    #expect(try !store.hasMoves(1))
    let moves = [("a", "b", 1), ("b", "c", 2), ("x", "c", 3), ("p", "q", 4)].map {
      KeyMove(oldID: id($0.0), rank: rank($0.2), newID: id($0.1))
    }
    for move in moves + moves { try store.insert(move, collection: 1) }
    #expect(try store.hasMoves(1))
    #expect(try !store.hasMoves(2))
    #expect(try store.moves(from: id("b"), collection: 1) == [moves[1]])
    #expect(try store.moves(to: id("c"), collection: 1) == [moves[1], moves[2]])
    #expect(try store.allMoves(collection: 1).count == 4)
    #expect(try store.family(of: [id("x")], collection: 1) == Set(["a", "b", "c", "x"].map(id)))
    #expect(try store.family(of: [id("z")], collection: 1) == [id("z")])
  }
}
