import ChangeModel

/// A few hashes of a stretch's records, from which two stretches can be seen to have a record in
/// common: a re-emission after a resume, a run that was written again.
///
/// The smallest hashes meet where much is common, wherever it lies; the first and the last records
/// meet where the end of one stretch is the beginning of the other.
package struct RecordSketch: Sendable, Hashable {
  /// How many records there are.
  package private(set) var count = 0
  /// The smallest distinct hashes, ascending.
  private var smallest: [UInt32] = []
  /// The hashes of the first records.
  private var first: [UInt32] = []
  /// The hashes of the last records, a ring: record `n` is at `n % lastLimit`.
  private var last: [UInt32] = []

  /// How many of each are kept.
  package static let smallestLimit = 64
  package static let firstLimit = 8
  package static let lastLimit = 32

  /// Makes the sketch of no records.
  package init() {}

  /// The hash of a record: of where it stands, what it does and to which key.
  @inline(__always)
  static func hash(of change: Change, keyHash: UInt64) -> UInt32 {
    let place = change.position
    var mixed = keyHash ^ UInt64(change.operation.rawValue)
    mixed = (mixed ^ place.word0) &* 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 29) ^ place.word1) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 32) ^ place.word2) &* 0x94D0_49BB_1331_11EB
    mixed = (mixed ^ (mixed >> 31) ^ place.word3) &* 0x9E37_79B9_7F4A_7C15
    return UInt32(truncatingIfNeeded: mixed >> 32)
  }

  /// Adds the next record's hash.
  @inline(__always)
  mutating func add(_ hash: UInt32) {
    if last.count < Self.lastLimit {
      if last.isEmpty { reserve() }
      last.append(hash)
      if first.count < Self.firstLimit { first.append(hash) }
    } else {
      last[count & (Self.lastLimit - 1)] = hash
    }
    count &+= 1
    if smallest.count < Self.smallestLimit || hash < smallest[Self.smallestLimit - 1] {
      insert(hash)
    }
  }

  /// Makes room for what most small files have.
  @inline(never)
  private mutating func reserve() {
    smallest.reserveCapacity(16)
    first.reserveCapacity(Self.firstLimit)
    last.reserveCapacity(16)
  }

  @inline(never)
  private mutating func insert(_ hash: UInt32) {
    if smallest.count < Self.smallestLimit {
      if smallest.last ?? 0 <= hash, smallest.last != hash { return smallest.append(hash) }
    }
    let isFull = smallest.count == Self.smallestLimit
    let place = Self.place(of: hash, in: smallest)
    if place < smallest.count, smallest[place] == hash { return }
    if !isFull { smallest.append(hash) }
    // By hand: `Array.insert` costs several times as much, and this is on the road of each record.
    smallest.withUnsafeMutableBufferPointer { hashes in
      var index = hashes.count - 1
      while index > place {
        hashes[index] = hashes[index - 1]
        index -= 1
      }
      hashes[place] = hash
    }
  }

  /// The index of the first hash that is not below another.
  private static func place(of hash: UInt32, in sorted: [UInt32]) -> Int {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < hash { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether every record's hash is in it, so that nothing in common can be overlooked.
  package var isComplete: Bool { count <= Self.smallestLimit }

  /// Whether two stretches have a record in common, as far as the sketches show.
  package func shares(with other: RecordSketch) -> Bool {
    if meets(other.smallest) { return true }
    // The hashes of a complete sketch are all among its smallest.
    if !other.isComplete, other.first.contains(where: has) || other.last.contains(where: has) {
      return true
    }
    if isComplete { return false }
    return first.contains(where: other.has) || last.contains(where: other.has)
  }

  /// Whether one of some ascending hashes is among the smallest.
  private func meets(_ others: [UInt32]) -> Bool {
    var index = 0
    for hash in others {
      while index < smallest.count, smallest[index] < hash { index += 1 }
      if index == smallest.count { return false }
      if smallest[index] == hash { return true }
    }
    return false
  }

  private func has(_ hash: UInt32) -> Bool {
    let place = Self.place(of: hash, in: smallest)
    if place < smallest.count, smallest[place] == hash { return true }
    return !isComplete && (first.contains(hash) || last.contains(hash))
  }

  /// How much it says that a sketch shares nothing with this one, if the stretches had so many
  /// records in common: the expected number of common hashes.
  package func weight(ofCommon common: UInt64, with other: RecordSketch) -> Double {
    if isComplete, other.isComplete { return .infinity }
    return Double(common) * Double(Self.smallestLimit) / Double(max(count, other.count))
  }
}

extension RecordSketch {
  /// Appends the sketch as bytes.
  func encode(into bytes: inout [UInt8]) {
    Rank.append(UInt64(count), to: &bytes)
    for hashes in [smallest, first, last] {
      Rank.append(UInt64(hashes.count), to: &bytes)
      for hash in hashes { Rank.append(UInt64(hash), to: &bytes) }
    }
  }

  /// Reads a sketch that ``encode(into:)`` wrote; nil when the bytes are not of this form.
  init?(decoding bytes: UnsafeRawBufferPointer, at offset: inout Int) {
    guard let number = Rank.read(bytes, &offset), let records = Int(exactly: number),
      let smallest = Self.hashes(bytes, &offset, limit: Self.smallestLimit),
      let first = Self.hashes(bytes, &offset, limit: Self.firstLimit),
      let last = Self.hashes(bytes, &offset, limit: Self.lastLimit),
      zip(smallest, smallest.dropFirst()).allSatisfy(<),
      smallest.isEmpty == (records == 0), smallest.count <= records,
      first.count == min(records, Self.firstLimit), last.count == min(records, Self.lastLimit)
    else { return nil }
    count = records
    self.smallest = smallest
    self.first = first
    self.last = last
  }

  private static func hashes(
    _ bytes: UnsafeRawBufferPointer, _ offset: inout Int, limit: Int
  ) -> [UInt32]? {
    guard let number = Rank.read(bytes, &offset), number <= UInt64(limit) else { return nil }
    var hashes: [UInt32] = []
    for _ in 0..<number {
      guard let value = Rank.read(bytes, &offset), let hash = UInt32(exactly: value) else {
        return nil
      }
      hashes.append(hash)
    }
    return hashes
  }
}
