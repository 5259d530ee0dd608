package import ChangeModel

/// A change as the sequencer keeps it: its rank, its key, and where its values are.
///
/// Plain memory, about a hundred bytes; the key's bytes lie in ``ChangeQueue/keys``.
package struct SequencedChange: Sendable {
  /// The place in the source's log.
  var position: Position
  /// The source's time, microseconds since 1970 UTC; `Int64.min` for none.
  package var eventTime: Int64
  /// The source's running count; -1 for none.
  var counter: Int64
  /// Where the record begins in its file's decompressed bytes.
  package var recordOffset: UInt64
  /// Where its values are.
  package var values: ValuePlace
  /// Where the key begins in ``ChangeQueue/keys``; the old key of a move follows it.
  var keyOffset: Int
  var keyCount: UInt32
  var oldKeyCount: UInt32
  /// How many bytes its values have; zero for none.
  package var valueCount: UInt32
  /// The record's index in its file.
  package var recordIndex: UInt32
  /// The run's slot of the file; see ``Sequencer/files``.
  package var file: UInt32
  /// Twice the epoch, plus one for changes from the log; see ``Sequencer/place(collection:by:)``.
  var phase: UInt32
  var lineage: UInt32
  /// The columns it names: index into ``ChangeQueue/shapes``.
  var shape: UInt32
  /// What it does to the row.
  package var operation: Operation
  /// Whether the key changed: the old key goes, the key comes.
  package var isMove: Bool
}

/// What of a batch file takes part in the rank of its changes.
package struct FileStamp: Sendable, Hashable {
  /// The number in its name, zero where there is none.
  package var ordinal: UInt64
  /// A 32-bit hash of its series.
  package var series: UInt32

  /// Makes a stamp.
  package init(ordinal: UInt64, series: UInt32) {
    self.ordinal = ordinal
    self.series = series
  }
}
