import BatchSource
import ChangeModel
import CollectionStore
import Hashing
import RecordFormats
import Sequencing

/// Which of the listed files are read, and from where: new ones whole, grown ones from where the
/// last run stopped, known ones not at all.
extension IngestAttempt {
  /// Looks every listed file up in the manifest.
  mutating func takeIn(_ listing: ScanResult) async throws {
    self.listing.append(listing)
    summary.failedFiles += listing.errors
    summary.knownFiles += listing.unchangedCount
    let earlier = files.count
    // What grows by doubling is in memory twice.
    if files.isEmpty { files.reserveCapacity(listing.files.count) }
    let isFirst = try await writer.perform { store in try store.nextFileID() == 1 }
    var start = listing.files.startIndex
    while start < listing.files.endIndex {
      let end = min(start + 1000, listing.files.endIndex)
      let chunk = listing.files[start..<end].map { $0 }
      let records = isFirst ? chunk.map { _ in nil } : try await self.records(of: chunk)
      for (file, record) in zip(chunk, records) {
        try await takeIn(file, record: record)
      }
      start = end
    }
    let new = earlier..<files.count
    progress.found(files: new.count, bytes: new.reduce(0) { $0 + files[$1].file.identity.size })
  }

  private func records(of files: [BatchFile]) async throws -> [FileRecord?] {
    let paths = files.map(\.path.bytes)
    return try await writer.perform { store in try store.files(atPaths: paths) }
  }

  /// Takes in what came while files of a burst were read.
  mutating func takeIn(_ news: DropFollower.News) async throws {
    arriving = news.arriving
    now = clock()
    if news.haveSideFilesChanged { contexts.renew(news.listing.sideFiles) }
    try await takeIn(news.listing)
  }

  private mutating func takeIn(_ file: BatchFile, record: FileRecord?) async throws {
    guard var record else { return add(file, record: newRecord(of: file, version: 1)) }
    // What failed may have been the moment's fault: it is tried once more, from the beginning.
    let hasFailed = record.state == .failed
    if !hasFailed && record.isSameVersion(as: file.identity) { return noteKnown(file, record) }
    if record.isUnused {
      record.take(file.identity)
      return add(file, record: record)
    }
    switch compare(file, with: record) {
    case .same where !hasFailed:
      record.take(file.identity)
      touched.append(record)
      noteKnown(file, record)
    case .same, .grown:
      let id = record.id
      let shares = try await writer.perform { store in try store.shares(ofFile: id) }
      // A CSV file's columns may stand in its first line; and what was held of a file is not in any
      // row: it may be wanted in this call, and then counts as used with the rest.
      let isReadWhole =
        hasFailed || file.name.format == .csv || shares.contains { $0.isHeld && isWanted($0) }
      add(
        file, record: record,
        resumesAt: isReadWhole ? (0, 0) : (record.consumed, record.records))
      files[files.count - 1].earlierShares = shares
      if !isReadWhole { goOn(from: shares) }
    case .other:
      try await takeInOther(file, than: record)
    case .unreadable(let error):
      summary.failedFiles.append(error)
      summary.unreadFiles[file.path] = file
    }
  }

  /// Whether the changes are of a collection that is not left out.
  private func isWanted(_ share: FileShare) -> Bool {
    catalog.entries.contains { entry in
      (entry.storeID ?? entry.heldID) == share.collection && !entry.plan.isSkipped
    }
  }

  /// Counts on, in the file that was added last, from what it held when it was read before.
  private mutating func goOn(from shares: [FileShare]) {
    let slot = files.count - 1
    for index in catalog.entries.indices {
      let id = catalog.entries[index].storeID ?? catalog.entries[index].heldID
      guard shares.contains(where: { $0.collection == id }) else { continue }
      files[slot].tallies[index] = files[slot].openTally(of: index, storedAs: id)
    }
  }

  /// A file that needs no reading, but may keep the run from being complete.
  private mutating func noteKnown(_ file: BatchFile, _ record: FileRecord) {
    summary.knownFiles += 1
    switch record.state {
    case .torn:
      summary.tornFiles.append(file.path.description)
    case .pending, .applied, .failed, .superseded:
      break
    }
  }

  private enum Growth {
    case same, grown, other
    case unreadable(IngestError)
  }

  private func compare(_ file: BatchFile, with record: FileRecord) -> Growth {
    guard !record.hash.isEmpty, file.identity.size >= record.size else { return .other }
    do throws(IngestError) {
      let prefix = try BatchFileReader().prefixHash(of: file, byteCount: record.size)
      guard prefix?.bytes == record.hash else { return .other }
      return file.identity.size == record.size ? .same : .grown
    } catch {
      return .unreadable(error)
    }
  }

