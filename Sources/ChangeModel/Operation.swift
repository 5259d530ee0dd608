/// What a change does to its row.
@frozen @usableFromInline
package enum Operation: UInt8, Sendable {
  /// Begins the row anew: columns it does not name become NULL.
  case insert
  /// Touches the columns it names; on a key never seen it makes an incomplete row.
  case update
  /// Touches the columns it names, or begins the row: for operations that say no more than "this
  /// is how the row looks now".
  case upsert
  /// Removes the row.
  case delete

  /// Whether it may be the first change of a row.
  package var begins: Bool { self == .insert || self == .upsert }
}
