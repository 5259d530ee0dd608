import BatchSource
import ChangeModel
import CollectionStore
import Sequencing

/// Refold: keys recomputed from every file that the manifest names, the files of this call among
/// them. The one way to repair what no merge can express.
extension IngestAttempt {
  /// Reads all changes of a collection again, and returns the components that hold these keys.
  ///
  /// - Throws: an ``IngestError`` of severity `file` when a file that is needed is gone or is not
  ///   what it was.
  mutating func gatherForRefold(
    _ index: Int, key: KeyRule, late: Set<[UInt8]>
  ) async throws -> [LinkedRows.Component] {
    try await addManifestFiles(of: index)
    let slots = files.indices.filter { files[$0].tallies[index] != nil || files[$0].isReread }
    var everything = Sequencer()
    for file in files { _ = everything.addFile(file.stamp) }
    swap(&everything, &sequencer)
    defer { swap(&everything, &sequencer) }
    let name = catalog.entries[index].name
    try await readFiles(slots, counting: false) { $0.name == name }
    if let failed = slots.compactMap({ files[$0].outcome?.error }).first { throw failed }
    let all = sequencer.release(collection: index)
    return LinkedRows.components(of: all, key: key, stored: [])
      .filter { !late.isDisjoint(with: $0.ids) }
  }
}
