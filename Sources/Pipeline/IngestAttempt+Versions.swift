import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// Known names with new content: what becomes of the old, and of what of it is in quarantine.
extension IngestAttempt {
  /// A known name with content that does not continue the old.
  mutating func takeInOther(_ file: BatchFile, than old: FileRecord) async throws {
    switch configuration.onModified {
    case .add:
      if old.state == .torn {
        // What it was cut off from will not come: its whole records are all that there was.
        var whole = old
        (whole.state, whole.reason) = (.applied, nil)
        touched.append(whole)
      }
      add(file, record: newRecord(of: file, version: old.version + 1))
    case .supersede:
      let path = old.path
      let versions = try await writer.perform { store in try store.versions(ofPath: path) }
      do {
        try await supersede(versions)
        add(file, record: newRecord(of: file, version: old.version + 1))
      } catch let error as IngestError where error.severity == .file {
        summary.failedFiles.append(error)
      }
    case .error:
      summary.failedFiles.append(
        IngestError(
          .file, file: file.path.description,
          cause: "the file was read before, with other content",
          hint: "Give new content a new name, or set on_modified to add or supersede."))
    }
  }

  /// Where versions are superseded: lets those of a collection that is made anew count no longer of
  /// whose paths there are later ones.
  mutating func supersedeOldVersions(of index: Int) async throws {
    guard configuration.onModified == .supersede, let id = catalog.entries[index].storeID else {
      return
    }
    let old = try await writer.perform { store in
      try store.filesTouching(id).filter { file in
        try file.state != .superseded
          && store.file(atPath: file.path)?.version ?? 0 > file.version
      }
    }
    try await supersede(old)
  }

  /// Lets file versions count no longer: the tables that took changes of them are made anew.
  ///
  /// - Throws: an ``IngestError`` of severity `file` when one of those tables cannot be.
  private mutating func supersede(_ versions: [FileRecord]) async throws {
    let versions = versions.filter { $0.state != .superseded }
    let shares = try await writer.perform { store in
      try versions.flatMap { try store.shares(ofFile: $0.id) }
    }
    let taken = catalog.entries.indices.filter { index in
      shares.contains { $0.collection == catalog.entries[index].storeID }
    }
    if let index = taken.first(where: { !catalog.entries[$0].canBeRebuilt }) {
      throw IngestError(
        .file, file: versions.first.map { BatchPath($0.path).description },
        cause: "its old content cannot be superseded while \(catalog.entries[index].name) is "
          + "held or left out", hint: "Run again with that table.")
    }
    rebuilds.formUnion(taken)
    for var version in versions {
      version.state = .superseded
      touched.append(version)
    }
  }

  private func earlierVersions(
    of file: RunFile
  ) async throws -> [(record: FileRecord, shares: [FileShare])] {
    let (path, version) = (file.record.path, file.record.version)
    return try await writer.perform { store in
      try store.versions(ofPath: path).filter { $0.version < version }.map {
        (record: $0, shares: try store.shares(ofFile: $0.id))
      }
    }
  }

  /// Ends the quarantine of records whose files were read again, and of older versions of a path
  /// whose place a whole one has taken: none of them is lost.
  func endQuarantine() async throws {
    for index in rebuilds {
      guard let id = catalog.entries[index].storeID else { continue }
      for file in files where file.isReread && file.isWhole && file.outcome?.error == nil {
        let offsets = file.quarantined.map(\.byteOffset)
        try await writer.perform { store in
          guard let collection = try store.collection(id) else { return }
          try store.dropQuarantined(ofFile: file.record.id, in: collection, butAt: offsets)
        }
      }
    }
    for file in files where !file.isReread && file.record.version > 1 {
      for other in try await earlierVersions(of: file)
      where repeats(file, other.record, other.shares) {
        let id = other.record.id
        try await writer.perform { store in try store.resolveQuarantined(ofFile: id) }
      }
    }
  }

  /// Whether a file has all that an older version of its path held, and lacks nothing: by the running
  /// counts, since only they tell changes apart.
  private func repeats(_ file: RunFile, _ old: FileRecord, _ shares: [FileShare]) -> Bool {
    guard let outcome = file.outcome, outcome.error == nil, outcome.tornReason == nil,
      file.quarantined.isEmpty, file.context.recordIndex + file.records >= old.records,
      !shares.isEmpty
    else { return false }
    return shares.allSatisfy { share in
      guard let counters = share.orderEvidence?.counters, share.counterCount == share.changes,
        let index = catalog.entries.indices.first(where: { storedID(of: $0) == share.collection }),
        let found = file.tallies[index]?.evidence.counters
      else { return false }
      return found.count(in: counters) == counters.count
    }
  }
}
