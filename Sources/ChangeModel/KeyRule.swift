/// What identifies a row of a table.
package enum KeyRule: Sendable, Hashable {
  /// These columns, in this order.
  case columns([String])
  /// The whole row (`@row`): for tables without a key; equal rows are counted.
  case wholeRow
  /// Nothing (`@append`): every insert is a row of its own.
  case append
}
