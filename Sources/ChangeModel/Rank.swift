/// A change's place in the total order of its collection.
///
/// Order: phase, then position (within one lineage) or source time and lineage (between parallel
/// ones), then the file's ordinal, its series and the record's index in it. All of it is in the
/// files, so the order of arrival cannot change it.
@frozen @usableFromInline
package struct Rank: Sendable, Hashable {
  /// Twice the epoch, plus one for changes from the log: an epoch's snapshot ranks before its log.
  @usableFromInline package var phase: UInt32
  /// Which log the position belongs to: a 32-bit hash of the lineage's name, zero for none.
  @usableFromInline package var lineage: UInt32
  /// The place in that log.
  @usableFromInline package var position: Position
  /// The source's own time of the change, microseconds since 1970 UTC; `Int64.min` for none.
  /// Orders only changes of different lineages.
  @usableFromInline package var eventTime: Int64
  /// The number in the batch file's name.
  @usableFromInline package var ordinal: UInt64
  /// A 32-bit hash of the file's series.
  @usableFromInline package var series: UInt32
  /// The record's index in its file, from zero.
  @usableFromInline package var recordIndex: UInt32

  /// Makes a rank of its parts; see the properties.
  @inlinable
  package init(
    phase: UInt32, lineage: UInt32, position: Position, eventTime: Int64, ordinal: UInt64,
    series: UInt32, recordIndex: UInt32
  ) {
    self.phase = phase
    self.lineage = lineage
    self.position = position
    self.eventTime = eventTime
    self.ordinal = ordinal
    self.series = series
    self.recordIndex = recordIndex
  }

  /// A rank below every other.
  @inlinable package static var lowest: Rank {
    Rank(
      phase: 0, lineage: 0, position: .zero, eventTime: .min, ordinal: 0, series: 0,
      recordIndex: 0)
  }

  /// Whether both ranks name one place in one log: a repeat of one change, or a conflict.
  @inlinable
  package func isSamePlace(as other: Rank) -> Bool {
    phase == other.phase && lineage == other.lineage && position == other.position
  }
}

extension Rank: Comparable {
  @inlinable
  package static func < (left: Rank, right: Rank) -> Bool {
    if left.phase != right.phase { return left.phase < right.phase }
    if left.lineage == right.lineage {
      if left.position != right.position { return left.position < right.position }
    } else {
      if left.eventTime != right.eventTime { return left.eventTime < right.eventTime }
      return left.lineage < right.lineage
    }
    if left.ordinal != right.ordinal { return left.ordinal < right.ordinal }
    if left.series != right.series { return left.series < right.series }
    return left.recordIndex < right.recordIndex
  }
}

extension Rank {
  /// Whether a change comes before another of the same key.
  ///
  /// Positions and times together give no order: within a lineage times may fall while positions
  /// rise, and three changes then beat each other in a circle. So a key that changed in two lineages
  /// of one phase has all of its changes ordered by time, then lineage, then position.
  ///
  /// - Parameter inParallel: whether the key changed in two lineages of one phase.
  @inlinable
  package func isBefore(_ other: Rank, inParallel: Bool) -> Bool {
    guard inParallel, phase == other.phase, lineage == other.lineage,
      eventTime != other.eventTime
    else { return self < other }
    return eventTime < other.eventTime
  }

  /// Whether both ranks are of one phase and of two of its lineages.
  @inlinable
  package func isParallel(to other: Rank) -> Bool {
    phase == other.phase && lineage != other.lineage
  }

  /// Whether a change lies where nothing can be missing, so that a row may have forgotten what it
  /// needs to merge it.
  ///
  /// - Parameter closed: the rank up to which nothing can be missing. It speaks for its own lineage
  ///   and all phases before; in its phase other lineages do not compare with it, so they count as
  ///   lying below.
  @inlinable
  package func isClosed(by closed: Rank) -> Bool {
    phase == closed.phase && lineage == closed.lineage ? self <= closed : phase <= closed.phase
  }
}

