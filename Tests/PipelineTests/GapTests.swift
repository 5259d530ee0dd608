import ChangeModel
import CollectionStore
import Glibc
import Pipeline
import Testing

/// What is missing is known, named and waited for; what comes late after all is repaired.
@Suite struct GapTests {
  private static let first = [
    LogRecord.insert(1, "a", at: 10, count: 1), .insert(2, "a", at: 20, count: 2),
  ]
  private static let second = [
    LogRecord.update(1, "b", at: 30, count: 3), .delete(2, at: 40, count: 4),
  ]
  private static let third = [
    LogRecord.update(1, "c", at: 50, count: 5), .insert(3, "c", at: 60, count: 6),
  ]

  // Prevents newer changes from showing while older ones are known to be missing.
  @Test func `changes behind a missing file wait, it is named, and its coming releases them`()
    async throws
  {
    let bench = try LogBench()
    let held = try await bench.sync(["t_1.json": Self.first, "t_3.json": Self.third])
    #expect(try bench.rows() == ["1 a -", "2 a -"])
    let gap = try #require(held.gaps.first?.gap)
    #expect(gap.kind == .proven && gap.counters == 3...4 && !gap.isWaived && gap.waiting == 2)
    #expect(String(decoding: gap.likelyFile, as: UTF8.self) == bench.path("t_2.json"))
    #expect(!held.isComplete)
    let whole = try await bench.sync(["t_2.json": Self.second])
    #expect(try bench.rows() == ["1 c -", "3 c -"])
    #expect(whole.isComplete && whole.gaps.isEmpty)
    #expect(try bench.query("SELECT sum(waiting) FROM _resequel_file_collections") == ["0"])
  }

  // Prevents a false alarm, and a row of which the newest change is there and an older is not, about
  // a file that is only still being written.
  @Test(arguments: [Duration.zero, .seconds(600), nil])
  func `a file that is there and not complete yet is not missing, and is waited for`(
    gapWait: Duration?
  ) async throws {
    let bench = try LogBench(gapWait: gapWait)
    let files = ["t_1.json": Self.first, "t_3.json": Self.third]
    let summary = try await bench.sync(files, arriving: ["t_2.json"])
    #expect(try bench.rows() == ["1 a -", "2 a -"])
    let gap = try #require(summary.gaps.first?.gap)
    #expect(gap.kind == .arriving && gap.waiting == 2 && !gap.isWaived)
    #expect(gap.text == "\(bench.path("t_2.json")) is there, and not complete yet")
    // The next run knows it before it has listed the drop.
    try await bench.restart()
    bench.advance(seconds: 3_600)
    #expect(try await bench.sync(arriving: nil).gaps.map(\.gap.kind) == [.arriving])
    #expect(try await bench.sync(["t_2.json": Self.second]).isComplete)
    #expect(try bench.rows() == ["1 c -", "3 c -"])
    #expect(try bench.query("SELECT text FROM _resequel_events WHERE kind LIKE 'gap%'") == [])
  }

  // Prevents a file that is never finished from stopping a table for ever.
  @Test func `a file that is never complete is waited for no longer than three times to settle`()
    async throws
  {
    let bench = try LogBench(gapWait: .zero)
    let files = ["t_1.json": Self.first, "t_3.json": Self.third]
    try await bench.sync(files, arriving: ["t_2.json"])
    #expect(try await bench.timeToDeadline() == .seconds(6))
    bench.advance(seconds: 6)
    #expect(try await bench.sync(arriving: ["t_2.json"]).gaps.map(\.gap.isWaived) == [true])
    #expect(try bench.rows() == ["1 c -", "2 a -", "3 c -"])
  }

