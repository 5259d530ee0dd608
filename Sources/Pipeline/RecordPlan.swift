import ChangeModel
import RecordFormats
import SQLiteKit

/// How the values of one shape of changes become those of a table's records, without a detour.
final class RecordPlan: Sendable {
  /// The changes that it is for.
  let layout: ValueStore.Layout
  /// The columns that such a change gives the row.
  let columns: RowState.EncodedShape
  private let steps: [Step]
  private let valueCount: Int

  private enum Step: UInt8 {
    /// The next value is the next column's.
    case take
    /// The next value is not stored.
    case pass
    /// The next column is not named.
    case null
  }

  /// Makes a plan; nil where the values do not come in the order of the table's columns.
  ///
  /// - Parameters:
  ///   - named: the columns of the changes' values.
  ///   - columnCount: how many columns the table has.
  ///   - idColumn: the one that is not stored; -1 for none.
  init?(
    for layout: ValueStore.Layout, of named: ValueStore.Columns, columnCount: Int, idColumn: Int
  ) {
    guard named.isAscending else { return nil }
    var columns = ColumnSet()
    var steps: [Step] = []
    var valueCount = 0
    for column in 0..<columnCount {
      let isNamed = valueCount < named.numbers.count && named.numbers[valueCount] == column
      if isNamed { valueCount += 1 }
      if column == idColumn {
        if isNamed { steps.append(.pass) }
      } else {
        if isNamed { columns.insert(column) }
        steps.append(isNamed ? .take : .null)
      }
    }
    precondition(valueCount == named.numbers.count, "values name columns that the table lacks")
    self.layout = layout
    self.columns = RowState.EncodedShape(columns)
    self.steps = steps
    self.valueCount = valueCount
  }

  /// Adds a change's values to a record. Texts that lie one behind the other are copied at once.
  func add(_ change: UnsafeRawBufferPointer, to encoder: inout RecordEncoder) {
    var values = PackedValues.Iterator(change, count: valueCount)
    var run = UnsafeRawBufferPointer(start: nil, count: 0)
    steps.withUnsafeBufferPointer { steps in
      for step in steps {
        if step == .null {
          encoder.addNull()
          continue
        }
        let value = values.next()
        if step == .pass || value.isNull {
          if step == .take { encoder.addNull() }
        } else if value.isText {
          encoder.addText(count: value.text.count)
          if run.endAddress == value.text.baseAddress {
            run = UnsafeRawBufferPointer(
              start: run.baseAddress, count: run.count + value.text.count)
          } else {
            encoder.addBytes(run)
            run = value.text
          }
        } else {
          encoder.addBytes(run)
          run = UnsafeRawBufferPointer(start: nil, count: 0)
          encoder.add(value)
        }
      }
    }
    encoder.addBytes(run)
  }
}

extension UnsafeRawBufferPointer {
  fileprivate var endAddress: UnsafeRawPointer? { baseAddress.map { $0 + count } }
}

extension RecordEncoder {
  /// Adds a value of a column with a type, or a number.
  fileprivate mutating func add(_ value: PackedValues.Value) {
    guard let cell = value.typed else { return add(text: value.text) }
    switch cell.kind {
    case .integer: add(Int64(bitPattern: cell.bits))
    case .real: add(Double(bitPattern: cell.bits))
    case .null, .text: preconditionFailure("what has a type is a number")
    }
  }
}
