/// A stretch of a batch file that is ready.
struct FilePiece {
  /// The file's path in the bucket.
  let path: String
  /// The next bytes of it.
  let bytes: [UInt8]
  /// Whether the file begins with them.
  let isFirst: Bool
  /// Whether it ends with them.
  let isLast: Bool
  /// The records that the whole file holds, by sequence number; empty unless it is the last piece
  /// and they are asked for.
  let events: [Int]
  /// Where in the file each of these records ends.
  let recordEnds: [Int]
}

/// Writes the records of a world into numbered files, piece by piece, so that a bucket of any size
/// needs the memory of one piece for each open file.
struct BucketWriter {
  private struct OpenFile {
    var path: String
    var bytes: [UInt8] = []
    var flushedCount = 0
    var recordCount = 0
    var limit = Int.max
    var hasCarriageReturns = false
    var endsBare = false
    var events: [Int] = []
    var recordEnds: [Int] = []
  }

  private struct Series {
    let stem: String
    let separator: String
    var ordinal: Int
    var emittedCount = 0
    /// The counts after which files end, descending; empty where the size decides.
    var cuts: [Int] = []
    var file: OpenFile?
    var rowCounts: [(name: String, rows: Int)] = []
  }

  private let world: World
  private let plan: BucketPlan
  private let emitter: RecordEmitter
  private let keepsEvents: Bool
  private let pieceBytes: Int
  private let json: ArcionJSONWriter
  private let csv: ArcionCSVWriter
  private var random: SeededRandom
  private var series: [Series]
  private var scratch: [UInt8] = []

  /// - Parameters:
  ///   - keepsEvents: whether pieces say which records a file holds.
  ///   - pieceBytes: how many bytes may wait in an open file.
  init(world: World, plan: BucketPlan, keepsEvents: Bool, pieceBytes: Int = .max) {
    self.world = world
    self.plan = plan
    self.keepsEvents = keepsEvents
    self.pieceBytes = pieceBytes
    let emitter = RecordEmitter(world: world, plan: plan)
    self.emitter = emitter
    json = ArcionJSONWriter(world: world, plan: plan)
    csv = ArcionCSVWriter(world: world, plan: plan)
    random = SeededRandom(seed: plan.seed, stream: 17)
    series = (0..<emitter.seriesCount).map { index in
      let path = emitter.path(ofSeries: index)
      return Series(stem: path.stem, separator: path.separator, ordinal: plan.firstOrdinal)
    }
    if let fileCount = plan.fileCount { planCuts(fileCount) }
  }

  /// Writes everything.
  ///
  /// - Parameter sink: takes the pieces; those of one file in order, those of several mixed.
  /// - Returns: what the source holds in the end.
  mutating func write(to sink: (FilePiece) throws -> Void) rethrows -> SourceDatabase {
    var writer = self
    let database = try emitter.run { event, series, isAfterRestart in
      if isAfterRestart && plan.fileCount == nil { try writer.closeAll(sink) }
      try writer.add(event, to: series, sink)
    }
    try writer.closeAll(sink)
    if plan.format == .csv || plan.hasMetadata {
      let counts = writer.series.map(\.rowCounts)
      for file in ArcionMetadata(emitter: emitter).files(rowCounts: counts) { try sink(file) }
    }
    self = writer
    return database
  }

  // MARK: How many files

  private mutating func planCuts(_ fileCount: Int) {
    var counts = Array(repeating: 0, count: series.count)
    emitter.run { _, series, _ in counts[series] += 1 }
    let total = max(1, counts.reduce(0, +))
    var shares = counts.map { $0 == 0 ? 0 : max(1, fileCount * $0 / total) }
    while shares.reduce(0, +) < fileCount,
      let widest = shares.indices.filter({ shares[$0] < counts[$0] })
        .max(by: { counts[$0] * max(1, shares[$1]) < counts[$1] * max(1, shares[$0]) })
    {
      shares[widest] += 1
    }
    for index in series.indices where shares[index] > 0 {
      let size = counts[index] / shares[index]
      series[index].cuts = (1...shares[index]).reversed().map { file in
        let even = file * counts[index] / shares[index]
        if file == shares[index] || !plan.variesFileSize || size < 3 { return even }
        return even + random.within(-(size / 3)...size / 3)
      }
    }
  }

