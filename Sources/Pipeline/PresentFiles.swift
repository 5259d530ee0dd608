import BatchSource
import ChangeModel
import CollectionStore
import Hashing

/// The batch files at some paths, by their content: which of the manifest's are still there.
struct PresentFiles {
  private var byHash: [[UInt8]: [BatchFile]] = [:]
  /// The side files beside them.
  let sideFiles: SideFiles
  /// The files that the manifest does not know with this content.
  private(set) var extra: [BatchFile] = []
  /// Files that cannot be read.
  private(set) var errors: [IngestError]

  /// Hashes the files at the paths that may be ones of the manifest.
  ///
  /// - Throws: a fatal ``IngestError`` when a path does not exist; `CancellationError`.
  init(paths: [String], manifest: [FileRecord]) throws {
    let listing = try DropScanner(paths: paths.map { BatchPath($0) }).scan()
    sideFiles = listing.sideFiles
    errors = listing.errors
    let sizes = Set(manifest.map(\.size))
    let hashes = Set(manifest.map(\.hash))
    let reader = BatchFileReader()
    for file in listing.files {
      try Task.checkCancellation()
      do throws(IngestError) {
        let size = file.identity.size
        let hash =
          sizes.contains(size) ? try reader.prefixHash(of: file, byteCount: size)?.bytes : nil
        if let hash, hashes.contains(hash) {
          byHash[hash, default: []].append(file)
        } else {
          extra.append(file)
        }
      } catch {
        errors.append(error)
      }
    }
  }

  /// The file that has the content of one of the manifest, that of the same path before others; nil
  /// where none has.
  func file(like record: FileRecord) -> BatchFile? {
    guard let files = byHash[record.hash] else { return nil }
    let name = BatchPath(record.path)
    return files.first { $0.path == name }
      ?? files.first { $0.name == BatchFileName(name.lastComponent) } ?? files.first
  }
}
