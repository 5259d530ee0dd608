import BatchSource
import ChangeModel
import RecordFormats

/// What decoders must know of files before they read them, gathered from the side files.
struct FileContexts {
  private var sideFiles: SideFiles
  private var schemas: [BatchPath: ArcionSchemas] = [:]
  private var metadata: [BatchPath: ArcionObjectMetadata] = [:]
  /// The table that the path of the last file seemed to name: the next is often of the same series.
  private var last: (root: BatchPath, series: BatchPath, table: SourceTable)?
  /// Side files that cannot be used.
  private(set) var errors: [BatchPath: IngestError] = [:]
  /// Those of them that need not be read again.
  private var broken: Set<BatchPath> = []

  init(_ sideFiles: SideFiles) {
    self.sideFiles = sideFiles
  }

  /// Reads the side files anew where they are needed from now on.
  mutating func renew(_ sideFiles: SideFiles) {
    self.sideFiles = sideFiles
    schemas = [:]
    metadata = [:]
    broken = []
  }

  /// Adds the side files of a file that was not listed.
  mutating func look(beside file: BatchFile) {
    sideFiles.look(aboveFilesIn: file.path.parent)
  }

  /// The context of one file, of whose series the caller knows.
  mutating func context(
    of file: BatchFile, series: BatchPath, resumeOffset: UInt64, recordIndex: Int
  ) -> FileContext {
    var context = FileContext(name: file.path.description, tableByPath: table(of: file, series))
    context.offset = resumeOffset
    context.recordIndex = recordIndex
    if let path = sideFiles.nearest(.schemas, to: file) { context.schemas = schemas(at: path) }
    if let path = sideFiles.nearest(.objectMetadata, to: file) {
      context.metadata = metadata(at: path)
    }
    return context
  }

  private mutating func table(of file: BatchFile, _ series: BatchPath) -> SourceTable {
    if let last, last.series == series, last.root == file.root { return last.table }
    let table = file.tableByPath
    last = (file.root, series, table)
    return table
  }

  private mutating func schemas(at path: BatchPath) -> ArcionSchemas? {
    if let known = schemas[path] { return known }
    schemas[path] = parse(path) { text throws(IngestError) in try ArcionSchemas(yaml: text) }
    return schemas[path]
  }

  private mutating func metadata(at path: BatchPath) -> ArcionObjectMetadata? {
    if let known = metadata[path] { return known }
    metadata[path] = parse(path) { text throws(IngestError) in
      try ArcionObjectMetadata(yaml: text)
    }
    return metadata[path]
  }

  private mutating func parse<Content>(
    _ path: BatchPath, _ parse: (String) throws(IngestError) -> Content
  ) -> Content? {
    guard !broken.contains(path) else { return nil }
    do throws(IngestError) {
      // They are small: a schema of ten thousand tables has a few megabytes.
      guard let bytes = SmallFile.read(path, limit: 64 << 20) else {
        throw IngestError(.file, cause: "the file cannot be read, or has more than 64 MiB")
      }
      let content = try parse(String(decoding: bytes, as: UTF8.self))
      errors[path] = nil
      return content
    } catch {
      var error = error
      error.file = path.description
      errors[path] = error
      broken.insert(path)
      return nil
    }
  }
}
