/// A decoded record: what decides about it, and where its values are, packed until it is known that
/// they are needed.
///
/// Made by `RecordFormats` from a batch file's bytes, ordered by `Sequencing`. Plain memory, no
/// references: millions of these are held and sorted.
@frozen @usableFromInline
package struct Change: Sendable {
  /// Index into ``ChangeBatch/tables``.
  @usableFromInline package var table: UInt32
  /// What it does to the row.
  @usableFromInline package var operation: Operation
  /// See ``Flags``.
  @usableFromInline package var flags: Flags
  /// Index into the table's ``DecodedTable/shapes``: the columns whose values it names.
  @usableFromInline package var shape: UInt32
  /// Index into ``ChangeBatch/lineages``.
  @usableFromInline package var lineage: UInt32
  /// The record's index in its file, from zero.
  @usableFromInline package var recordIndex: UInt32
  /// Where the record begins in the file's decompressed bytes.
  @usableFromInline package var recordOffset: UInt64
  /// The place in the source's log; zero for a snapshot record.
  @usableFromInline package var position: Position
  /// The source's time of the change, microseconds since 1970 UTC; `Int64.min` for none.
  @usableFromInline package var eventTime: Int64
  /// The source's running count of changes of this table, this one included; -1 for none.
  @usableFromInline package var counter: Int64
  /// The canonical key: these bytes of ``ChangeBatch/keyBytes``. Empty while no key is known.
  @usableFromInline package var key: ByteRange
  /// The key that the row had before, where the change moves it; else empty.
  @usableFromInline package var oldKey: ByteRange
  /// Its values: these bytes of ``ChangeBatch/values``. Empty where it gives none, or they are not
  /// wanted.
  @usableFromInline package var values: ByteRange

  /// What else is known of a change.
  @frozen @usableFromInline
  package struct Flags: OptionSet, Sendable {
    @usableFromInline package let rawValue: UInt8
    @inlinable package init(rawValue: UInt8) { self.rawValue = rawValue }
    /// A row of a snapshot: it has no cursor and ranks before the log.
    @inlinable package static var snapshot: Flags { Flags(rawValue: 1) }
    /// The cursor is there, but its order is not known: the table is held (`order:` releases it).
    @inlinable package static var unreadableCursor: Flags { Flags(rawValue: 2) }
    /// The key changed: ``Change/oldKey`` goes, ``Change/key`` comes.
    @inlinable package static var keyMove: Flags { Flags(rawValue: 4) }
  }

  /// Makes a change with nothing known but its table and operation.
  @inlinable
  package init(table: UInt32, operation: Operation) {
    self.table = table
    self.operation = operation
    flags = []
    shape = 0
    lineage = 0
    recordIndex = 0
    recordOffset = 0
    position = .zero
    eventTime = .min
    counter = -1
    key = ByteRange()
    oldKey = ByteRange()
    values = ByteRange()
  }
}

/// Some bytes of a buffer that somebody else holds.
@frozen @usableFromInline
package struct ByteRange: Sendable, Hashable {
  /// The first byte's index.
  @usableFromInline package var offset: UInt32
  /// How many bytes.
  @usableFromInline package var count: UInt32

  /// Makes a range; empty unless told otherwise. Both numbers must be below 2^32, which whoever
  /// gathers more than a batch must see to (``CellBuffer/checkSize(of:)``).
  @inlinable
  package init(offset: Int = 0, count: Int = 0) {
    self.offset = UInt32(truncatingIfNeeded: offset)
    self.count = UInt32(truncatingIfNeeded: count)
  }

  /// Whether there are no bytes in it.
  @inlinable package var isEmpty: Bool { count == 0 }
  /// The range as indexes.
  @inlinable package var indices: Range<Int> { Int(offset)..<Int(offset) + Int(count) }
}
