package import ChangeModel
import Glibc
import Yams

/// Reads the YAML configuration file: one known set of keys, each checked, each error with the line
/// it stands on.
///
/// ```yaml
/// database: drop.db
/// gap_wait: 10m
/// collections:
///   nation:
///     key: [n_nationkey]
/// ```
package enum ConfigurationFile {
  /// The keys of the file's top level.
  static let keys = [
    "database", "drop", "poll", "settle", "gap_wait", "on_modified", "collections",
  ]
  /// Those of them that this program does not support yet.
  static let futureKeys = ["start", "serve", "endpoint_url"]

  /// Reads a file. Its size is limited to 4 MiB.
  ///
  /// - Throws: A fatal error when it cannot be read, or says something that is not understood.
  package static func read(path: String) throws(IngestError) -> Configuration {
    let bytes = try readBytes(path: path)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw IngestError(
        .fatal, file: path, cause: "the configuration file is not valid UTF-8",
        hint: "save it as UTF-8")
    }
    return try parse(text, name: path)
  }

  /// Reads the text of a file; `name` is how errors call it.
  ///
  /// - Throws: A fatal error when it says something that is not understood.
  package static func parse(_ text: String, name: String) throws(IngestError) -> Configuration {
    let reader = ConfigurationReader(name: name)
    var configuration = Configuration()
    guard let root = try reader.compose(text) else { return configuration }
    let entries = try reader.entries(of: root, known: keys, future: futureKeys, in: "the file")
    for (key, node) in entries {
      switch key {
      case "database": configuration.database = try reader.text(node, of: key)
      case "drop": configuration.drop = try reader.text(node, of: key)
      case "poll":
        configuration.poll = try reader.duration(node, of: key, within: Configuration.pollLimits)
      case "settle":
        configuration.settle = try reader.duration(
          node, of: key, within: Configuration.settleLimits)
      case "gap_wait": configuration.gapWait = try reader.wait(node, of: key)
      case "on_modified": configuration.onModified = try reader.oneOf(node, of: key)
      default: configuration.collections = try collections(node, reader)
      }
    }
    return configuration
  }

  private static func collections(
    _ node: Node, _ reader: ConfigurationReader
  ) throws(IngestError) -> [String: CollectionConfiguration] {
    var collections: [String: CollectionConfiguration] = [:]
    for (name, settings) in try reader.entries(of: node, in: "collections") {
      collections[name] = try CollectionSection.read(settings, name: name, reader)
    }
    return collections
  }

  private static func readBytes(path: String) throws(IngestError) -> [UInt8] {
    let limit = 4 << 20
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw unreadable(path) }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: limit + 1)
    var count = 0
    while count <= limit {
      let room = bytes.count - count
      let got = bytes.withUnsafeMutableBytes {
        glibcRead(descriptor, $0.baseAddress! + count, room)
      }
      if got == 0 { return Array(bytes[..<count]) }
      if got < 0 {
        if errno == EINTR { continue }
        throw unreadable(path)
      }
      count += got
    }
    throw IngestError(.fatal, file: path, cause: "the configuration file is larger than 4 MiB")
  }

  private static func unreadable(_ path: String) -> IngestError {
    IngestError(
      .fatal, file: path,
      cause: "cannot read the configuration file: \(String(cString: strerror(errno)))",
      hint: "name a readable YAML file with --config")
  }
}

/// `read(2)`, which the type's own `read` hides.
private func glibcRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
  Glibc.read(descriptor, bytes, count)
}

extension Configuration {
  /// How short and how long a poll interval may be.
  package static let pollLimits = Duration.milliseconds(50)...Duration.seconds(86_400)
  /// How short and how long the settling time may be.
  package static let settleLimits = Duration.zero...Duration.seconds(86_400)
}
