/// The files beside the batch files that tell how to read them, per directory.
package struct SideFiles: Sendable, Hashable {
  /// What a side file tells.
  package enum Kind: UInt8, Sendable, CaseIterable {
    /// `schemas.yaml`: tables, the order and types of their columns, their keys.
    case schemas = 1
    /// `object_metadata.yaml`: the CSV dialect, and how many rows each file has.
    case objectMetadata = 2

    /// The file's name.
    package var fileName: String {
      switch self {
      case .schemas: "schemas.yaml"
      case .objectMetadata: "object_metadata.yaml"
      }
    }
  }

  private var kinds: [BatchPath: UInt8] = [:]

  /// Makes an empty set.
  package init() {}

  /// Whether there are none.
  package var isEmpty: Bool { kinds.isEmpty }

  /// The absolute paths of all side files of a kind, sorted.
  package func paths(_ kind: Kind) -> [BatchPath] {
    kinds.filter { $0.value & kind.rawValue != 0 }
      .map { $0.key.appending(Array(kind.fileName.utf8)) }.sorted()
  }

  /// The side file that speaks for a batch file: in its directory, or else in the nearest one
  /// above it of those that are known.
  package func nearest(_ kind: Kind, to file: BatchFile) -> BatchPath? {
    guard !kinds.isEmpty else { return nil }
    var directory = file.path.parent
    while true {
      if kinds[directory, default: 0] & kind.rawValue != 0 {
        return directory.appending(Array(kind.fileName.utf8))
      }
      if directory.bytes.count <= 1 { return nil }
      directory = directory.parent
    }
  }

  /// Adds everything that `other` has.
  package mutating func merge(_ other: SideFiles) {
    kinds.merge(other.kinds) { $0 | $1 }
  }

  mutating func add(_ kind: Kind, directory: BatchPath) {
    kinds[directory, default: 0] |= kind.rawValue
  }

  static func kind(_ name: UnsafeBufferPointer<UInt8>) -> Kind? {
    Kind.allCases.first { name.elementsEqual($0.fileName.utf8) }
  }
}
