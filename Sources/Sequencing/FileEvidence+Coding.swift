import ChangeModel

extension FileEvidence {
  /// The evidence as bytes, for the manifest.
  package var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(64 + segments.count * 256)
    Rank.append(ordinal == nil ? 0 : 1, to: &bytes)
    Rank.append(ordinal ?? 0, to: &bytes)
    Rank.append(UInt64(series), to: &bytes)
    Rank.append(content, to: &bytes)
    for count in [uncounted, changes, quarantined, isContradictory ? 1 : 0, segments.count] {
      Rank.append(UInt64(count), to: &bytes)
    }
    for segment in segments { segment.encode(into: &bytes) }
    return bytes
  }

  /// Reads evidence that ``encoded`` wrote; nil when the bytes are not of this form.
  package init?(decoding bytes: UnsafeRawBufferPointer) {
    var offset = 0
    guard let hasOrdinal = Rank.read(bytes, &offset), hasOrdinal <= 1,
      let ordinal = Rank.read(bytes, &offset),
      let series = Rank.read(bytes, &offset).flatMap(UInt32.init(exactly:)),
      let content = Rank.read(bytes, &offset),
      let uncounted = Rank.read(bytes, &offset).flatMap(Int.init(exactly:)),
      let changes = Rank.read(bytes, &offset).flatMap(Int.init(exactly:)),
      let quarantined = Rank.read(bytes, &offset).flatMap(Int.init(exactly:)),
      let contradiction = Rank.read(bytes, &offset), contradiction <= 1,
      let segmentCount = Rank.read(bytes, &offset), segmentCount <= UInt64(Self.segmentBound)
    else { return nil }
    self.init(ordinal: hasOrdinal == 1 ? ordinal : nil, series: series)
    self.content = content
    self.uncounted = uncounted
    self.changes = changes
    self.quarantined = quarantined
    isContradictory = contradiction == 1
    for _ in 0..<segmentCount {
      guard let segment = Segment(decoding: bytes, at: &offset) else { return nil }
      segments.append(segment)
    }
    if offset != bytes.count { return nil }
  }
}

extension FileEvidence.Segment {
  fileprivate func encode(into bytes: inout [UInt8]) {
    func append(_ value: UInt64) { Rank.append(value, to: &bytes) }
    append(UInt64(lineage))
    append(isSnapshot ? 1 : 0)
    append(UInt64(firstRecord))
    append(UInt64(lastRecord))
    append(UInt64(count))
    for position in [firstPosition, lowest, highest] {
      for word in [position.word0, position.word1, position.word2, position.word3] { append(word) }
    }
    append(counterAtHighest == nil ? 0 : 1)
    append(counterAtHighest ?? 0)
    append(UInt64(counts.ranges.count))
    for range in counts.ranges {
      append(range.lowerBound)
      append(range.upperBound)
    }
    sketch.encode(into: &bytes)
  }

  fileprivate init?(decoding bytes: UnsafeRawBufferPointer, at offset: inout Int) {
    func next() -> UInt64? { Rank.read(bytes, &offset) }
    func position() -> Position? {
      guard let word0 = next(), let word1 = next(), let word2 = next(), let word3 = next() else {
        return nil
      }
      return Position(word0, word1, word2, word3)
    }
    guard let lineage = next().flatMap(UInt32.init(exactly:)),
      let snapshot = next(), snapshot <= 1,
      let firstRecord = next().flatMap(UInt32.init(exactly:)),
      let lastRecord = next().flatMap(UInt32.init(exactly:)),
      let count = next().flatMap(Int.init(exactly:)),
      let firstPosition = position(), let lowest = position(), let highest = position(),
      let hasReference = next(), hasReference <= 1, let reference = next(),
      let counts = CounterSet(decoding: bytes, at: &offset),
      let sketch = RecordSketch(decoding: bytes, at: &offset)
    else { return nil }
    self.init(
      lineage: lineage, isSnapshot: snapshot == 1, firstRecord: firstRecord,
      lastRecord: lastRecord, count: count, firstPosition: firstPosition, lowest: lowest,
      highest: highest, counts: counts,
      counterAtHighest: hasReference == 1 ? reference : nil, sketch: sketch)
  }
}

extension CounterSet {
  /// Reads a number of stretches and the stretches; nil when they do not ascend.
  fileprivate init?(decoding bytes: UnsafeRawBufferPointer, at offset: inout Int) {
    self.init()
    guard let stretches = Rank.read(bytes, &offset),
      stretches <= UInt64(FileEvidence.stretchLimit)
    else { return nil }
    for _ in 0..<stretches {
      guard let low = Rank.read(bytes, &offset), let high = Rank.read(bytes, &offset), low <= high
      else { return nil }
      if let last, low <= last || low - last == 1 { return nil }
      insert(low...high)
    }
  }
}
