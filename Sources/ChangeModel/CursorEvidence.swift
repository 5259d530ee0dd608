/// The fields of a table's cursors that nobody published how to read: what `order:` could use.
package struct CursorEvidence: Sendable, Hashable {
  /// A field whose values could be an order.
  package struct Field: Sendable, Hashable {
    /// How its text would be compared.
    package var kind: OrderField.Kind
    /// How many cursors had it in a form of this kind.
    package var count: Int
    /// Whether it never fell from one record to the next within a file.
    package var isNonDecreasing: Bool
    /// Its value in the file's first and last record that had it; across files, compare one's last
    /// with the next one's first.
    package var first: Position
    package var last: Position

    /// Makes the evidence of one value.
    package init(kind: OrderField.Kind, value: Position) {
      self.kind = kind
      count = 1
      isNonDecreasing = true
      first = value
      last = value
    }

    /// Takes the next record's value.
    package mutating func take(_ value: Position) {
      count += 1
      if value < last { isNonDecreasing = false }
      last = value
    }
  }

  /// The fields by their path in the record: `cursor.scn`.
  package var fields: [String: Field] = [:]
  /// How many cursors could not be read.
  package var recordCount = 0

  /// Makes evidence of nothing.
  package init() {}

  /// Adds the evidence of a file that comes after this one.
  package mutating func append(_ next: CursorEvidence) {
    recordCount += next.recordCount
    fields.merge(next.fields) { earlier, later in
      var field = earlier
      field.count += later.count
      field.isNonDecreasing =
        earlier.isNonDecreasing && later.isNonDecreasing && earlier.kind == later.kind
        && earlier.last <= later.first
      field.last = later.last
      return field
    }
  }

  /// The fields that could be an order: those that every cursor had, and of these, where there are
  /// any, those that never fell in a file and did rise; by name.
  package var proposals: [OrderField] {
    rising.isEmpty
      ? fields.filter { $0.value.count == recordCount && $0.key != "cursor.extractorId" }
        .map { OrderField(path: $0.key, kind: $0.value.kind) }.sorted { $0.path < $1.path }
      : rising
  }

  private var rising: [OrderField] {
    fields.filter { $0.value.count == recordCount && $0.value.isNonDecreasing }
      .filter { $0.value.first < $0.value.last || recordCount == 1 }
      .map { OrderField(path: $0.key, kind: $0.value.kind) }
      .sorted { $0.path < $1.path }
  }
}
