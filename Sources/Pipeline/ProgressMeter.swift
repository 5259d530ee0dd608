import CollectionStore

/// Counts what a run has done, and tells it from time to time.
struct ProgressMeter: Sendable {
  private var progress = Progress()
  private let onEvent: @Sendable (PipelineEvent) -> Void

  init(_ onEvent: @escaping @Sendable (PipelineEvent) -> Void) {
    self.onEvent = onEvent
  }

  /// What was counted so far.
  var current: Progress { progress }

  /// Files are there to be read.
  mutating func found(files: Int, bytes: UInt64) {
    progress.filesTotal += files
    progress.bytesTotal += bytes
    progress.phase = .reading
    tell()
  }

  /// Records were decoded; `bytes` as they lie on disk.
  mutating func read(records: Int, bytes: UInt64) {
    progress.records += records
    progress.bytesDone += bytes
    tell()
  }

  /// A file was read to its end.
  mutating func finishedFile() {
    progress.filesDone += 1
  }

  /// The rows of one more collection are to be written.
  mutating func beginWriting(rows: Int) {
    progress.phase = .writing
    progress.rowsTotal += rows
    tell()
  }

  /// Rows went to the store.
  mutating func wrote(rows: Int) {
    progress.rowsDone += rows
    tell()
  }

  /// Tells of something that is remembered.
  func tell(_ event: StoreEvent) {
    onEvent(.noted(event))
  }

  private func tell() {
    onEvent(.progress(progress))
  }
}