  // Prevents a file that went again, or of whose neighbours one is not there, from being forgotten.
  @Test func `what is not there is missing, though something else arrives`() async throws {
    let bench = try LogBench()
    let files = ["t_1.json": Self.first, "t_4.json": Self.third]
    let partly = try await bench.sync(files, arriving: ["t_2.json", "u_3.json"])
    let gap = try #require(partly.gaps.first?.gap)
    #expect(gap.kind == .proven)
    #expect(gap.text.contains("t_2.json and 1 more are missing"))
    #expect(
      try await bench.sync(arriving: ["t_2.json", "t_3.json"]).gaps.map(\.gap.kind) == [.arriving])
    #expect(try await bench.sync().gaps.map(\.gap.kind) == [.proven])
    #expect(
      try bench.query("SELECT count(*) FROM _resequel_events WHERE kind = 'gapFound'") == ["2"])
  }

  // Prevents one table's missing file from stopping the others.
  @Test func `other collections never wait`() async throws {
    let bench = try LogBench()
    let other = [LogRecord.insert(7, "x", at: 70, count: 1).inTable("u")]
    try await bench.sync([
      "t_1.json": Self.first, "t_3.json": Self.third + other, "u_1.json": other,
    ])
    #expect(try bench.rows("u") == ["7 x -"])
    #expect(try bench.rows() == ["1 a -", "2 a -"])
  }

  // Prevents a sync from turning for ever over a gap that nobody judges any more.
  @Test func `nothing is waited for of a table that is left out`() async throws {
    let bench = try LogBench(gapWait: .seconds(60))
    try await bench.sync(["t_1.json": Self.first, "t_3.json": Self.third])
    try await bench.restart()
    bench.configuration.skip = ["t"]
    bench.advance(seconds: 61)
    try await bench.sync()
    #expect(try await bench.timeToDeadline() == nil)
    try await bench.restart()
    bench.configuration.skip = []
    #expect(try await bench.sync().gaps.map(\.gap.isWaived) == [true])
    #expect(try bench.rows() == ["1 c -", "2 a -", "3 c -"])
  }

  // Prevents a wait that never ends, and rows that pass for certain.
  @Test
  func `when the wait is over changes are applied as provisional, and a late file repairs them`()
    async throws
  {
    let bench = try LogBench(gapWait: .seconds(60))
    try await bench.sync(["t_1.json": Self.first, "t_3.json": Self.third])
    #expect(try await bench.timeToDeadline() == .seconds(60))
    bench.advance(seconds: 61)
    let waived = try await bench.sync()
    #expect(try bench.rows() == ["1 c -", "2 a -", "3 c -"])
    #expect(waived.gaps.map(\.gap.isWaived) == [true] && !waived.isComplete)
    #expect(try bench.query("SELECT path FROM _resequel_provisional") == [bench.path("t_3.json")])
    #expect(try await bench.timeToDeadline() == nil)
    let repaired = try await bench.sync(["t_2.json": Self.second])
    #expect(try bench.rows() == ["1 c -", "3 c -"])
    #expect(repaired.isComplete)
    #expect(try bench.query("SELECT path FROM _resequel_provisional") == [])
  }

  // Prevents each run of `sync --once` from beginning to wait anew.
  @Test func `the wait is counted from a stored moment, whatever sessions come and go`()
    async throws
  {
    let bench = try LogBench(gapWait: .seconds(60))
    try await bench.sync(["t_1.json": Self.first, "t_3.json": Self.third])
    for _ in 1...2 {
      try await bench.restart()
      bench.advance(seconds: 25)
      try await bench.sync()
      #expect(try bench.rows() == ["1 a -", "2 a -"])
    }
    try await bench.restart()
    bench.advance(seconds: 25)
    try await bench.sync()
    #expect(try bench.rows() == ["1 c -", "2 a -", "3 c -"])
  }

  // Prevents an upload that left nothing but a name from being taken for a file that had nothing.
  @Test func `an empty file where counts skip is waited for until it is filled`() async throws {
    let bench = try LogBench()
    let summary = try await bench.sync([
      "t_1.json": Self.first, "t_2.json": [], "t_3.json": Self.third,
    ])
    #expect(summary.gaps.map(\.gap.kind) == [.proven])
    #expect(try bench.rows() == ["1 a -", "2 a -"])
    try await bench.restart()
    #expect(try await bench.sync(["t_2.json": Self.second]).isComplete)
    #expect(try bench.rows() == ["1 c -", "3 c -"])
  }

  // Prevents a wait for a number that was simply never used.
  @Test func `a number across which the counts go on is not missing`() async throws {
    let bench = try LogBench()
    let next = [LogRecord.update(1, "b", at: 30, count: 3)]
    let summary = try await bench.sync(["t_1.json": Self.first, "t_9.json": next])
    #expect(summary.isComplete)
    #expect(try bench.rows() == ["1 b -", "2 a -"])
  }

  // Prevents a source without counts from being taken for complete when numbers skip.
  @Test func `without counts a missing number is suspected, and waited for`() async throws {
    let bench = try LogBench()
    let files = [
      "t_1.json": [LogRecord.insert(1, "a", at: 10)], "t_2.json": [.update(1, "b", at: 20)],
      "t_4.json": [.update(1, "d", at: 40)],
    ]
    let summary = try await bench.sync(files)
    #expect(summary.gaps.map(\.gap.kind) == [.suspected])
    #expect(try bench.rows() == ["1 b -"])
    try await bench.sync(["t_3.json": [.update(1, "c", at: 30)]])
    #expect(try bench.rows() == ["1 d -"])
  }

  // Prevents a missing number of a shared series from holding a table that the file never held.
  @Test func `a suspected file that comes and holds other tables ends the wait`() async throws {
    let bench = try LogBench()
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10)], "t_2.json": [.update(1, "b", at: 20)],
      "t_4.json": [.update(1, "d", at: 40)],
    ])
    try await bench.sync(["t_3.json": [LogRecord.insert(1, "x", at: 30).inTable("u")]])
    #expect(try bench.rows() == ["1 d -"])
  }

  // Prevents counts that count something else from stopping everything.
  @Test func `counts that run over all tables prove nothing and stall nothing`() async throws {
    let bench = try LogBench()
    let summary = try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10, count: 1), .update(1, "b", at: 20, count: 5)],
      "t_2.json": [.update(1, "c", at: 30, count: 9), .insert(2, "c", at: 40, count: 17)],
    ])
    #expect(summary.isComplete)
    #expect(try bench.rows() == ["1 c -", "2 c -"])
  }

  // Prevents counts of all tables together from stopping `sync`, however the files come.
  @Test func `global counts never hold back, whichever table's file comes first`() async throws {
    let files: [String: [LogRecord]] = [
      "t_1.json": [.insert(1, "a", at: 10, count: 1), .update(1, "b", at: 30, count: 3)],
      "t_2.json": [.update(1, "c", at: 50, count: 5), .update(1, "d", at: 80, count: 8)],
      "u_1.json": [LogRecord.insert(7, "x", at: 20, count: 2).inTable("u")],
      "u_2.json": [
        LogRecord.update(7, "y", at: 40, count: 4).inTable("u"),
        LogRecord.update(7, "z", at: 90, count: 9).inTable("u"),
      ],
    ]
    let table = try await syncOneByOne(files, ["u_1.json", "t_1.json", "u_2.json", "t_2.json"])
    #expect(table == ["1 d -"])
  }

  // Prevents a source without counts from waiting for anything while its numbers go on.
  @Test func `without counts nothing is held back while the numbers go on`() async throws {
    let files: [String: [LogRecord]] = [
      "t_1.json": [.insert(1, "a", at: 10)], "t_2.json": [.update(1, "b", at: 20)],
      "t_3.json": [.update(1, "c", at: 30), .insert(2, "c", at: 40)],
    ]
    let table = try await syncOneByOne(files, ["t_1.json", "t_2.json", "t_3.json"])
    #expect(table == ["1 c -", "2 c -"])
  }

  // Prevents a restart of the writer, which counts from 1 again, from being taken for a hole.
  @Test func `counts that begin again in the same log hold nothing back`() async throws {
    let files: [String: [LogRecord]] = [
      "t_1.json": [.insert(1, "a", at: 10, count: 1), .insert(2, "a", at: 20, count: 2)],
      "t_2.json": [.update(1, "b", at: 30, count: 1), .delete(2, at: 40, count: 2)],
      "t_3.json": [.update(1, "c", at: 50, count: 3), .insert(3, "c", at: 60, count: 4)],
    ]
    for order in [["t_1.json", "t_2.json", "t_3.json"], ["t_1.json", "t_3.json", "t_2.json"]] {
      let table = try await syncOneByOne(files, order, isCheckedAtEnd: order[1] == "t_3.json")
      #expect(table == ["1 c -", "3 c -"])
    }
  }

  // Prevents two writers that count each for itself from looking like one with holes.
  @Test func `counts of several writers that take turns hold nothing back`() async throws {
    let files: [String: [LogRecord]] = [
      "t_1.json": [.insert(1, "a", at: 10, count: 1), .update(1, "b", at: 30, count: 2)],
      "t_2.json": [.insert(2, "a", at: 20, count: 1), .update(2, "b", at: 40, count: 2)],
      "t_3.json": [.update(1, "c", at: 50, count: 3), .update(2, "c", at: 60, count: 3)],
      "t_4.json": [.update(2, "d", at: 70, count: 4), .update(1, "d", at: 80, count: 4)],
    ]
    let table = try await syncOneByOne(files, files.keys.sorted())
    #expect(table == ["1 d -", "2 d -"])
  }

  /// Syncs files in calls of their own, and sees to it that nothing ever waits.
  ///
  /// - Parameter isCheckedAtEnd: whether that is looked at after the last call only: on the way a
  ///   number of the series is truly missing.
  /// - Returns: the rows of `t`.
  private func syncOneByOne(
    _ files: [String: [LogRecord]], _ order: [String], isCheckedAtEnd: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [String]? {
    let bench = try LogBench()
    for name in order {
      let summary = try await bench.sync([name: files[name] ?? []])
      if isCheckedAtEnd, name != order.last { continue }
      let waiting = try bench.status().collections.map(\.waiting).reduce(0, +)
      #expect(waiting == 0, "after \(name)", sourceLocation: sourceLocation)
      #expect(summary.gaps.isEmpty, "after \(name)", sourceLocation: sourceLocation)
    }
    return try bench.rows()
  }

  // Prevents a finished dump from waiting for what will never come, and from keeping silent.
  @Test func `a replay applies everything and names what is missing`() async throws {
    let bench = try LogBench()
    try bench.place(["t_1.json": Self.first, "t_3.json": Self.third])
    let summary = try await bench.replay()
    #expect(try bench.rows() == ["1 c -", "2 a -", "3 c -"])
    #expect(summary.gaps.map(\.gap.isWaived) == [true] && !summary.isComplete)
    try bench.place(["t_2.json": Self.second])
    #expect(try await bench.replay().isComplete)
    #expect(try bench.rows() == ["1 c -", "3 c -"])
  }

  // Prevents changes from being lost that wait in a file which is gone when they may go on.
  @Test func `a waiting file that is gone is named, and applied when it is put back`() async throws
  {
    let bench = try LogBench()
    try await bench.sync(["t_1.json": Self.first, "t_3.json": Self.third])
    unlink(bench.path("t_3.json"))
    let broken = try await bench.sync(["t_2.json": Self.second])
    #expect(try bench.rows() == ["1 b -"])
    #expect(broken.failedFiles.map(\.file) == [bench.path("t_3.json")] && !broken.isComplete)
    try await bench.sync(["t_3.json": Self.third])
    #expect(try bench.rows() == ["1 c -", "3 c -"])
  }

  // Prevents a hole whose one part has come from being waited for from the beginning.
  @Test func `a gap that becomes smaller keeps its deadline`() async throws {
    let bench = try LogBench(gapWait: .seconds(60))
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10, count: 1)],
      "t_4.json": [.update(1, "d", at: 40, count: 4)],
    ])
    bench.advance(seconds: 40)
    try await bench.sync(["t_2.json": [.update(1, "b", at: 20, count: 2)]])
    #expect(try bench.rows() == ["1 b -"])
    #expect(try await bench.timeToDeadline() == .seconds(20))
    bench.advance(seconds: 20)
    try await bench.sync()
    #expect(try bench.rows() == ["1 d -"])
  }

  // Prevents a log that began anew from ranking below the old one for ever.
  @Test(arguments: [false, true])
  func `files that show a restarted log make the table anew in its true order`(hasHistory: Bool)
    async throws
  {
    let bench = try LogBench()
    bench.configuration.collections["t", default: CollectionConfiguration()].history =
      hasHistory ? HistoryRule() : nil
    let old = LogRecord.insert(1, "old", at: 10, count: 1).at(log: "bin.000040")
    let new = LogRecord.update(1, "new", at: 4, count: 2).at(log: "bin.000001")
    let later = LogRecord.update(1, "newer", at: 8, count: 3).at(log: "bin.000001")
    try await bench.sync(["t_2.json": [new]])
    try await bench.sync(["t_1.json": [old]])
    #expect(try bench.rows() == ["1 new -"])
    try await bench.sync(["t_3.json": [later]])
    #expect(try bench.rows() == ["1 newer -"])
    let begun = try bench.query("SELECT text FROM _resequel_events WHERE kind = 'epochBegan'")
    #expect(begun == ["t: the log began anew; epoch 1 begins"])
    #expect(try bench.query("SELECT epoch FROM _resequel_lineages ORDER BY epoch") == ["0", "1"])
    if !hasHistory { return }
    let versions = "SELECT v || ' ' || coalesce(_valid_to, '-') FROM _resequel_current_history_t"
    #expect(
      try bench.query("\(versions) ORDER BY v") == ["new 1/8/1", "newer -", "old 1/4/1"])
  }

  // Prevents the order of arrival from showing in what `status` says of a log whose newest change
  // stands in two files.
  @Test func `how far a log is known is the same whichever copy of a change comes first`()
    async throws
  {
    let files = ["t_1.json": 1, "t_2.json": 2].mapValues { count in
      [LogRecord.insert(1, "a", at: 10, count: count)]
    }
    var told: [[String]?] = []
    for first in files.keys.sorted() {
      let bench = try LogBench()
      try await bench.sync(files.filter { $0.key == first })
      try await bench.sync(files)
      told.append(
        try bench.query("SELECT hex(last_rank) || last_counter FROM _resequel_lineages"))
    }
    #expect(told[0]?.count == 1)
    #expect(told[0] == told[1])
  }

  // Prevents the order of arrival from showing in which file is said to be missing.
  @Test func `of files in several directories the same one is said to be missing in every order`()
    async throws
  {
    let files: KeyValuePairs = ["a/t_2.json": 1, "b/t_2.json": 2, "b/t_4.json": 3]
    var told: Set<[String]?> = []
    for order in [[0, 1, 2], [1, 0, 2]] {
      let bench = try LogBench()
      for (name, position) in order.map({ files[$0] }) {
        try bench.place([name: [.insert(position, "a", at: position)]])
        _ = try await Replay(bench.configuration).run(paths: [bench.path(name)]) { _ in }
      }
      told.insert(try bench.query("SELECT substr(likely_file, -10) FROM _resequel_gaps"))
    }
    #expect(told == [["a/t_3.json"]])
  }

  // Prevents changes of a restarted log from ranking below the old one's where rows that moves link
  // are recomputed.
  @Test func `a late change of moved rows keeps the order of a restarted log`() async throws {
    let bench = try LogBench()
    let old = [
      LogRecord.insert(1, "old", at: 10, count: 1), .insert(2, "old", at: 20, count: 2),
    ].map { $0.at(log: "bin.000040") }
    var move = LogRecord.update(5, "moved", at: 4, count: 3).at(log: "bin.000001")
    move.oldID = 2
    let late = LogRecord.update(5, "late", at: 8, count: 4).at(log: "bin.000001")
    let last = LogRecord.update(5, "last", at: 12, count: 5).at(log: "bin.000001")
    try bench.place(["t_1.json": old, "t_2.json": [move], "t_4.json": [last]])
    _ = try await bench.replay()
    #expect(try bench.rows() == ["1 old -", "5 last -"])
    try bench.place(["t_3.json": [late]])
    _ = try await bench.replay()
    #expect(try bench.rows() == ["1 old -", "5 last -"])
  }

  // Prevents a row that was there from going for good: it was recomputed because a row was moved to
  // its key, when changes of it lay behind a gap that had only then become known.
  @Test(arguments: [
    ["3", "1", "2", "4"], ["4", "1", "3", "2"], ["4", "3", "1", "2"], ["3", "1", "4", "2"],
  ])
  func `what is in moved rows stays in them when a gap before it is proven later`(
    order: [String]
  ) async throws {
    let bench = try LogBench()
    var move = LogRecord.update(2, "moved", at: 20, count: 2)
    move.oldID = 1
    let files = [
      "1": [LogRecord.insert(1, "a", at: 10, count: 1), move],
      "2": [LogRecord.delete(2, at: 30, count: 3)],
      "3": [LogRecord.insert(2, "new", at: 40, count: 4)],
      "4": [LogRecord.update(2, "newest", at: 50, count: 5)],
    ]
    var last = ""
    var age = 0
    for number in order {
      _ = try await bench.sync(["t_\(number).json": try #require(files[number])])
      // Never older than what was there.
      let ages = ["moved", "new", "newest"]
      let rows = try bench.query("SELECT v FROM t WHERE _id = '2'") ?? []
      #expect(rows.count == 1)
      last = try #require(rows.first)
      #expect(try #require(ages.firstIndex(of: last)) >= age)
      age = ages.firstIndex(of: last) ?? 0
    }
    #expect(last == "newest")
    #expect(try bench.query("SELECT _event_time IS NULL FROM t") == ["0"])
  }

  // Prevents rows that were deleted before a second snapshot from staying for ever.
  @Test(arguments: [false, true])
  func `a second snapshot replaces the table where the configuration says so`(hasHistory: Bool)
    async throws
  {
    let bench = try LogBench()
    var settings = CollectionConfiguration()
    settings.history = hasHistory ? HistoryRule() : nil
    settings.resnapshot = .replace
    bench.configuration.collections["t"] = settings
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10), .insert(2, "a", at: 20)],
      "t_2.json": [LogRecord(id: 1, v: "s", isSnapshot: true)],
      "t_3.json": [.insert(3, "b", at: 50)],
    ])
    #expect(try bench.rows() == ["1 s -", "3 b -"])
    if !hasHistory { return }
    let versions = "SELECT _id || v || coalesce(_valid_to, '-') FROM _resequel_current_history_t"
    #expect(
      try bench.query("\(versions) ORDER BY _id, v") == ["1asnapshot", "1s-", "2asnapshot", "3b-"])
  }

  // Prevents a row that a snapshot ended from coming back under another key.
  @Test func `nothing comes along with a move from below a second snapshot`() async throws {
    let bench = try LogBench()
    var settings = CollectionConfiguration()
    settings.resnapshot = .replace
    bench.configuration.collections["t"] = settings
    var move = LogRecord.update(7, "moved", at: 50)
    move.oldID = 2
    try await bench.sync([
      "t_1.json": [.insert(1, "a", at: 10), .insert(2, "a", at: 20)],
      "t_2.json": [LogRecord(id: 1, v: "s", isSnapshot: true)], "t_3.json": [move],
    ])
    #expect(try bench.rows() == ["1 s -", "7 moved ∅"])
  }

  // Prevents the files that were held meanwhile from being forgotten when the one is back that
  // they waited for.
  @Test func `a table that waits for a file that is gone is made anew when it is back`()
    async throws
  {
    let bench = try LogBench()
    let old = LogRecord.insert(1, "old", at: 10, count: 1).at(log: "bin.000040")
    let new = LogRecord.update(1, "new", at: 4, count: 2).at(log: "bin.000001")
    try await bench.sync(["t_2.json": [new]])
    #expect(rename(bench.path("t_2.json"), "\(bench.directory.path)/gone") == 0)
    let held = try await bench.sync(["t_1.json": [old]])
    #expect(held.held.map(\.reason) == [.filesMissing])
    #expect(rename("\(bench.directory.path)/gone", bench.path("t_2.json")) == 0)
    let whole = try await bench.sync()
    #expect(try bench.rows() == ["1 new -"])
    #expect(whole.isComplete)
    #expect(try bench.query("SELECT epoch FROM _resequel_lineages ORDER BY epoch") == ["0", "1"])
  }
}