extension Rank {
  /// Appends the rank as bytes: each number as its length and then its big-endian bytes, so that
  /// within one lineage the bytes sort (memcmp) as the ranks do. `_position` begins with these.
  @inlinable
  package func encode(into bytes: inout [UInt8]) {
    // Ten numbers of at most nine bytes, written as words of eight that overlap.
    withUnsafeTemporaryAllocation(byteCount: 96, alignment: 8) { buffer in
      var end = 0
      Self.write(UInt64(phase), to: buffer, &end)
      Self.write(position.word0, to: buffer, &end)
      Self.write(position.word1, to: buffer, &end)
      Self.write(position.word2, to: buffer, &end)
      Self.write(position.word3, to: buffer, &end)
      Self.write(ordinal, to: buffer, &end)
      Self.write(UInt64(series), to: buffer, &end)
      Self.write(UInt64(recordIndex), to: buffer, &end)
      Self.write(UInt64(lineage), to: buffer, &end)
      // Flips the sign, so that times before 1970, and "none", sort first.
      Self.write(UInt64(bitPattern: eventTime) ^ (1 << 63), to: buffer, &end)
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: buffer[..<end]))
    }
  }

  /// Writes a number as ``append(_:to:)`` does; up to eight bytes behind it are overwritten.
  @inlinable @inline(__always)
  static func write(
    _ value: UInt64, to buffer: UnsafeMutableRawBufferPointer, _ end: inout Int
  ) {
    let count = (64 &- value.leadingZeroBitCount &+ 7) / 8
    buffer[end] = UInt8(truncatingIfNeeded: count)
    // Smart shifts: of zero no byte is left, and it is shifted by 64.
    buffer.storeBytes(
      of: (value << UInt64(64 - count * 8)).bigEndian, toByteOffset: end &+ 1, as: UInt64.self)
    end &+= 1 &+ count
  }

  /// Reads a rank that ``encode(into:)`` wrote.
  ///
  /// - Parameters:
  ///   - bytes: the encoded bytes; they may go on behind the rank.
  ///   - offset: where the rank begins; on return, where it ended.
  /// - Returns: the rank, or nil when the bytes are cut short or not of this form.
  @inlinable
  package init?(decoding bytes: UnsafeRawBufferPointer, at offset: inout Int) {
    guard let phase = Self.read(bytes, &offset), let word0 = Self.read(bytes, &offset),
      let word1 = Self.read(bytes, &offset), let word2 = Self.read(bytes, &offset),
      let word3 = Self.read(bytes, &offset), let ordinal = Self.read(bytes, &offset),
      let series = Self.read(bytes, &offset), let recordIndex = Self.read(bytes, &offset),
      let lineage = Self.read(bytes, &offset), let time = Self.read(bytes, &offset)
    else { return nil }
    self.init(
      phase: UInt32(truncatingIfNeeded: phase), lineage: UInt32(truncatingIfNeeded: lineage),
      position: Position(word0, word1, word2, word3),
      eventTime: Int64(bitPattern: time ^ (1 << 63)), ordinal: ordinal,
      series: UInt32(truncatingIfNeeded: series),
      recordIndex: UInt32(truncatingIfNeeded: recordIndex))
  }

  @inlinable
  package static func append(_ value: UInt64, to bytes: inout [UInt8]) {
    let count = (64 - value.leadingZeroBitCount + 7) / 8
    bytes.append(UInt8(count))
    var shift = count * 8
    while shift > 0 {
      shift -= 8
      bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(shift)))
    }
  }

  @inlinable
  package static func read(_ bytes: UnsafeRawBufferPointer, _ offset: inout Int) -> UInt64? {
    guard offset < bytes.count else { return nil }
    let count = Int(bytes[offset])
    guard count <= 8, offset + 1 + count <= bytes.count else { return nil }
    var value: UInt64 = 0
    for index in offset + 1..<offset + 1 + count { value = value << 8 | UInt64(bytes[index]) }
    offset += 1 + count
    return value
  }
}
