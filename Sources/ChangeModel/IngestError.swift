/// Something that went wrong, said for a person to act on. Never holds a row's values.
package struct IngestError: Error, Sendable, Hashable, CustomStringConvertible {
  /// How far the damage goes.
  package enum Severity: String, Sendable {
    /// One record: it goes to the quarantine, the rest of the file goes on.
    case record
    /// One file: it is left, the others go on; each run tries it again.
    case file
    /// The run: nothing more is committed.
    case fatal
  }

  /// How far the damage goes.
  package var severity: Severity
  /// The batch file, as it is shown to people; nil where no file is to blame.
  package var file: String?
  /// Where in the file's decompressed bytes the record begins; nil where unknown.
  package var byteOffset: UInt64?
  /// The record's index in its file, from zero; nil where unknown.
  package var recordIndex: Int?
  /// What is wrong: lower case, no full stop, the specific last.
  package var cause: String
  /// What to do about it, in the imperative; nil where there is nothing.
  package var hint: String?

  /// Makes an error of its parts; see the properties.
  package init(
    _ severity: Severity, file: String? = nil, byteOffset: UInt64? = nil, recordIndex: Int? = nil,
    cause: String, hint: String? = nil
  ) {
    self.severity = severity
    self.file = file
    self.byteOffset = byteOffset
    self.recordIndex = recordIndex
    self.cause = cause
    self.hint = hint
  }

  /// `orders_3.json: record 1207 at byte 88213: cause`, and the hint on a line of its own.
  package var description: String {
    var parts: [String] = []
    if let file { parts.append(file) }
    switch (recordIndex, byteOffset) {
    case (let index?, let offset?): parts.append("record \(index) at byte \(offset)")
    case (let index?, nil): parts.append("record \(index)")
    case (nil, let offset?): parts.append("byte \(offset)")
    case (nil, nil): break
    }
    parts.append(cause)
    let message = parts.joined(separator: ": ")
    return hint.map { message + "\n  " + $0 } ?? message
  }
}
