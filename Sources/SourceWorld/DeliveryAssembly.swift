/// Collects what is placed in each call, and tells which records are whole after each.
struct DeliveryAssembly {
  let calls: Int
  private let bucket: Bucket
  private var placements: [[DeliveryStep.Placement]]

  init(bucket: Bucket, calls: Int) {
    self.bucket = bucket
    self.calls = max(1, calls)
    placements = Array(repeating: [], count: self.calls)
    for companion in bucket.companions {
      placements[0].append(
        .init(relativePath: companion.relativePath, file: nil, bytes: companion.bytes))
    }
  }

  /// Takes over what others have placed.
  init(bucket: Bucket, placements: [[DeliveryStep.Placement]]) {
    self.bucket = bucket
    calls = placements.count
    self.placements = placements
  }

  /// Places a whole file.
  mutating func place(_ file: Int, call: Int) {
    place(file, call: call, path: bucket.files[file].relativePath, .max)
  }

  /// Places a file without its end.
  mutating func placeTorn(_ file: Int, call: Int, _ random: inout SeededRandom) {
    let path = bucket.files[file].relativePath
    place(file, call: call, path: path, cut(file, from: 0, &random))
  }

  /// Places longer and longer beginnings of a file.
  mutating func placeGrowing(_ file: Int, calls: Range<Int>, _ random: inout SeededRandom) {
    var byteCount = 0
    for call in calls {
      byteCount = cut(file, from: byteCount, &random)
      place(file, call: call, path: bucket.files[file].relativePath, byteCount)
    }
  }

  /// Places a copy of a file under another number of its series.
  mutating func placeCopy(_ file: Int, call: Int, number: Int) {
    let path = bucket.files[file].relativePath
    guard let bar = path.lastIndex(of: "_"), let dot = path[bar...].firstIndex(of: ".") else {
      return
    }
    let copy = "\(path[...bar])\(number)\(path[dot...])"
    let isTaken =
      bucket.files.contains { $0.relativePath == copy }
      || placements.joined().contains { $0.relativePath == copy }
    if !isTaken { place(file, call: call, path: copy, .max) }
  }

  // Never in a record's line end: a CSV record whose newline is missing may count or not.
  private func cut(_ file: Int, from start: Int, _ random: inout SeededRandom) -> Int {
    let file = bucket.files[file]
    let count = cuttable(file)
    if count < start + 3 { return start }
    let place = start + random.below(count - start - 2)
    guard file.relativePath.hasSuffix(".csv") else { return place }
    return file.recordEnds.first { $0 > place && $0 - place < 3 } ?? place
  }

  /// How much of a file may be cut. Not the last row of a CSV snapshot: it ends in any text, and the
  /// row counts beside it vouch for whatever is left of it.
  private func cuttable(_ file: BucketFile) -> Int {
    let isSnapshot =
      file.relativePath.hasSuffix(".csv")
      && !file.bytes.dropLast().suffix(2).elementsEqual("}\"".utf8)
    return isSnapshot ? file.recordEnds.dropLast().last ?? 0 : file.bytes.count
  }

  private mutating func place(_ file: Int, call: Int, path: String, _ byteCount: Int) {
    let bytes = bucket.files[file].bytes
    placements[call].append(
      .init(
        relativePath: path, file: file,
        bytes: byteCount >= bytes.count ? bytes : Array(bytes[..<byteCount])))
  }

  /// The steps, with what is in the drop after each.
  func steps() -> [DeliveryStep] {
    var lengths: [String: (file: Int, count: Int)] = [:]
    return placements.map { placed in
      var step = DeliveryStep(placements: placed)
      for placement in placed {
        guard let file = placement.file else { continue }
        lengths[placement.relativePath] = (file, placement.bytes.count)
      }
      var present: Set<Int> = []
      for (file, count) in lengths.values {
        present.formUnion(bucket.files[file].events(inFirst: count))
        if count < bucket.files[file].bytes.count { step.hasTornFiles = true }
      }
      step.eventsPresent = present.sorted()
      return step
    }
  }
}
