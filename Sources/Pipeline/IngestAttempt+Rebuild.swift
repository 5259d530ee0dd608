import ChangeModel
import CollectionStore

/// Collections that are made anew from every file: asked for (`--rebuild`), or because a file that
/// they took changes from was superseded.
extension IngestAttempt {
  /// Takes in the files that the rebuilds need.
  ///
  /// - Throws: a fatal error when the collection does not exist, and ``FileIsMissing`` when a file of
  ///   it is gone: then nothing is changed.
  mutating func takeInForRebuilds() async throws {
    if let name = rebuild {
      guard let index = catalog.entries.firstIndex(where: { $0.name == name && $0.storeID != nil })
      else {
        throw IngestError(
          .fatal, cause: "there is no collection \(name) to rebuild",
          hint: "Name one of: \(catalog.entries.filter { $0.storeID != nil }.map(\.name))")
      }
      if catalog.entries[index].plan.isSkipped {
        throw IngestError(
          .fatal, cause: "\(name) is to be made anew, and is left out",
          hint: "Leave out --skip and --only, or --rebuild.")
      }
      rebuilds.insert(index)
      try await supersedeOldVersions(of: index)
    }
    for index in rebuilds {
      catalog.update(index) { $0.beginRebuild() }
      do {
        try await addManifestFiles(of: index)
      } catch var error as IngestError where error.severity == .file {
        error.severity = .fatal
        error.cause = "\(catalog.entries[index].name) cannot be made anew: \(error.cause)"
        if configuration.onModified != .supersede {
          error.hint =
            "Put the file back, and run again; or, where new content has taken its place, set "
            + "on_modified: supersede in the configuration file."
        }
        throw FileIsMissing(error: error)
      }
    }
  }

  /// Reads the rebuilt collections' changes from the files that were read before.
  mutating func readForRebuilds() async throws {
    guard !rebuilds.isEmpty else { return }
    let slots = files.indices.filter { files[$0].isReread }
    let names = Set(rebuilds.map { catalog.entries[$0].name })
    try await readFiles(slots, counting: false) { names.contains($0.name) }
    if var error = rereadErrors(slots).first {
      error.severity = .fatal
      throw FileIsMissing(error: error)
    }
    for index in rebuilds { catalog.update(index) { $0.releasesHeldFiles = true } }
  }

  /// Starts the shadow that takes the rows of a rebuilt collection.
  mutating func beginRebuild(_ index: Int) async throws {
    let entry = catalog.entries[index]
    guard let id = entry.storeID, let key = entry.key, let origin = entry.keyOrigin else { return }
    do {
      try await writer.perform { store in
        guard var collection = try store.collection(id) else { return }
        collection.key = key
        collection.keyOrigin = origin
        collection.columns = []
        collection.floor = nil
        try store.beginRebuild(collection)
        _ = try store.addColumns(entry.columns, to: id)
      }
    } catch let problem as NameProblem {
      throw IngestError(
        .fatal, cause: "\(entry.name) cannot be made anew: \(problem.cause)", hint: problem.hint)
    }
    catalog.update(index) { $0.storedColumnCount = $0.columns.count }
  }
}

extension Catalog.Entry {
  /// Forgets what the stored rows decided; the settings decide again.
  mutating func beginRebuild() {
    held = nil
    guard let wanted = plan.key, wanted != key else { return }
    key = wanted
    keyOrigin = .flag
  }
}
