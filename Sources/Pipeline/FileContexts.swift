import BatchSource
import ChangeModel
import RecordFormats

/// What decoders must know of files before they read them, gathered from the side files.
struct FileContexts {
  private let sideFiles: SideFiles
  private var schemas: [BatchPath: ArcionSchemas] = [:]
  private var metadata: [BatchPath: ArcionObjectMetadata] = [:]
  /// Side files that cannot be used.
  private(set) var errors: [BatchPath: IngestError] = [:]

  init(_ sideFiles: SideFiles) {
    self.sideFiles = sideFiles
  }

  /// The context of one file.
  mutating func context(
    of file: BatchFile, resumeOffset: UInt64, recordIndex: Int
  ) -> FileContext {
    var context = FileContext(name: file.path.description, tableByPath: file.tableByPath)
    context.offset = resumeOffset
    context.recordIndex = recordIndex
    context.schemas = sideFiles.nearest(.schemas, to: file).flatMap { path in
        parse(path, known: &schemas) { text throws(IngestError) in try ArcionSchemas(yaml: text) }
      }
    context.metadata = sideFiles.nearest(.objectMetadata, to: file).flatMap { path in
        parse(path, known: &metadata) { text throws(IngestError) in
          try ArcionObjectMetadata(yaml: text)
        }
      }
    return context
  }

  /// A side file's text. They are small: a schema of ten thousand tables has a few megabytes.
  private func text(of path: BatchPath) throws(IngestError) -> String {
    guard let bytes = SmallFile.read(path, limit: 64 << 20) else {
      throw IngestError(.file, cause: "it cannot be read, or has more than 64 MiB")
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func parse<Content>(
    _ path: BatchPath, known: inout [BatchPath: Content],
    _ parse: (String) throws(IngestError) -> Content
  ) -> Content? {
    if let content = known[path] { return content }
    guard errors[path] == nil else { return nil }
    do throws(IngestError) {
      let content = try parse(try text(of: path))
      known[path] = content
      return content
    } catch {
      var error = error
      error.file = path.description
      errors[path] = error
      return nil
    }
  }
}
