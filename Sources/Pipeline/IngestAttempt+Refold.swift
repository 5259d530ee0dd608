import BatchSource
import ChangeModel
import CollectionStore
import Sequencing

/// Refold: keys recomputed from every file that the manifest names, the files of this call among
/// them. The one way to repair what no merge can express.
extension IngestAttempt {
  /// Recomputes keys from the files, and adds their rows to what is written.
  ///
  /// Where a file is gone the keys stay as they are, and the call's changes of the collection wait.
  mutating func refold(
    _ late: Set<[UInt8]>, of index: Int, key: KeyRule, into linked: inout LinkedRows
  ) async throws {
    if let history = keptHistory(index) {
      return try await refold(late, fromHistory: history, into: &linked)
    }
    do {
      let components = try await gatherForRefold(index, key: key, late: late)
      let reader = takeReader()
      linked.fileIDs = fileIDs
      for component in components {
        try linked.fold(component, upon: [], reading: reader, cause: cause(of: component))
      }
    } catch let error as IngestError where error.severity == .file {
      linked.leave(late)
      let name = catalog.entries[index].name
      blocked[index] = HeldTable(
        table: name, reason: .filesMissing, changes: 0,
        cause: "\(late.count) keys must be recomputed from files, and one is gone or changed: "
          + (error.file ?? error.cause), evidence: [],
        hint: "Put the file back and run again, or make the table anew from what is there: "
          + "replay --rebuild \(name).")
    }
  }

  /// The manifest's id of the file for whose changes a component is refolded: the newest change that
  /// is of this call.
  private func cause(of component: LinkedRows.Component) -> Int64 {
    let fresh = Set(files.filter { !$0.isReread }.map(\.record.id))
    let ids = component.entries.reversed().lazy.map { files[Int($0.change.file)].record.id }
    return ids.first { fresh.contains($0) } ?? ids.first ?? 0
  }

  /// Reads all changes of a collection again, and returns the components that hold these keys.
  ///
  /// - Throws: an ``IngestError`` of severity `file` when a file that is needed is gone or is not
  ///   what it was.
  mutating func gatherForRefold(
    _ index: Int, key: KeyRule, late: Set<[UInt8]>
  ) async throws -> [LinkedRows.Component] {
    if !rebuilds.contains(index) { try await addManifestFiles(of: index) }
    // A grown file was read from where it had ended; now the whole of it stands for it.
    let whole = Set(files.filter(\.isWhole).map(\.record.id))
    let slots = files.indices.filter { slot in
      let isWanted = files[slot].tallies[index] != nil || files[slot].isReread
      return isWanted && (files[slot].isWhole || !whole.contains(files[slot].record.id))
    }
    var everything = Sequencer()
    for file in files { _ = everything.addFile(file.stamp) }
    swap(&everything, &sequencer)
    defer { swap(&everything, &sequencer) }
    let name = catalog.entries[index].name
    try await readFiles(slots, counting: false, spilling: false) { $0.name == name }
    if let failed = slots.compactMap({ files[$0].outcome?.error }).first { throw failed }
    // Refolded changes stand where the others do, and those that wait are left out.
    if let ledger = orders[index] {
      var placement = ledger.placement(of: files)
      placement.applied = Set(
        files.indices.filter { ledger.counts[files[$0].record.id]?.waiting ?? 0 == 0 })
      _ = sequencer.place(collection: index, by: placement)
    }
    let all = sequencer.release(collection: index)
    return LinkedRows.components(
      of: all, above: floor(of: index), key: key, stored: [], ids: late
    )
    .filter { !late.isDisjoint(with: $0.ids) }
  }
}