  func newRecord(of file: BatchFile, version: Int) -> FileRecord {
    var record = FileRecord(path: file.path.bytes)
    record.version = version
    record.take(file.identity)
    record.series = file.series.bytes
    record.ordinal = file.ordinal
    record.seenAt = began
    return record
  }

  /// Adds a file to the run.
  mutating func add(
    _ file: BatchFile, record: FileRecord,
    resumesAt resume: (offset: UInt64, records: Int) = (0, 0), isReread: Bool = false
  ) {
    // From the record: a file that is read again ranks as it did.
    let stamp = FileStamp(
      ordinal: record.ordinal ?? 0,
      series: seriesHash.hash(of: record.series))
    let slot = sequencer.addFile(stamp)
    precondition(Int(slot) == files.count, "the sequencer and the run number files alike")
    files.append(
      RunFile(
        file: file, record: record, stamp: stamp,
        context: contexts.context(
          of: file, series: BatchPath(record.series), resumeOffset: resume.offset,
          recordIndex: resume.records),
        isReread: isReread, refusal: refused.isEmpty ? nil : refused[file.path]))
  }

  /// Adds the files in the manifest that hold changes of a collection and are not in the run, or
  /// not from their beginning.
  ///
  /// - Parameters:
  ///   - heldOnly: only those whose changes wait for what a person must give.
  ///   - wanted: only these; nil for all.
  /// - Throws: an ``IngestError`` of severity `file` when one is gone, or is not what it was.
  mutating func addManifestFiles(
    of index: Int, heldOnly: Bool = false, only wanted: Set<Int64>? = nil
  ) async throws {
    guard let id = catalog.entries[index].storeID ?? catalog.entries[index].heldID else { return }
    let records = try await writer.perform { store in
      let held = Set(try store.shares(ofCollection: id).filter(\.isHeld).map(\.file))
      return try store.filesTouching(id).filter {
        $0.state != .superseded && (!heldOnly || held.contains($0.id))
          && wanted?.contains($0.id) ?? true
      }
    }
    // A file that was put back, or is superseded by now, is known better than by the store.
    let newer = Dictionary(touched.map { ($0.id, $0) }) { $1 }
    var found: [(file: BatchFile, record: FileRecord)] = []
    for stored in records {
      let record = newer[stored.id] ?? stored
      if record.state == .superseded { continue }
      let slots = files.indices.filter { files[$0].record.id == record.id }
      if slots.contains(where: { files[$0].isRefused }) { throw Self.isNeeded(record.path) }
      if slots.contains(where: { files[$0].isWhole }) { continue }
      if let grown = slots.first {
        found.append((files[grown].file, files[grown].record))
      } else {
        found.append((try await knownFile(record), record))
      }
    }
    for (file, record) in found {
      contexts.look(beside: file)
      add(file, record: record, isReread: true)
    }
  }

  /// Looks a file of the manifest up again: where it was, or where another has the same content and
  /// its path names the same table.
  private func knownFile(_ record: FileRecord) async throws -> BatchFile {
    let path = BatchPath(record.path)
    if let error = refused[path]?.error { throw error }
    if let file = record.file { return file }
    let hash = record.hash
    let copies = try await writer.perform { store in try store.files(withHash: hash) }
    let table = BatchFile.tableByPath(path)
    for copy in copies where BatchFile.tableByPath(BatchPath(copy.path)) == table {
      if let file = copy.file, refused[file.path] == nil { return file }
    }
    throw Self.isNeeded(record.path)
  }

  private static func isNeeded(_ path: [UInt8]) -> IngestError {
    IngestError(
      .file, file: BatchPath(path).description,
      cause: "the file is needed again and is gone, or is not what it was",
      hint: "Put the file back, and run again.")
  }
}

extension FileRecord {
  /// Whether nothing of the file was used yet.
  var isUnused: Bool { records == 0 && (state == .failed || state == .torn) }

  /// The file, if it is there and, as far as can be seen from outside, the version recorded here.
  var file: BatchFile? {
    guard let file = BatchFile(existing: BatchPath(path), series: BatchPath(series)),
      isSameVersion(as: file.identity)
    else { return nil }
    return file
  }

  /// Whether a file is, as far as can be seen from outside, the version recorded here.
  func isSameVersion(as identity: FileIdentity) -> Bool {
    size == identity.size && modified == identity.modificationTime
      && (inode == identity.inode || inode == 0 || identity.inode == 0)
  }

  /// Records which version of the file was seen.
  mutating func take(_ identity: FileIdentity) {
    size = identity.size
    modified = identity.modificationTime
    device = identity.device
    inode = identity.inode
  }
}
