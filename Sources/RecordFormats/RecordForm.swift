import ChangeModel

/// What records have in common that do one thing to one table and name the same columns: what a
/// template's match means.
struct RecordForm {
  /// What all its changes share; key, position, time, counter and origin are filled in.
  var change: Change
  var hasTimestamp: Bool
  var hasCounter: Bool
  /// SAP ASE: the counter is the position's first word.
  var isCounterFirst: Bool
  /// Whether positions are not taken from the cursor (`order: files`).
  var ignoresPosition: Bool
  /// The key's parts: the value's index after the change, the one before it (-1 for none), and
  /// whether it is a number.
  var keyParts: UnsafeMutablePointer<(new: Int32, old: Int32, isNumeric: Bool)>
  var keyCount: Int
  /// The columns that the change names, ascending, where values are wanted: the index of each one's
  /// value, -1 for NULL, and what becomes of its texts (``PackedValues/Kind``).
  var named: UnsafeMutablePointer<(value: Int32, kind: UInt8)>
  var namedCount: Int
  /// How many records of the current file have it.
  var hits = 0
}
