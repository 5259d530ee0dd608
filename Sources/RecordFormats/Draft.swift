import ChangeModel

/// A record while it is decoded: all but its columns, which are in the decoder's slots.
struct Draft {
  /// What the record says it does.
  enum Operation {
    case insert, update, delete
    /// Any other letter, `R` among them: how the row looks now.
    case other
  }
  var table = 0
  var operation = Operation.insert
  /// Whether the record tells each column's presence; else what an image has is present.
  var hasExists = false
  /// Whether it is a plain row of a snapshot.
  var isFlat = false
  var hasAfter = false
  var hasBefore = false
  var cursor = ReadCursor()
  var counter: Int64 = -1
  /// The record's bytes, and where they begin in the window.
  var bytes = UnsafeRawBufferPointer(start: nil, count: 0)
  var start = 0
}
