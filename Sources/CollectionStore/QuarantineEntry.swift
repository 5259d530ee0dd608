package import ChangeModel

/// A record in quarantine.
package struct QuarantineEntry: Sendable, Hashable {
  /// The manifest's number of its file.
  package var file: Int64
  /// The record, and what is wrong with it.
  package var record: QuarantinedRecord

  /// Makes one of its parts.
  package init(file: Int64, record: QuarantinedRecord) {
    self.file = file
    self.record = record
  }
}
