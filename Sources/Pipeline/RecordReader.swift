import BatchSource
import ChangeModel
import RecordFormats
import Sequencing

/// Reads single records again, in the second pass: their bytes, and then their values.
final class RecordReader {
  // In one piece, because each access to a class's variable is checked.
  private var reading: RecordReading
  /// How often files had been read when it was made; see ``IngestAttempt/readings``.
  let readings: Int

  /// Makes a reader of the run's files.
  ///
  /// - Parameters:
  ///   - files: by slot; the first pass has been over them.
  ///   - catalog: the run's collections; every column is known in it by now.
  init(files: [RunFile], catalog: Catalog, readings: Int) {
    self.readings = readings
    reading = RecordReading(files: files, catalog: catalog)
  }

  /// Looks once more whether the files are still what the first pass read; before a commit.
  func verify() throws { try reading.verify() }

  /// The raw bytes of a change's record.
  func bytes(of change: SequencedChange) throws -> [UInt8] {
    Array(try reading.fetch(change))
  }

  /// Appends the values that a change names to a buffer, ascending by the collection's columns.
  ///
  /// - Returns: the cells that were appended.
  /// - Throws: ``UnusableInput``: the file changed since the first pass, or a value is malformed.
  func appendValues(
    of change: SequencedChange, to buffer: inout CellBuffer
  ) throws -> Range<Int> {
    try reading.appendValues(of: change, to: &buffer)
  }
}

/// What a ``RecordReader`` does.
private struct RecordReading: ~Copyable {
  private var decoder: RecordDecoder
  private var routes = DecoderRoutes()
  private var fetcher = RecordFetcher()
  private var scratch = ScratchBytes()
  private let files: [RunFile]
  /// By slot; nil for a file that was never read. Apart from the files, which are dear to copy.
  private let layouts: [FileLayout?]
  private var catalog: Catalog

  init(files: [RunFile], catalog: Catalog) {
    self.files = files
    layouts = files.map { $0.outcome?.layout }
    self.catalog = catalog
    for file in files {
      _ = fetcher.register(
        file.file, identity: file.outcome?.identity ?? file.file.identity,
        spill: file.outcome?.spill)
    }
    decoder = RecordDecoder(plan: { catalog.plan(for: $0) })
  }

  mutating func verify() throws {
    do throws(IngestError) {
      try fetcher.verify()
    } catch {
      guard let path = files.first(where: { $0.file.path.description == error.file })?.file.path
      else { throw error }
      throw UnusableInput.file(path, error)
    }
  }

  mutating func appendValues(
    of change: SequencedChange, to buffer: inout CellBuffer
  ) throws -> Range<Int> {
    guard let layout = layouts[Int(change.file)] else {
      preconditionFailure("a change came from a file that was never read")
    }
    let start = buffer.cells.count
    let record = try fetch(change)
    let table: Int
    do throws(IngestError) {
      table = Int(try decoder.values(ofRecord: record, layout: layout, into: &buffer))
    } catch {
      throw UnusableInput.record(
        files[Int(change.file)].file.path,
        QuarantinedRecord(
          bytes: Array(record), byteOffset: change.recordOffset,
          recordIndex: Int(change.recordIndex), reason: error.cause))
    }
    follow(table)
    return translate(start..<buffer.cells.count, of: &buffer, table: table)
  }

  /// The record's bytes; valid until the next fetch.
  mutating func fetch(_ change: SequencedChange) throws -> UnsafeRawBufferPointer {
    let count = Int(change.recordLength)
    let scratch = scratch.bytes(count: count + ReadWindow.paddingByteCount)
    let record = UnsafeMutableRawBufferPointer(rebasing: scratch[..<count])
    do throws(IngestError) {
      try fetcher.fetch(slot: Int(change.file), offset: change.recordOffset, into: record)
    } catch {
      throw UnusableInput.file(files[Int(change.file)].file.path, error)
    }
    return UnsafeRawBufferPointer(record)
  }

  private mutating func follow(_ table: Int) {
    let isKnown =
      table < routes.columns.count
      && routes.columns[table].count == decoder.tables[table].columns.count
    if isKnown { return }
    routes.follow(tables: decoder.tables, lineages: [], catalog: &catalog, takes: { _ in false })
  }

  /// From the decoder's column numbers to the collection's.
  private mutating func translate(
    _ cells: Range<Int>, of buffer: inout CellBuffer, table: Int
  ) -> Range<Int> {
    var isAscending = true
    var previous = -1
    for index in cells {
      let column = routes.columns[table][Int(buffer.cells[index].column)]
      buffer.cells[index].column = UInt32(column)
      isAscending = isAscending && column > previous
      previous = column
    }
    if !isAscending { buffer.cells[cells].sort { $0.column < $1.column } }
    return cells
  }
}

/// Memory for one record at a time, with room for what decoders read behind it.
private struct ScratchBytes: ~Copyable {
  private var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 64)

  deinit { bytes.deallocate() }

  /// At least so many bytes; what was in them before is gone.
  mutating func bytes(count: Int) -> UnsafeMutableRawBufferPointer {
    if bytes.count < count {
      bytes.deallocate()
      bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count * 2, alignment: 64)
    }
    return bytes
  }
}

/// Input that the first pass took and the second cannot use: the call is done again without it.
enum UnusableInput: Error {
  /// The file changed or went away between the passes.
  case file(BatchPath, IngestError)
  /// A value of the record is malformed; nobody had looked at it before.
  case record(BatchPath, QuarantinedRecord)
  /// Files could not be read to their ends.
  case partial([BatchPath: RunFile.Outcome])
}
