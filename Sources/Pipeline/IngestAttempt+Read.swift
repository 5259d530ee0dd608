import BatchSource
import ChangeModel
import CollectionStore
import RecordFormats
import Sequencing

/// Reading the files, and the search for keys: a table whose key is unknown is read for evidence, and
/// read again once the evidence is enough.
extension IngestAttempt {
  /// Reads the run's new files, and those that come meanwhile; then what was held for want of a key
  /// that is known by now.
  ///
  /// - Throws: ``Restart`` where what came meanwhile makes a table anew.
  mutating func readFiles() async throws {
    var readCount = 0
    var haveMore = true
    while haveMore {
      let new = files.indices[readCount...].filter { !files[$0].isReread }
      readCount = files.count
      let (follower, count) = (rebuilds.isEmpty ? follower : nil, listing.files.count)
      async let others = follower?.more(behind: count)
      try await readFiles(new, counting: true) { _ in true }
      let news = [try await others, try await follower?.rest(behind: count)].compactMap(\.self)
      for news in news { try await takeIn(news) }
      // A table that is made anew needs its other files before any is read.
      if !news.isEmpty, !rebuilds.isEmpty { throw Restart(refused: [:]) }
      haveMore = !news.isEmpty
    }
    let keyless = catalog.entries.indices.filter { index in
      let entry = catalog.entries[index]
      return entry.waitsForKey || (entry.hasUnadmitted && !entry.plan.isSkipped)
    }
    for index in keyless { try await findKey(of: index) }
    for index in keyless where catalog.entries[index].key == nil {
      catalog.update(index) { $0.proposeKeys() }
    }
    let released = catalog.entries.indices.filter { index in
      let entry = catalog.entries[index]
      return !entry.isHeld && !entry.plan.isSkipped
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
      var tally = files[slot].openTally(of: index, storedAs: nil)
      tally.changes += count
      files[slot].tallies[index] = tally
      files[slot].quarantined.removeAll { $0.table == source }
    }
  }

  /// Reads files at these slots for the collections that are wanted.
  ///
  /// - Parameters:
  ///   - counting: whether records and changes are counted, and evidence is gathered: not when they
  ///     were before.
  ///   - gathering: the one collection whose evidence is gathered all the same; nil for none.
  ///   - spilling: whether changes that are too many are put aside.
  mutating func readFiles(
    _ slots: [Int], counting: Bool, gathering: Int? = nil, spilling: Bool = true,
    takes: @escaping @Sendable (Catalog.Entry) -> Bool
  ) async throws {
    readings += 1
    var pass = DecodePass(
      catalog: catalog, files: files, sequencer: sequencer,
      spill: spilling ? spill : nil, values: values,
      spillDirectory: configuration.spillDirectory,
      counting: counting, gathering: gathering,
      takes: takes, lineages: book.lineages, transactions: transactions, progress: progress)
    // Held in two places they would be copied.
    (files, sequencer, transactions) = ([], Sequencer(), FileTransactions())
    defer { files = pass.files }
    try await pass.read(slots: slots, width: width)
    catalog = pass.catalog
    sequencer = pass.sequencer
    spill = pass.spill ?? spill
    values = pass.values
    book.lineages = pass.lineages
    transactions = pass.transactions
    progress = pass.progress
  }

  /// Looks for the key of a table in the evidence of this run's files and of those held before,
  /// which are read for it once a session.
  private mutating func findKey(of index: Int) async throws {
    guard catalog.entries[index].key == nil else { return }
    if !catalog.entries[index].hasReadHeldEvidence {
      let firstNew = files.count
      do {
        try await addManifestFiles(of: index, heldOnly: true)
      } catch let error as IngestError where error.severity == .file {
        summary.failedFiles.append(error)
      }
      try await readFiles(Array(firstNew..<files.count), counting: false, gathering: index) { _ in
        false
      }
      catalog.update(index) { $0.hasReadHeldEvidence = true }
    }
    guard let key = catalog.entries[index].evidence.inferredKey else { return }
    catalog.update(index) {
      $0.key = .columns(key)
      $0.keyOrigin = .inferred
    }
  }

  /// Reads a table whose key has become known: all its files in this run if they were read without
  /// the key, and those held before. Those wait on where one of them is gone, or cannot be read.
  private mutating func readHeld(of index: Int, wasKeyless: Bool) async throws {
    var isWhole = true
    do {
      try await addManifestFiles(of: index, heldOnly: true)
    } catch let error as IngestError where error.severity == .file {
      summary.failedFiles.append(error)
      isWhole = false
    }
    let slots = files.indices.filter { slot in
      files[slot].isReread || (wasKeyless && files[slot].tallies[index] != nil)
    }
    let name = catalog.entries[index].name
    try await readFiles(slots, counting: false) { $0.name == name }
    let failed = rereadErrors(slots)
    summary.failedFiles += failed
    guard isWhole && failed.isEmpty else { return }
    catalog.update(index) { $0.releasesHeldFiles = true }
  }

  /// What kept files from being read again. One that had failed before is not asked for more.
  func rereadErrors(_ slots: [Int]) -> [IngestError] {
    slots.filter { files[$0].isReread && files[$0].record.state != .failed }
      .compactMap { files[$0].outcome?.error }
  }
}
