import ChangeModel
import Sequencing
import Testing

/// Rows whose keys moves link, folded one change at a time.
@Suite struct SerialFoldTests {
  private func rank(_ position: UInt64) -> Rank {
    Rank(
      phase: 1, lineage: 1, position: Position(position), eventTime: .min, ordinal: 1, series: 1,
      recordIndex: UInt32(position))
  }

  private func integer(_ column: UInt32, _ value: Int64) -> Cell {
    Cell(column: column, integer: value)
  }

  private func value(_ fold: SerialFold, _ id: String, _ column: UInt32) -> Int64? {
    fold.rows[Array(id.utf8)]?.values[column].map { Int64(bitPattern: $0.cell.bits) }
  }

  // Prevents a key change that names only the key from losing the row's other columns.
  @Test func `a moved row takes along what the move does not name`() {
    var fold = SerialFold()
    fold.apply(
      .insert, id: [97], rank: rank(1), file: 1, eventTime: 5,
      cells: [integer(0, 10), integer(1, 20)])
    fold.move(from: [97], to: [98], rank: rank(2), file: 1, cells: [integer(0, 11)])
    #expect(value(fold, "b", 0) == 11)
    #expect(value(fold, "b", 1) == 20)
    #expect(fold.rows[[98]]?.eventTime == 5)
    #expect(fold.rows[[97]]?.isLive == false)
  }

  // Prevents a move from a key of which nothing is known from wiping out the new key's row.
  @Test func `a move from a key without a row is an update of the new key`() {
    var fold = SerialFold()
    fold.apply(
      .insert, id: [98], rank: rank(1), file: 1, eventTime: 5,
      cells: [integer(0, 10), integer(1, 20)])
    fold.move(from: [97], to: [98], rank: rank(2), file: 1, cells: [integer(0, 11)])
    #expect(value(fold, "b", 0) == 11)
    #expect(value(fold, "b", 1) == 20)
    #expect(fold.rows[[98]]?.floor?.rank == rank(1))
  }

  // Prevents a row that was never seen whole from being taken for complete behind a move.
  @Test func `a moved row that was incomplete stays incomplete`() {
    var fold = SerialFold()
    fold.apply(
      .update, id: [97], rank: rank(1), file: 1, eventTime: .min, cells: [integer(0, 1)])
    fold.move(from: [97], to: [98], rank: rank(2), file: 1, cells: [])
    #expect(fold.rows[[98]]?.floor?.kind == .incompleteInsert)
  }

  // Prevents a second life of a key from showing values of the first.
  @Test func `an insert behind a delete begins the row anew`() {
    var fold = SerialFold()
    fold.apply(
      .insert, id: [97], rank: rank(1), file: 1, eventTime: 1,
      cells: [integer(0, 1), integer(1, 2)])
    fold.apply(.delete, id: [97], rank: rank(2), file: 1, eventTime: .min, cells: [])
    fold.apply(.insert, id: [97], rank: rank(3), file: 1, eventTime: 9, cells: [integer(0, 7)])
    #expect(value(fold, "a", 0) == 7)
    #expect(value(fold, "a", 1) == nil)
    #expect(fold.rows[[97]]?.eventTime == 9)
  }
}
