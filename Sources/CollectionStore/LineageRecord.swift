package import ChangeModel

/// A log that a collection's changes came from, and how far it is applied.
package struct LineageRecord: Sendable, Hashable {
  /// The collection's number.
  package var collection: Int64
  /// The lineage's name, as records give it; empty for records without a cursor.
  package var name: String
  /// The name as ``Rank/lineage`` holds it.
  package var hash: UInt32
  /// Which epoch of the collection it is.
  package var epoch: UInt32
  /// The lowest ordinal of the files that name it; nil for none.
  package var firstOrdinal: UInt64?
  /// The newest change that is applied; nil for none.
  package var last: Rank?
  /// That change's running count; nil for none.
  package var lastCounter: Int64?

  /// Makes the record of a lineage of which nothing is applied.
  package init(collection: Int64, name: String, hash: UInt32, epoch: UInt32) {
    self.collection = collection
    self.name = name
    self.hash = hash
    self.epoch = epoch
  }
}
