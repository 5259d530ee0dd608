import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// The first pass, and the search for keys: a table whose key is unknown is read for evidence, and
/// read again once the evidence is enough.
extension IngestAttempt {
  /// Reads the run's new files; then what was held for want of a key that is known by now.
  mutating func readFiles() async throws {
    let new = files.indices.filter { !files[$0].isReread }
    try await readFiles(new, counting: true) { _ in true }
    let keyless = catalog.entries.indices.filter { catalog.entries[$0].waitsForKey }
    for index in keyless { try await findKey(of: index) }
    let released = catalog.entries.indices.filter { index in
      let entry = catalog.entries[index]
      return entry.key != nil && entry.held == nil && !entry.plan.isSkipped
        && (keyless.contains(index) || entry.hasHeldFiles)
    }
    for index in released { try await readHeld(of: index, wasKeyless: keyless.contains(index)) }
    for index in catalog.entries.indices { catalog.update(index) { $0.checkKey() } }
    for index in catalog.entries.indices where catalog.entries[index].hasUnknownKeyColumn {
      keepUnkeyed(index)
    }
  }

  /// A key that is no key of the table makes each of its records unusable: they wait instead.
  private mutating func keepUnkeyed(_ index: Int) {
    let source = catalog.entries[index].source
    for slot in files.indices {
      let count = files[slot].quarantined.count { $0.table == source }
      if count == 0 { continue }
      files[slot].tallies[index, default: RunFile.Tally()].changes += count
      files[slot].quarantined.removeAll { $0.table == source }
    }
  }

  /// Reads files at these slots for the collections that are wanted.
  ///
  /// - Parameter counting: whether records and changes are counted: not when they were before.
  mutating func readFiles(
    _ slots: [Int], counting: Bool, takes: @escaping @Sendable (Catalog.Entry) -> Bool
  ) async throws {
    var pass = FirstPass(
      catalog: catalog, files: files, sequencer: sequencer,
      spillDirectory: configuration.spillDirectory,
      counting: counting,
      takes: takes, unusable: unusable, progress: progress)
    try await pass.read(slots: slots, width: width)
    catalog = pass.catalog
    files = pass.files
    sequencer = pass.sequencer
    progress = pass.progress
  }

  /// Looks for the key of a table in the evidence of this run's files and of those held before.
  private mutating func findKey(of index: Int) async throws {
    let firstNew = files.count
    do {
      try await addManifestFiles(of: index, heldOnly: true)
    } catch let error as IngestError where error.severity == .file {
      summary.failedFiles.append(error)
    }
    try await readFiles(Array(firstNew..<files.count), counting: false) { _ in false }
    guard let key = catalog.entries[index].evidence.inferredKey else { return }
    catalog.update(index) {
      $0.key = .columns(key)
      $0.keyOrigin = .inferred
    }
  }

  /// Reads a table whose key has become known: all its files in this run if they were read without
  /// the key, and those held before.
  private mutating func readHeld(of index: Int, wasKeyless: Bool) async throws {
    var slots = wasKeyless ? files.indices.filter { files[$0].tallies[index] != nil } : []
    let firstNew = files.count
    do {
      try await addManifestFiles(of: index, heldOnly: true)
    } catch let error as IngestError where error.severity == .file {
      summary.failedFiles.append(error)
      return
    }
    slots += files.indices.filter { files[$0].isReread && (wasKeyless || $0 >= firstNew) }
    let name = catalog.entries[index].name
    try await readFiles(slots, counting: false) { $0.name == name }
    catalog.update(index) { $0.releasesHeldFiles = true }
  }
}
