import BatchSource
import ChangeModel
import RecordFormats
import Sequencing

/// Reads single records again, in the second pass: their bytes, and then their values.
struct RecordReader {
  private var decoder: RecordDecoder
  private var routes = DecoderRoutes()
  private let fetcher: RecordFetcher
  private let files: [RunFile]
  private var catalog: Catalog

  /// Makes a reader of the run's files.
  ///
  /// - Parameters:
  ///   - fetcher: gives the bytes of a record, by the slot of its file.
  ///   - files: by slot; the first pass has been over them.
  ///   - catalog: the run's collections; every column is known in it by now.
  init(fetcher: RecordFetcher, files: [RunFile], catalog: Catalog) {
    self.fetcher = fetcher
    self.files = files
    self.catalog = catalog
    decoder = RecordDecoder(plan: { catalog.plan(for: $0) })
  }

  /// The raw bytes of a change's record.
  func bytes(of change: SequencedChange) throws -> [UInt8] {
    try fetch(change) { Array($0) }
  }

  /// Appends the values that a change names to a buffer, ascending by the collection's columns.
  ///
  /// - Returns: the cells that were appended.
  /// - Throws: ``UnusableInput``: the file changed since the first pass, or a value is malformed.
  mutating func appendValues(
    of change: SequencedChange, to buffer: inout CellBuffer
  ) throws -> Range<Int> {
    let file = files[Int(change.file)]
    guard let layout = file.layout else {
      preconditionFailure("a change came from a file that was never read")
    }
    let start = buffer.cells.count
    let table = try fetch(change) { bytes in
      do throws(IngestError) {
        return Int(try decoder.values(ofRecord: bytes, layout: layout, into: &buffer))
      } catch {
        throw UnusableInput.record(
          file.file.path,
          QuarantinedRecord(
            bytes: Array(bytes), byteOffset: change.recordOffset,
            recordIndex: Int(change.recordIndex), reason: error.cause))
      }
    }
    follow(table)
    return translate(start..<buffer.cells.count, of: &buffer, columns: routes.columns[table])
  }

  private func fetch<Result>(
    _ change: SequencedChange, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    do {
      return try fetcher.fetch(
        slot: change.file, offset: change.recordOffset, length: Int(change.recordLength), body)
    } catch let error as IngestError where error.severity == .file {
      throw UnusableInput.file(files[Int(change.file)].file.path, error)
    }
  }

  private mutating func follow(_ table: Int) {
    let isKnown =
      table < routes.columns.count
      && routes.columns[table].count == decoder.tables[table].columns.count
    if isKnown { return }
    routes.follow(tables: decoder.tables, lineages: [], catalog: &catalog, takes: { _ in false })
  }

  /// From the decoder's column numbers to the collection's.
  private func translate(
    _ cells: Range<Int>, of buffer: inout CellBuffer, columns: [Int]
  ) -> Range<Int> {
    var isAscending = true
    var previous = -1
    for index in cells {
      let column = columns[Int(buffer.cells[index].column)]
      buffer.cells[index].column = UInt32(column)
      isAscending = isAscending && column > previous
      previous = column
    }
    if !isAscending { buffer.cells[cells].sort { $0.column < $1.column } }
    return cells
  }
}

/// Input that the first pass took and the second cannot use: the call is done again without it.
enum UnusableInput: Error {
  /// The file changed or went away between the passes.
  case file(BatchPath, IngestError)
  /// A value of the record is malformed; nobody had looked at it before.
  case record(BatchPath, QuarantinedRecord)
}
