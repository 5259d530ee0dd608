import BatchSource
import ChangeModel
import RecordFormats
import Sequencing

/// Reads single records again, in the second pass: their bytes, and then their values.
struct RecordReader {
  private var decoder: RecordDecoder
  private var routes = DecoderRoutes()
  private let fetcher = RecordFetcher()
  private var scratch: [UInt8] = []
  private let files: [RunFile]
  private var catalog: Catalog

  /// Makes a reader of the run's files.
  ///
  /// - Parameters:
  ///   - files: by slot; the first pass has been over them.
  ///   - catalog: the run's collections; every column is known in it by now.
  init(files: [RunFile], catalog: Catalog) {
    self.files = files
    self.catalog = catalog
    for file in files {
      _ = fetcher.register(
        file.file, identity: file.outcome?.identity ?? file.file.identity,
        spill: file.outcome?.spill)
    }
    decoder = RecordDecoder(plan: { catalog.plan(for: $0) })
  }

  /// How many files it knows.
  var fileCount: Int { files.count }

  /// Looks once more whether the files are still what the first pass read; before a commit.
  func verify() throws {
    do throws(IngestError) {
      try fetcher.verify()
    } catch {
      guard let path = files.first(where: { $0.file.path.description == error.file })?.file.path
      else { throw error }
      throw UnusableInput.file(path, error)
    }
  }

  /// The raw bytes of a change's record.
  mutating func bytes(of change: SequencedChange) throws -> [UInt8] {
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
    guard let layout = file.outcome?.layout else {
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

  private mutating func fetch<Result>(
    _ change: SequencedChange, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    let count = Int(change.recordLength)
    // Decoders may read a little behind a record.
    if scratch.count < count + ReadWindow.paddingByteCount {
      scratch = Array(repeating: 0, count: 2 * count + ReadWindow.paddingByteCount)
    }
    return try scratch.withUnsafeMutableBytes { scratch in
      let record = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
      do throws(IngestError) {
        try fetcher.fetch(slot: Int(change.file), offset: change.recordOffset, into: record)
      } catch {
        throw UnusableInput.file(files[Int(change.file)].file.path, error)
      }
      return try body(UnsafeRawBufferPointer(record))
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