  private mutating func recordLimit() -> Int {
    plan.variesFileSize ? random.within(1...max(1, plan.recordsPerFile * 2 - 1)) : plan.recordsPerFile
  }

  // MARK: Records

  private mutating func add(
    _ event: LogEvent, to index: Int, _ sink: (FilePiece) throws -> Void
  ) rethrows {
    var file = series[index].file ?? open(index)
    series[index].file = nil
    appendRecord(event, to: &file)
    file.recordCount += 1
    series[index].emittedCount += 1
    if keepsEvents {
      file.events.append(event.index)
      file.recordEnds.append(file.flushedCount + file.bytes.count)
    }
    let isCut = series[index].cuts.last == series[index].emittedCount
    if isCut { series[index].cuts.removeLast() }
    if isCut || file.recordCount >= file.limit {
      try close(file, index, sink)
      return
    }
    if file.bytes.count >= pieceBytes { try flush(&file, isLast: false, sink) }
    series[index].file = file
  }

  private mutating func appendRecord(_ event: LogEvent, to file: inout OpenFile) {
    let isFirst = file.recordCount == 0
    switch plan.format {
    case .jsonLines, .native:
      if !isFirst { breakLine(&file) }
      json.append(event, to: &file.bytes)
    case .jsonPretty:
      if !isFirst { breakLine(&file) }
      scratch.removeAll(keepingCapacity: true)
      json.append(event, to: &scratch)
      file.bytes += ArcionJSONWriter.indent(scratch[...])
    case .jsonArray:
      file.bytes.append(isFirst ? 0x5B : 0x2C)
      breakLine(&file)
      json.append(event, to: &file.bytes)
    case .csv:
      csv.append(event, to: &file.bytes)
      file.bytes.append(0x0A)
    }
  }

  private func breakLine(_ file: inout OpenFile) {
    if file.hasCarriageReturns { file.bytes.append(0x0D) }
    file.bytes.append(0x0A)
  }

  // MARK: Files

  private mutating func open(_ index: Int) -> OpenFile {
    let name = plan.format == .csv ? "csv" : "json"
    var file = OpenFile(
      path: "\(series[index].stem)\(series[index].separator)\(series[index].ordinal).\(name)")
    series[index].ordinal += 1
    if plan.fileCount == nil { file.limit = recordLimit() }
    if plan.hasHostileFraming && plan.format != .csv {
      file.hasCarriageReturns = random.chance(30)
      file.endsBare = random.chance(40)
      if random.chance(30) { file.bytes += [0xEF, 0xBB, 0xBF] }
    }
    return file
  }

  private mutating func closeAll(_ sink: (FilePiece) throws -> Void) rethrows {
    for index in series.indices {
      guard let file = series[index].file else { continue }
      series[index].file = nil
      try close(file, index, sink)
    }
  }

  private mutating func close(
    _ closing: OpenFile, _ index: Int, _ sink: (FilePiece) throws -> Void
  ) rethrows {
    var file = closing
    if plan.format == .jsonArray {
      breakLine(&file)
      file.bytes.append(0x5D)
    }
    if !file.endsBare && plan.format != .csv { breakLine(&file) }
    let name = file.path.split(separator: "/").last.map(String.init) ?? file.path
    series[index].rowCounts.append((name, file.recordCount))
    try flush(&file, isLast: true, sink)
  }

  private func flush(
    _ file: inout OpenFile, isLast: Bool, _ sink: (FilePiece) throws -> Void
  ) rethrows {
    try sink(
      FilePiece(
        path: file.path, bytes: file.bytes, isFirst: file.flushedCount == 0, isLast: isLast,
        events: isLast ? file.events : [], recordEnds: isLast ? file.recordEnds : []))
    file.flushedCount += file.bytes.count
    file.bytes.removeAll(keepingCapacity: true)
  }
}
