import ChangeModel
import Scanning

/// A value as it stands in the record.
struct RawValue {
  enum Kind: UInt8 {
    /// The image does not have the column.
    case absent
    /// SQL NULL: JSON's null, or the format's marker.
    case null
    /// Text that needs nothing done.
    case text
    /// The content of a JSON string with escapes in it.
    case jsonEscaped
    /// A CSV field with doubled quotes or escapes in it.
    case csvEscaped
    /// A JSON number.
    case number
    case yes, no
    /// A JSON object or array.
    case json
  }

  var kind: Kind
  /// Where it stands, in memory that outlives the record's decoding.
  var text: UnsafeRawBufferPointer

  static var absent: RawValue {
    RawValue(kind: .absent, text: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  var isAbsent: Bool { kind == .absent }
}

/// What a record says of one column.
struct ColumnSlot {
  var before = RawValue.absent
  var after = RawValue.absent
  /// Arcion's 0 to 3; 255 where the record has no entry.
  var exists: UInt8 = 255
  /// Whether the column is in ``RecordDecoder/touched`` already.
  var isTouched = false
  /// The value that the change gives the column; absent where it names none.
  var named = RawValue.absent

  /// Takes the column's value in an image; false where it has one already.
  @inline(__always)
  mutating func take(_ value: RawValue, isBefore: Bool) -> Bool {
    guard (isBefore ? before : after).isAbsent else { return false }
    if isBefore { before = value } else { after = value }
    return true
  }
}

/// Why a record cannot be used. Names columns, never values.
struct RecordFault: Error {
  var reason: String
}
